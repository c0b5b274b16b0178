/**
 * Registers behind miselect and mireg, siselect and sireg, vsiselect and vsireg: priorities of major
 * interrupts and the IMSIC's interrupt files (RISC-V Advanced Interrupt Architecture 1.0, chapter 2,
 * sections 3.8, 5.2.1 and 5.4.1). The gates say which accesses are illegal, and which are virtual.
 */
import type { HartState } from '../hartState.ts';
import { interrupt } from '../trapCause.ts';
import type { InterruptFileAccess } from './externalInterrupts.ts';
import { stateenBit, stateenGate } from './gates.ts';
import { prioritised } from './interrupts.ts';
import { CSR } from './numbers.ts';
import { effect, type Behaviour, type CsrConfig, type CsrHart, type GateFor } from './row.ts';

export type Level = 'machine' | 'supervisor' | 'guest';

/** Which kind of register a number selects at M or S level; nothing is behind all others. */
function selected(select: number, { xlen, hasImsic }: CsrConfig): 'iprio' | 'file' | undefined {
  if (select >= 0x30 && select <= 0x3f) return xlen === 64 && select & 1 ? undefined : 'iprio';
  if (!hasImsic || select < 0x70 || select > 0xff) return undefined;
  return select >= 0x80 && xlen === 64 && select & 1 ? undefined : 'file';
}

const inFile = (select: number): boolean => select >= 0x70 && select <= 0xff;
/** Numbers that the AIA uses at VS level, be there a register or not. */
const inWindow = (select: number): boolean => inFile(select) || (select >= 0x30 && select <= 0x3f);
const guestFile = (state: HartState): number => (state.low(CSR.hstatus) >>> 12) & 63;
const validGuestFile = (state: HartState, { guestFiles }: CsrConfig): boolean =>
  guestFile(state) >= 1 && guestFile(state) <= guestFiles;
/** Section 5.3: mvien bit 9 keeps S-mode from the supervisor-level interrupt file. */
const fileIsKept = (state: HartState): boolean =>
  state.privilege === 1 && (state.low(CSR.mvien) & (1 << interrupt.SEI)) !== 0;
/** There is no VS-level iprio array. */
const guestHas = (state: HartState, config: CsrConfig): boolean =>
  validGuestFile(state, config) && selected(state.low(CSR.vsiselect), config) === 'file';

/** mstateen0 and hstateen0 with a bit that only some accesses of a register need. */
function stateenFor(
  bit: number,
  config: CsrConfig,
  needed: (state: HartState) => boolean,
): { machine: (state: HartState) => boolean; hypervisor: (state: HartState) => boolean } {
  const { machine, hypervisor } = stateenGate(bit)(config) ?? {};
  return {
    machine: (state) => !needed(state) || (machine?.(state) ?? true),
    hypervisor: (state) => !needed(state) || (hypervisor?.(state) ?? true),
  };
}

export const miregGate: GateFor = (config) => ({
  always: (state) => selected(state.low(CSR.miselect), config) !== undefined,
});

/** In a guest the register is vsireg, and what is not accessible is virtual. */
export const siregGates: readonly GateFor[] = [
  stateenGate(stateenBit.CSRIND),
  (config) => ({
    always: (state) => {
      // What no extension has is no affair of the hypervisor's: illegal, as Sscsrind recommends.
      if (state.virtualized) return state.privilege === 0 || inWindow(state.low(CSR.vsiselect));
      const kind = selected(state.low(CSR.siselect), config);
      return kind === 'iprio' || (kind === 'file' && !fileIsKept(state));
    },
    hypervisor: (state) => state.privilege === 0 || guestHas(state, config),
  }),
  (config) =>
    stateenFor(
      stateenBit.AIA,
      config,
      (state) => state.privilege === 1 && !state.virtualized && !inFile(state.low(CSR.siselect)),
    ),
  (config) =>
    stateenFor(stateenBit.IMSIC, config, (state) => {
      const select = state.low(state.virtualized ? CSR.vsiselect : CSR.siselect);
      return config.hasImsic && state.privilege === 1 && inFile(select);
    }),
];

/** From a guest an access is virtual whatever is selected, for the register's level. */
export const vsiregGates: readonly GateFor[] = [
  stateenGate(stateenBit.CSRIND),
  (config) => ({ always: (state) => state.virtualized || guestHas(state, config) }),
  (config) =>
    stateenFor(
      stateenBit.IMSIC,
      config,
      (state) => config.hasImsic && !state.virtualized && inFile(state.low(CSR.vsiselect)),
    ),
];

/** "The IMSIC bit is implemented only if the hart has an IMSIC." */
const imsicStateen: GateFor = (config) =>
  stateenFor(stateenBit.IMSIC, config, (state) => config.hasImsic && state.privilege === 1);

export const stopeiGates: readonly GateFor[] = [
  imsicStateen,
  (config) => ({
    always: (state) => state.virtualized || (config.hasImsic && !fileIsKept(state)),
    hypervisor: (state) => state.privilege === 0 || validGuestFile(state, config),
  }),
];

export const vstopeiGates: readonly GateFor[] = [
  imsicStateen,
  (config) => ({ always: (state) => state.virtualized || validGuestFile(state, config) }),
];

/** The interrupt file of a level; none without IMSIC, and for guests where VGEIN names none. */
function fileOf({ imsic, state }: CsrHart, level: Level): InterruptFileAccess | undefined {
  if (level === 'guest') return imsic?.guests[guestFile(state) - 1];
  return imsic?.[level];
}

export const topei = (level: Level): Behaviour => ({
  affects: effect.interrupts,
  read: (h) => BigInt(fileOf(h, level)?.topei() ?? 0),
  write: (h) => fileOf(h, level)?.claim(),
});

const selectors = {
  machine: CSR.miselect,
  supervisor: CSR.siselect,
  guest: CSR.vsiselect,
} as const;

export const ireg = (level: Level): Behaviour => ({
  affects: effect.interrupts,
  read: (h) => {
    const select = h.state.low(selectors[level]);
    if (inFile(select)) return fileOf(h, level)?.read(select, h.xlen) ?? 0n;
    return level === 'guest' ? 0n : readPriorities(h, level, select);
  },
  write: (h, value) => {
    const select = h.state.low(selectors[level]);
    if (inFile(select)) fileOf(h, level)?.write(select, h.xlen, value);
    else if (level !== 'guest') writePriorities(h, level, select, value);
  },
});

const arrays = { machine: CSR.miprio, supervisor: CSR.siprio } as const;

/** Register iprio[k] has the bytes from interrupt 4k on: a slot's lower half when k is even. */
function readPriorities(h: CsrHart, level: 'machine' | 'supervisor', select: number): bigint {
  if (selected(select, h) !== 'iprio') return 0n;
  const k = select - 0x30;
  const slot = h.state.csr(arrays[level] + (k >> 1)) & settable(h, level, k >> 1);
  return k & 1 ? slot >> 32n : slot;
}

function writePriorities(
  h: CsrHart,
  level: 'machine' | 'supervisor',
  select: number,
  value: bigint,
): void {
  if (selected(select, h) !== 'iprio') return;
  const k = select - 0x30;
  const slot = arrays[level] + (k >> 1);
  const written = h.xlen === 64 ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn << (k & 1 ? 32n : 0n);
  const whole = (k & 1 ? value << 32n : value) & settable(h, level, k >> 1);
  h.state.setCsr(slot, (h.state.csr(slot) & ~written) | (whole & written));
}

/**
 * Of eight priority numbers, the bits that can be set: IPRIOLEN of each interrupt that the level can
 * enable, but for its external interrupt, whose number comes from the controller.
 */
function settable(h: CsrHart, level: 'machine' | 'supervisor', slot: number): bigint {
  const enabling = prioritised(h, level);
  const number = (1n << BigInt(h.priorityBits)) - 1n;
  let mask = 0n;
  for (let byte = 0n; byte < 8n; byte++) {
    if ((enabling >> (BigInt(8 * slot) + byte)) & 1n) mask |= number << (8n * byte);
  }
  return mask;
}
