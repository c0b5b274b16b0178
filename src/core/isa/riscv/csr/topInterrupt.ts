/**
 * Which interrupt comes first at each level, and how mtopi, stopi and vstopi show it (RISC-V
 * Advanced Interrupt Architecture 1.0, sections 5.1, 5.2.2, 5.4.2 and 6.3.3).
 */
import { Bug } from '../../../base/assert.ts';
import { interrupt } from '../trapCause.ts';
import { guestPending, guestEnabled, machineReady, supervisorReady } from './interrupts.ts';
import { CSR } from './numbers.ts';
import type { CsrHart } from './row.ts';

const { MEI, SEI, LCOFI } = interrupt;

/**
 * Major interrupts, highest default priority first: the local ones as the specification plans them,
 * those without a place at the end.
 */
const defaultOrder: readonly number[] = [
  ...[47, 23, 46, 45, 22, 44, 43, 21, 42, 41, 20, 40],
  ...[11, 3, 7, 9, 1, 5, 12, 10, 2, 6, LCOFI, 14, 15],
  ...[39, 19, 38, 37, 18, 36, 35, 17, 34, 33, 16, 32],
  ...[24, 25, 26, 27, 28, 29, 30, 31],
  ...Array.from({ length: 16 }, (_, i) => 48 + i),
];
const rank: readonly number[] = Array.from({ length: 64 }, (_, code) => defaultOrder.indexOf(code));

/** Of some major interrupts below 32, the one that the default order has first. */
export function firstByDefault(ready: number): number {
  if ((ready & (ready - 1)) === 0) return 31 - Math.clz32(ready);
  for (const code of defaultOrder) if (code < 32 && (ready >>> code) & 1) return code;
  throw new Bug('no interrupt to choose from');
}

/** Below every priority number that an external interrupt can have. */
const lowest = 4096;
/** "A priority number for the SEI is not supplied by the external interrupt controller": 256. */
const unsupplied = 256;

interface Candidate {
  readonly code: number;
  /** Its priority number; 0 for the default order. */
  readonly number: number;
  /** Its place in the default order. */
  readonly rank: number;
}

/** Fields of mtopi, stopi and vstopi. */
const IID_SHIFT = 16;
export const topCode = (top: number): number => top >>> IID_SHIFT;

/** mtopi. */
export function topMachine(h: CsrHart): number {
  const number = (code: number): number =>
    code === MEI ? externalNumber(h, 'machine') : priorityOf(h, CSR.miprio, code);
  return shown(best(machineReady(h), number, MEI), MEI);
}

/** stopi. */
export function topSupervisor(h: CsrHart): number {
  const number = (code: number): number =>
    code === SEI ? externalNumber(h, 'supervisor') : priorityOf(h, CSR.siprio, code);
  return shown(best(supervisorReady(h), number, SEI), SEI);
}

/** Fields of hvictl. */
const hvictl = {
  VTI: 1 << 30,
  DPR: 1 << 9,
  IPRIOM: 1 << 8,
  IPRIO: 0xff,
  iid: (value: number): number => (value >>> 16) & 0xfff,
} as const;

/** hvictl.VTI: the hypervisor says itself which major interrupt comes first. */
export const controlsInterrupts = ({ state }: { state: CsrHart['state'] }): boolean =>
  (state.low(CSR.hvictl) & hvictl.VTI) !== 0;

/** vstopi: from the list of candidates in section 6.3.3. */
export function topGuest(h: CsrHart): number {
  const control = h.state.low(CSR.hvictl);
  const IID = hvictl.iid(control);
  const ready = guestPending(h) & guestEnabled(h);
  const external = (ready >> BigInt(SEI)) & 1n ? guestExternal(h, control) : undefined;
  const others = ready & ~(1n << BigInt(SEI));
  const major =
    control & hvictl.VTI
      ? IID === SEI
        ? undefined
        : given(control, IID)
      : best(others, (code) => guestPriority(h, code), SEI);
  const top = first(external, major, SEI);
  if (!top) return 0;
  return control & hvictl.IPRIOM ? shown(top, SEI) : (top.code << IID_SHIFT) | 1;
}

function guestExternal({ state, imsic }: CsrHart, control: number): Candidate {
  const selected = (state.low(CSR.hstatus) >>> 12) & 63;
  const topei = imsic?.guests[selected - 1]?.topei() ?? 0;
  const virtual = selected === 0 && hvictl.iid(control) === SEI ? control & hvictl.IPRIO : 0;
  const number = topei & 0x7ff || virtual || unsupplied;
  return { code: SEI, number, rank: rank[SEI]! };
}

/** "If k bits are implemented for IID …": twelve are. DPR alone says where the default order has it. */
function given(control: number, code: number): Candidate {
  const place = control & hvictl.DPR ? rank[SEI]! + 0.5 : rank[SEI]! - 0.5;
  return { code, number: control & hvictl.IPRIO, rank: place };
}

/** By interrupt, the byte of hviprio1 (0 to 7) or hviprio2 (8 to 15) that has its priority number. */
const hviprioByte: readonly (number | undefined)[] = (() => {
  const interrupts = [0, 1, 4, 5, 8, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];
  const bytes: (number | undefined)[] = Array(64).fill(undefined);
  interrupts.forEach((code, byte) => (bytes[code] = byte));
  return bytes;
})();

function guestPriority({ state }: CsrHart, code: number): number {
  const byte = hviprioByte[code];
  if (byte === undefined) return 0;
  const slot = state.csr(byte < 8 ? CSR.hviprio1 : CSR.hviprio2);
  return Number((slot >> BigInt((byte & 7) * 8)) & 0xffn);
}

function externalNumber(h: CsrHart, level: 'machine' | 'supervisor'): number {
  const signalled = (h.inputs >>> (level === 'machine' ? MEI : SEI)) & 1;
  if (!signalled) return unsupplied;
  const number = h.imsic ? h.imsic[level].topei() & 0x7ff : (h.externalPriority?.(level) ?? 0);
  return number || unsupplied;
}

/** A byte of an iprio array, which is kept eight bytes a slot. */
export function priorityOf({ state }: CsrHart, array: number, code: number): number {
  const slot = array + (code >>> 3);
  const word = code & 4 ? state.high(slot) : state.low(slot);
  return (word >>> ((code & 3) * 8)) & 0xff;
}

function best(
  ready: bigint,
  number: (code: number) => number,
  external: number,
): Candidate | undefined {
  if (ready === 0n) return undefined;
  const low = Number(ready & 0xffff_ffffn);
  const high = Number(ready >> 32n);
  let found: Candidate | undefined;
  for (let place = 0; place < defaultOrder.length; place++) {
    const code = defaultOrder[place]!;
    if ((((code < 32 ? low : high) >>> (code & 31)) & 1) === 0) continue;
    found = first(found, { code, number: number(code), rank: place }, external);
  }
  return found;
}

/** The one of higher priority; of equal nominal priority, by the default order. */
function first(
  a: Candidate | undefined,
  b: Candidate | undefined,
  external: number,
): Candidate | undefined {
  if (!a || !b) return a ?? b;
  const difference = nominal(a, external) - nominal(b, external) || a.rank - b.rank;
  return difference <= 0 ? a : b;
}

function nominal({ number, rank: place }: Candidate, external: number): number {
  if (number !== 0) return number;
  return place < rank[external]! ? 0 : lowest;
}

/** "If the priority number for the reported interrupt is in the range 1 to 255, IPRIO is simply that
 * number", else the end of the range that it is beyond. */
function shown(top: Candidate | undefined, external: number): number {
  return top ? (top.code << IID_SHIFT) | Math.min(nominal(top, external), 255) : 0;
}
