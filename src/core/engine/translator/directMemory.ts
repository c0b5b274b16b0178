/** Memory that a region's loads reach without the TLB, as the set in use says it in `tlb.direct`. */
import { direct, hart, pageBytes, tlb } from '../layout.ts';

/** From a distance on, so many bytes. */
interface Part {
  readonly at: number;
  readonly bytes: number;
}

export interface DirectMemory {
  readonly base: number;
  readonly bytes: number;
  readonly offset: number;
  readonly number: number;
  /** What of it must be left alone, from the first byte on. */
  readonly hole: Part;
  /** What of it the region is made for, and whether the hole is in that. */
  readonly reached: Part & { readonly holed: boolean };
}

/**
 * What a region is made for that was given up so many times for loads that went elsewhere. A test of
 * two ranges costs too much where one will do: at first it is what lies on the longer side of a hole.
 */
export function directMemory(
  view: DataView,
  area: number,
  givenUp: number,
): DirectMemory | undefined {
  const at = view.getUint32(area + hart.tlbSet, true) + tlb.direct;
  const bytes = view.getUint32(at + direct.bytes, true);
  if (bytes === 0) return undefined;
  const base = Number(view.getBigInt64(at + direct.base, true));
  const offset = view.getUint32(at + direct.offset, true);
  const number = view.getUint32(at + direct.number, true);
  const hole = {
    at: view.getUint32(at + direct.hole, true),
    bytes: view.getUint32(at + direct.holeBytes, true),
  };
  const reached = choices(bytes, hole)[givenUp];
  return reached && { base, bytes, offset, number, hole, reached };
}

/** Whether it is what a region was made for. */
export function isSameMemory(a: DirectMemory | undefined, b: DirectMemory | undefined): boolean {
  return a?.number === b?.number;
}

/** Whether so many bytes at a signed address are in what the region is made for. */
export function reaches({ base, reached }: DirectMemory, address: bigint, bytes: number): boolean {
  const from = address - BigInt(base + reached.at);
  return from >= 0n && from + BigInt(bytes) <= BigInt(reached.bytes);
}

/** Whether loads of the page of an address find it in the TLB. */
export function readsByTlb(view: DataView, area: number, address: bigint): boolean {
  const index = Number((address >> 12n) & BigInt(tlb.dataEntries - 1));
  const set = view.getUint32(area + hart.tlbSet, true);
  const tag = view.getBigInt64(set + tlb.read + index * tlb.entryBytes + tlb.tag, true);
  return tag + 1n === (address & BigInt(-pageBytes));
}

function choices(bytes: number, hole: Part): readonly DirectMemory['reached'][] {
  const whole = { at: 0, bytes, holed: hole.bytes > 0 };
  // Without one, loads that went elsewhere are told apart.
  if (!whole.holed) return [whole, whole, whole];
  const end = hole.at + hole.bytes;
  const before = { at: 0, bytes: hole.at, holed: false };
  const behind = { at: end, bytes: bytes - end, holed: false };
  const sides = before.bytes > behind.bytes ? [before, behind] : [behind, before];
  return [...sides.filter((side) => side.bytes > 0), whole];
}
