/**
 * Traps that a debugger wants to stop at, told as they are taken: cause, the value of xtval, and of
 * an address the walk that refused it, as it was then (privileged manual, mcause, mtval; hypervisor,
 * traps). A hart has none unless somebody asked.
 */
import type { ExitStop } from '../../debug/target.ts';
import { watchedReturn, type AccessKind, type TrapHit } from '../cpu.ts';
import { CSR } from './csr/numbers.ts';
import { disassemble } from './disassemble.ts';
import { explainWalk, type WalkParts } from './explainWalk.ts';
import { hstatusBits, status } from './hartState.ts';
import { modeNameOf } from './hartInspector.ts';
import type { Privilege, TrapInfo } from './riscvHart.ts';
import { cause, interrupt } from './trapCause.ts';
import type { TrapTarget } from './traps.ts';

interface Cause {
  readonly kind: string;
  readonly name: string;
  readonly section: string;
  /** What xtval is the address of. */
  readonly access?: AccessKind;
}

const section = {
  traps: 'Privileged: machine, mcause and mtval',
  page: 'Privileged: supervisor, Virtual Address Translation Process',
  guest: 'Privileged: hypervisor, Guest-Page Faults',
  virtual: 'Privileged: hypervisor, Trap Cause Codes (virtual instruction)',
  pmp: 'Privileged: machine, Physical Memory Protection; Physical Memory Attributes',
} as const;

function fault(
  kind: string,
  name: string,
  where: string,
): (access: AccessKind, word: string) => Cause {
  return (access, word) => ({ kind, name: `${word} ${name}`, section: where, access });
}
const misaligned = fault('misaligned', 'address misaligned', section.traps);
const accessFault = fault('access-fault', 'access fault', section.pmp);
const pageFault = fault('page-fault', 'page fault', section.page);
const guestFault = (access: AccessKind, word: string) =>
  fault(`guest-page-fault-${access}`, 'guest-page fault', section.guest)(access, word);
const call = (mode: string): Cause => ({
  kind: 'ecall',
  name: `ecall from ${mode}`,
  section: section.traps,
});

const causes: Readonly<Record<number, Cause>> = {
  [cause.instructionMisaligned]: misaligned('fetch', 'instruction'),
  [cause.instructionAccess]: accessFault('fetch', 'instruction'),
  [cause.illegalInstruction]: {
    ...{ kind: 'illegal-instruction', name: 'illegal instruction', section: section.traps },
  },
  [cause.breakpoint]: { kind: 'ebreak', name: 'breakpoint', section: section.traps },
  [cause.loadMisaligned]: misaligned('load', 'load'),
  [cause.loadAccess]: accessFault('load', 'load'),
  [cause.storeMisaligned]: misaligned('store', 'store or AMO'),
  [cause.storeAccess]: accessFault('store', 'store or AMO'),
  [cause.ecallU]: call('U-mode or VU-mode'),
  [cause.ecallS]: call('HS-mode'),
  [cause.ecallVS]: call('VS-mode'),
  [cause.ecallM]: call('M-mode'),
  [cause.instructionPage]: pageFault('fetch', 'instruction'),
  [cause.loadPage]: pageFault('load', 'load'),
  [cause.storePage]: pageFault('store', 'store or AMO'),
  [cause.instructionGuestPage]: guestFault('fetch', 'instruction'),
  [cause.loadGuestPage]: guestFault('load', 'load'),
  [cause.virtualInstruction]: {
    ...{ kind: 'virtual-instruction', name: 'virtual instruction', section: section.virtual },
  },
  [cause.storeGuestPage]: guestFault('store', 'store or AMO'),
};

const interruptNames = Object.fromEntries(
  Object.entries(interrupt).map(([name, code]) => [code, name]),
) as Readonly<Record<number, string>>;

/** Wanted whatever the cause: by where it leads, or by where a return leads. */
const entry = 'trap-entry';
const leave = 'trap-return';
/** All of them, as core/machine/exitStops.ts has them. */
export const trapWatchKinds: ReadonlySet<string> = new Set([
  ...Object.values(causes).map(({ kind }) => kind),
  ...['interrupt', entry, leave],
]);

const modeOfTarget = { M: 'M-mode', HS: 'HS-mode', VS: 'VS-mode' } as const;

export class TrapWatch {
  private readonly parts: WalkParts;
  private readonly stops: readonly ExitStop[];
  private readonly attend: () => void;
  /** The mode that returns are watched to, whatever the stops. */
  private readonly returnsTo: string | undefined;
  private hit: TrapHit | undefined;

  /** `attend`: has the hart come back. */
  constructor(
    parts: WalkParts,
    stops: readonly ExitStop[],
    returnsTo: string | undefined,
    attend: () => void,
  ) {
    this.parts = parts;
    this.stops = stops.filter(({ kind }) => trapWatchKinds.has(kind));
    this.returnsTo = returnsTo;
    this.attend = attend;
  }

  get isEmpty(): boolean {
    return this.stops.length === 0 && this.returnsTo === undefined;
  }

  get isHit(): boolean {
    return this.hit !== undefined;
  }

  take(): TrapHit | undefined {
    const { hit } = this;
    this.hit = undefined;
    return hit;
  }

  /** Before anything of the trap has happened; without `info` it is an interrupt. */
  entered(target: TrapTarget, code: number, info: TrapInfo | undefined): void {
    const known = info ? causes[code] : undefined;
    const kind = info ? known?.kind : 'interrupt';
    const wanted = this.stops.filter((stop) => stop.kind === kind || stop.kind === entry);
    if (wanted.length === 0) return;
    const { state } = this.parts;
    const { privilege, virtualized, pc } = state;
    const from = modeNameOf(privilege, virtualized);
    const name = info
      ? (known?.name ?? `exception ${code}`)
      : `interrupt ${interruptNames[code] ?? code}`;
    const way = `taken from ${from} at ${hex(pc)} to ${modeOfTarget[target]}`;
    const explained = info ? this.explain(code, info, known) : { short: '', details: [] };
    const text = `${name}${explained.short}, ${way}`;
    this.note(wanted, text, [`cause ${code}: ${name}`, ...explained.details, way]);
  }

  returned(privilege: Privilege, virtualized: boolean, epc: number): void {
    const wanted = this.stops.filter((stop) => stop.kind === leave);
    if (wanted.length === 0 && this.returnsTo === undefined) return;
    const { state } = this.parts;
    const from = modeNameOf(state.privilege, state.virtualized);
    const to = modeNameOf(privilege, virtualized);
    if (to === this.returnsTo) {
      this.hit = { kind: watchedReturn, text: from, details: [] };
      this.attend();
    }
    const text = `return from ${from} at ${hex(state.pc)} to ${to} at ${hex(state.csr(epc))}`;
    this.note(wanted, text, []);
  }

  private note(wanted: readonly ExitStop[], text: string, details: readonly string[]): void {
    const folded = text.toLowerCase();
    const found = wanted.find((stop) => folded.includes((stop.text ?? '').toLowerCase()));
    if (!found) return;
    this.hit = { kind: found.kind, text, details };
    this.attend();
  }

  private explain(
    code: number,
    info: TrapInfo,
    known: Cause | undefined,
  ): { readonly short: string; readonly details: readonly string[] } {
    const { tval, tval2 } = info;
    const where = known ? [`specification: ${known.section}`] : [];
    if (code === cause.illegalInstruction || code === cause.virtualInstruction) {
      const short = tval === 0n ? '' : ` ${this.instruction(tval)}`;
      return { short, details: [`tval ${hex(tval)}: the instruction${short}`, ...where] };
    }
    if (!known?.access) return { short: '', details: where };
    const details = [`tval ${hex(tval)}: the ${info.gva ? 'guest ' : ''}virtual address`];
    if (tval2 !== 0n) details.push(`tval2 ${hex(tval2)}: guest-physical ${hex(tval2 << 2n)}`);
    const walk = explainWalk(this.parts, {
      ...{ address: tval, access: known.access },
      ...this.accessor(known.access, info.gva),
    });
    const { refusal } = walk;
    const steps = walk.steps.map(({ stage, text }) => `${stage}: ${text}`);
    // Some instructions ask for other permissions than their kind: then the walk knows nothing.
    if (refusal?.cause !== code) {
      return { short: ` of ${hex(tval)}`, details: [...details, ...where, ...steps] };
    }
    const { text, section: says } = refusal;
    return {
      short: ` of ${hex(tval)}: ${text}`,
      details: [...details, `specification: ${says}`, ...steps, text],
    };
  }

  /** In whose name the access was made. */
  private accessor(access: AccessKind, gva: boolean) {
    const { state } = this.parts;
    const { privilege, virtualized } = state;
    const machine = state.low(CSR.mstatus);
    if (privilege === 3 && access !== 'fetch' && (machine & status.MPRV) !== 0) {
      return { privilege: state.previousPrivilege, virtualized: gva };
    }
    if (gva && !virtualized) {
      const supervisor = (state.low(CSR.hstatus) & hstatusBits.SPVP) !== 0;
      return { privilege: supervisor ? (1 as const) : (0 as const), virtualized: true };
    }
    return { privilege, virtualized };
  }

  private instruction(word: bigint): string {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, Number(word & 0xffff_ffffn), true);
    const { text, valid } = disassemble(bytes, this.parts.state.pc, this.parts.state.xlen);
    return valid ? `${hex(word)} (${text})` : hex(word);
  }
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
