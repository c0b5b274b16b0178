/**
 * Instructions that TypeScript carries out: system calls, CSRs, trap returns, WFI, and
 * guest memory accesses of the hypervisor. Found by mnemonic; each says how the hart goes on.
 */
import { hart as layout } from '../../engine/layout.ts';
import type { ControlWord } from '../../engine/translator/controlWord.ts';
import type { CsrFile } from './csr/csrFile.ts';
import { CSR } from './csr/numbers.ts';
import type { CsrRefusal } from './csr/refusal.ts';
import type { CsrAccess } from './csr/register.ts';
import type { Accessed } from './csr/row.ts';
import { hstatusBits, status, type HartState } from './hartState.ts';
import type { MemoryPath } from './memoryPath.ts';
import type { Regimes } from './regimes.ts';
import type { GuestRead, TrapInfo } from './riscvHart.ts';
import { cause, trap } from './trapCause.ts';
import type { Traps } from './traps.ts';

/** Overwritten by the next instruction: nobody keeps it. */
export interface Operands {
  rd: number;
  rs1: number;
  rs2: number;
  imm: number;
}

export type Outcome =
  | { readonly kind: 'next' }
  /** Generated code, which asked first, goes on with the instruction. */
  | { readonly kind: 'goOn' }
  /** pc has been set by a trap return. */
  | { readonly kind: 'jumped' }
  /** pc has been set by a jump. */
  | { readonly kind: 'branched' }
  /** For an interrupt; with `ticks`, no longer than them nor than the reservation lasts. */
  | { readonly kind: 'wait'; readonly ticks?: bigint }
  | { readonly kind: 'trap'; readonly trap: TrapInfo };

/** What the instructions need of the hart. */
export interface SystemHart {
  readonly state: HartState;
  readonly csrs: CsrFile;
  readonly traps: Traps;
  readonly path: MemoryPath;
  readonly regimes: Regimes;
  hypervisorLoad(address: bigint, size: number, executable: boolean): GuestRead;
  hypervisorStore(address: bigint, size: number, value: bigint): TrapInfo | undefined;
  /** Bits of the instruction being executed, for xtval. */
  instructionWord(): number;
}

export type Execute = (h: SystemHart, o: Operands) => Outcome;

export const next: Outcome = { kind: 'next' };
export const goOn: Outcome = { kind: 'goOn' };
const jumped: Outcome = { kind: 'jumped' };
export const branched: Outcome = { kind: 'branched' };
export const raise = (info: TrapInfo): Outcome => ({ kind: 'trap', trap: info });
export const refused = (why: CsrRefusal, h: SystemHart): Outcome =>
  raise(
    trap(
      why === 'illegal' ? cause.illegalInstruction : cause.virtualInstruction,
      BigInt(h.instructionWord() >>> 0),
    ),
  );

export const systemInstructions: Readonly<Record<string, Execute>> = {
  ecall: ({ state }) => {
    const { privilege, virtualized } = state;
    if (privilege === 3) return raise(trap(cause.ecallM));
    if (privilege === 0) return raise(trap(cause.ecallU));
    return raise(trap(virtualized ? cause.ecallVS : cause.ecallS));
  },
  // xtval "is written with either zero or the virtual address of the instruction": as Spike and Sail.
  ebreak: ({ state }) => {
    const info = trap(cause.breakpoint, state.pc);
    return raise({ ...info, gva: state.virtualized });
  },

  csrrw: (h, o) => csrInstruction(h, o, 'write', false, o.rd !== 0),
  csrrs: (h, o) => csrInstruction(h, o, unlessNone('set', o), false, true),
  csrrc: (h, o) => csrInstruction(h, o, unlessNone('clear', o), false, true),
  csrrwi: (h, o) => csrInstruction(h, o, 'write', true, o.rd !== 0),
  csrrsi: (h, o) => csrInstruction(h, o, unlessNone('set', o), true, true),
  csrrci: (h, o) => csrInstruction(h, o, unlessNone('clear', o), true, true),

  mret: (h) => {
    if (h.state.privilege !== 3) return refused('illegal', h);
    h.traps.machineReturn();
    return jumped;
  },
  sret: (h) => {
    const { state } = h;
    if (state.privilege === 0) return refused(state.virtualized ? 'virtual' : 'illegal', h);
    if (state.virtualized) {
      if (state.low(CSR.hstatus) & hstatusBits.VTSR) return refused('virtual', h);
    } else if (state.privilege === 1 && state.low(CSR.mstatus) & status.TSR) {
      return refused('illegal', h);
    }
    h.traps.supervisorReturn(true);
    return jumped;
  },
  wfi: (h) => {
    const { state } = h;
    if (state.privilege !== 3 && state.low(CSR.mstatus) & status.TW) return refused('illegal', h);
    if (state.virtualized) {
      const trapped = state.privilege === 0 || state.low(CSR.hstatus) & hstatusBits.VTW;
      if (trapped) return refused('virtual', h);
    } else if (state.privilege === 0) {
      // The manual lets an implementation refuse WFI in U-mode at once.
      return refused('illegal', h);
    }
    return { kind: 'wait' };
  },
  'hlv.b': (h, o) => guestLoad(h, o, 1, true),
  'hlv.bu': (h, o) => guestLoad(h, o, 1, false),
  'hlv.h': (h, o) => guestLoad(h, o, 2, true),
  'hlv.hu': (h, o) => guestLoad(h, o, 2, false),
  'hlv.w': (h, o) => guestLoad(h, o, 4, true),
  'hlv.wu': (h, o) => guestLoad(h, o, 4, false),
  'hlv.d': (h, o) => guestLoad(h, o, 8, false),
  'hlvx.hu': (h, o) => guestLoad(h, o, 2, false, true),
  'hlvx.wu': (h, o) => guestLoad(h, o, 4, false, true),
  'hsv.b': (h, o) => guestStore(h, o, 1),
  'hsv.h': (h, o) => guestStore(h, o, 2),
  'hsv.w': (h, o) => guestStore(h, o, 4),
  'hsv.d': (h, o) => guestStore(h, o, 8),
};

/** "If rs1=x0, then the instruction will not write to the CSR at all", and so for an immediate of 0. */
function unlessNone(how: CsrAccess, { rs1 }: Operands): CsrAccess {
  return rs1 === 0 ? 'read' : how;
}

const csrForms: Readonly<Record<string, CsrAccess>> = { w: 'write', s: 'set', c: 'clear' };

/** As in `InterpreterClient`, of an instruction with these operands. */
export function controlWord(csrs: CsrFile, mnemonic: string, o: Operands): ControlWord | undefined {
  const [, letter = '', immediate] = /^csrr([wsc])(i?)$/.exec(mnemonic) ?? [];
  const form = csrForms[letter];
  if (!form) return undefined;
  const how = form === 'write' ? form : unlessNone(form, o);
  const found = csrs.plain(o.imm & 0xfff, how);
  if (!found) return undefined;
  const { slot, readable, writable } = found;
  const offset = layout.control + slot * 8;
  return { offset, how, readable, writable, immediate: immediate ? o.rs1 : undefined };
}

/** Overwritten by the next access. */
const accessed: Accessed = { low: 0, high: 0 };

/** `immediate`: the source is rs1's number instead of what the register holds. */
function csrInstruction(
  h: SystemHart,
  o: Operands,
  how: CsrAccess,
  immediate: boolean,
  reads: boolean,
): Outcome {
  const { state, csrs } = h;
  const number = o.imm & 0xfff;
  const named = csrs.registerAt(number);
  if (!named) return refused('illegal', h);
  const refusal = (how === 'read' ? named.readRefusals : named.writeRefusals).now(state);
  if (refusal) return refused(refusal, h);
  const register = csrs.served(named);
  if (register.isInWords) {
    const low = immediate ? o.rs1 : state.getXWord(o.rs1);
    const high = immediate ? 0 : state.getXHighWord(o.rs1);
    register.accessWords(csrs, how, low, high, accessed);
    state.setXWords(o.rd, accessed.low, accessed.high);
  } else {
    const source = immediate ? BigInt(o.rs1) : state.getX(o.rs1);
    state.setX(o.rd, register.accessWide(csrs, how, source, reads));
  }
  return next;
}

/** HLV, HLVX and HSV: never in a guest, in U-mode only with hstatus.HU. */
function guestAccessRefusal({ state }: SystemHart): CsrRefusal | undefined {
  if (state.virtualized) return 'virtual';
  if (state.privilege === 0 && !(state.low(CSR.hstatus) & hstatusBits.HU)) return 'illegal';
  return undefined;
}

function guestLoad(
  h: SystemHart,
  o: Operands,
  size: number,
  signed: boolean,
  executable = false,
): Outcome {
  const refusal = guestAccessRefusal(h);
  if (refusal) return refused(refusal, h);
  const read = h.hypervisorLoad(h.state.getX(o.rs1), size, executable);
  if ('trap' in read) return raise(read.trap);
  h.state.setX(o.rd, signed ? BigInt.asIntN(size * 8, read.value) : read.value);
  return next;
}

function guestStore(h: SystemHart, o: Operands, size: number): Outcome {
  const refusal = guestAccessRefusal(h);
  if (refusal) return refused(refusal, h);
  const fault = h.hypervisorStore(h.state.getX(o.rs1), size, h.state.getX(o.rs2));
  return fault ? raise(fault) : next;
}
