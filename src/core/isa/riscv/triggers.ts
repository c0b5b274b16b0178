/**
 * Debug triggers (RISC-V debug specification, Sdtrig): address breakpoints that software sets by
 * tdata1 and tdata2, of the types mcontrol and mcontrol6 with an equal match. Nothing is looked at
 * while none is set: execute triggers live in the records as a debugger's breakpoints do, and pages
 * that a load or store trigger is about are kept out of the TLB.
 */
import { fields, list, mustFit, oneOf, whole, within } from '../../base/persist.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import { CSR } from './csr/numbers.ts';
import { status, type HartState } from './hartState.ts';
import type { TrapInfo } from './riscvHart.ts';
import { cause, trap } from './trapCause.ts';

export const triggerCount = 4;
export const triggerType = { mcontrol: 2, mcontrol6: 6, disabled: 15 } as const;

/** Bits of tdata1 that both types have at the same place. */
const accessBit = { load: 1 << 0, store: 1 << 1, fetch: 1 << 2 } as const;
const data = accessBit.load | accessBit.store;
const [modeU, modeS, modeM] = [1 << 3, 1 << 4, 1 << 6];
/** Of mcontrol6 alone. */
const [modeVU, modeVS] = [1 << 23, 1 << 24];
const common = 0b111 | modeU | modeS | modeM;
const hit = { mcontrol: 1 << 20, mcontrol6: 1 << 22 } as const;
/** "1 (before)" and "2 (after)" are hit0 and hit1; ours come before the instruction. */
const hit1 = 1 << 25;

/** AMOs load and store. */
const accesses = { ...accessBit, atomic: data } as const;
export type TriggerAccess = keyof typeof accesses;

export interface TriggerState {
  readonly type: number;
  readonly bits: number;
  readonly low: number;
  readonly high: number;
}

interface Trigger {
  type: number;
  /** Everything below dmode. */
  bits: number;
  /** tdata2 as two words. */
  low: number;
  high: number;
}

const word = within(0, 0xffff_ffff);
const shape = list(
  fields({ type: oneOf(...Object.values(triggerType)), bits: whole, low: word, high: word }),
  triggerCount,
);

export class Triggers {
  /** Some trigger is about loads or stores. */
  watching = false;
  /** Execute triggers have changed: whoever keeps records looks and clears. */
  changed = false;
  private readonly state: HartState;
  private readonly xlen: RegisterWidth;
  private readonly virtualModes: number;
  private readonly all: Trigger[] = [];

  constructor(state: HartState, xlen: RegisterWidth, hypervisor: boolean) {
    this.state = state;
    this.xlen = xlen;
    this.virtualModes = hypervisor ? modeVU | modeVS : 0;
    this.reset();
  }

  reset(): void {
    for (let i = 0; i < triggerCount; i++) {
      this.all[i] = { type: triggerType.disabled, bits: 0, low: 0, high: 0 };
    }
    this.update();
  }

  save(): readonly TriggerState[] {
    return this.all.map((trigger) => ({ ...trigger }));
  }

  checkState(name: string, state: readonly TriggerState[]): void {
    mustFit(`the triggers of ${name}`, state, shape);
  }

  /** Of a state that fits. */
  restore(state: readonly TriggerState[]): void {
    state.forEach((trigger, i) => (this.all[i] = { ...trigger }));
    this.update();
  }

  get tdata1(): bigint {
    const { type, bits } = this.selected;
    return (BigInt(type) << BigInt(this.xlen - 4)) | BigInt(bits >>> 0);
  }

  /** WARL: "writing unsupported values" leaves a trigger that is disabled. */
  set tdata1(value: bigint) {
    const { selected } = this;
    const type = Number((value >> BigInt(this.xlen - 4)) & 15n);
    const bits = Number(value & 0x7ff_ffffn);
    const legal = this.legalBits(type);
    selected.type = legal === 0 ? triggerType.disabled : type;
    selected.bits = bits & legal;
    this.update();
  }

  get tdata2(): bigint {
    return (BigInt(this.selected.high) << 32n) | BigInt(this.selected.low);
  }

  set tdata2(value: bigint) {
    this.selected.low = Number(value & 0xffff_ffffn);
    this.selected.high = this.xlen === 64 ? Number((value >> 32n) & 0xffff_ffffn) : 0;
    this.update();
  }

  /** Where in a page instructions are that an execute trigger may be about. */
  executeOffsets(): ReadonlySet<number> {
    const about = this.all.filter(({ bits }) => bits & accessBit.fetch);
    return new Set(about.map(({ low }) => low & 0xfff));
  }

  /** Whether a trigger is about loads or stores in the page of an address: AMOs are both. */
  watches(low: number, high: number): boolean {
    if (!this.watching) return false;
    return this.all.some(
      (t) => t.bits & data && t.low >>> 12 === low >>> 12 && this.sameHigh(t, high),
    );
  }

  /** The breakpoint exception of an access to some bytes, if a trigger fires. */
  check(access: TriggerAccess, low: number, high: number, size: number): TrapInfo | undefined {
    const about = accesses[access];
    const fired = this.all.filter(
      (t) => t.bits & about && this.within(t, low, high, size) && this.enabled(t),
    );
    if (fired.length === 0) return undefined;
    for (const t of fired) {
      if (t.type === triggerType.mcontrol) t.bits |= hit.mcontrol;
      else t.bits = (t.bits & ~hit1) | hit.mcontrol6;
    }
    const address = (BigInt(high) << 32n) | BigInt(low);
    return { ...trap(cause.breakpoint, address), gva: this.state.virtualized };
  }

  /** 0 for types that there are not. */
  private legalBits(type: number): number {
    if (type === triggerType.mcontrol) return common | hit.mcontrol;
    if (type !== triggerType.mcontrol6) return 0;
    return common | hit.mcontrol6 | hit1 | this.virtualModes;
  }

  private get selected(): Trigger {
    return this.all[this.state.low(CSR.tselect)]!;
  }

  private update(): void {
    this.watching = this.all.some(({ bits }) => bits & data);
    this.changed = true;
  }

  private sameHigh(t: Trigger, high: number): boolean {
    return this.xlen === 32 || t.high === high;
  }

  /** Any of the bytes is the one of tdata2. */
  private within(t: Trigger, low: number, high: number, size: number): boolean {
    const distance = (t.low - low) >>> 0;
    if (distance >= size) return false;
    return this.sameHigh(t, low + distance < 2 ** 32 ? high : (high + 1) >>> 0);
  }

  /**
   * In the present mode. "The hardware prevents triggers with action=0 from matching or firing while
   * in M-mode and while MIE in mstatus is 0", and likewise in S- and VS-mode when they take
   * breakpoint exceptions themselves (Sdtrig, native triggers).
   */
  private enabled({ bits, type }: Trigger): boolean {
    const { state } = this;
    const delegated = (register: number): boolean =>
      (state.low(register) & (1 << cause.breakpoint)) !== 0;
    if (state.privilege === 3) {
      return (bits & modeM) !== 0 && (state.low(CSR.mstatus) & status.MIE) !== 0;
    }
    if (state.virtualized) {
      if (type !== triggerType.mcontrol6) return false;
      if (state.privilege === 0) return (bits & modeVU) !== 0;
      if ((bits & modeVS) === 0) return false;
      const own = delegated(CSR.medeleg) && delegated(CSR.hedeleg);
      return !own || (state.low(CSR.vsstatus) & status.SIE) !== 0;
    }
    if (state.privilege === 0) return (bits & modeU) !== 0;
    if ((bits & modeS) === 0) return false;
    return !delegated(CSR.medeleg) || (state.low(CSR.mstatus) & status.SIE) !== 0;
  }
}
