/** Memory that a region's loads reach without the TLB, as the hart's area says it in `directBase`. */
import { hart } from '../layout.ts';

/** From a distance on, so many bytes. */
interface Part {
  readonly at: number;
  readonly bytes: number;
}

export interface DirectMemory {
  readonly base: number;
  readonly bytes: number;
  readonly offset: number;
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
  const bytes = view.getUint32(area + hart.directBytes, true);
  if (bytes === 0) return undefined;
  const base = Number(view.getBigUint64(area + hart.directBase, true));
  const offset = view.getUint32(area + hart.directOffset, true);
  const at = view.getUint32(area + hart.directHole, true);
  const hole = { at, bytes: view.getUint32(area + hart.directHoleBytes, true) };
  const reached = choices(bytes, hole)[givenUp];
  return reached && { base, bytes, offset, hole, reached };
}

function choices(bytes: number, hole: Part): readonly DirectMemory['reached'][] {
  const whole = { at: 0, bytes, holed: hole.bytes > 0 };
  if (!whole.holed) return [whole];
  const end = hole.at + hole.bytes;
  const before = { at: 0, bytes: hole.at, holed: false };
  const behind = { at: end, bytes: bytes - end, holed: false };
  const sides = before.bytes > behind.bytes ? [before, behind] : [behind, before];
  return [...sides.filter((side) => side.bytes > 0), whole];
}
