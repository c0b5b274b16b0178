/** A hart's state in memory, under the specification's names. No behaviour. */
import type { EngineMemory } from '../../engine/engineMemory.ts';
import { firstFloat, hart as layout } from '../../engine/layout.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import { CSR } from './csr/numbers.ts';
import type { Privilege } from './riscvHart.ts';

/** Bits of mstatus, sstatus and vsstatus (privileged manual, mstatus). */
export const status = {
  SIE: 1 << 1,
  MIE: 1 << 3,
  SPIE: 1 << 5,
  MPIE: 1 << 7,
  SPP: 1 << 8,
  MPP: 3 << 11,
  FS: 3 << 13,
  MPRV: 1 << 17,
  SUM: 1 << 18,
  MXR: 1 << 19,
  TVM: 1 << 20,
  TW: 1 << 21,
  TSR: 1 << 22,
  /** In the upper word. */
  high: { GVA: 1 << 6, MPV: 1 << 7 },
} as const;

export const hstatusBits = {
  GVA: 1 << 6,
  SPV: 1 << 7,
  SPVP: 1 << 8,
  HU: 1 << 9,
  VTVM: 1 << 20,
  VTW: 1 << 21,
  VTSR: 1 << 22,
} as const;

export class HartState {
  readonly area: number;
  readonly view: DataView;
  readonly u32: Uint32Array;
  private currentPrivilege: Privilege = 3;
  private isVirtualized = false;
  readonly xlen: RegisterWidth;
  private readonly u64: BigUint64Array;
  private readonly registers: number;
  private readonly control: number;

  constructor(memory: EngineMemory, index: number, xlen: RegisterWidth) {
    this.xlen = xlen;
    this.area = memory.hartArea(index);
    this.view = memory.view;
    this.u32 = memory.u32;
    this.u64 = new BigUint64Array(memory.buffer);
    this.registers = (this.area + layout.registers) >>> 3;
    this.control = (this.area + layout.control) >>> 3;
  }

  /**
   * x0 … x31, unsigned; by the index that records have, f0 … f31 too. What the slots hold where
   * registers have 32 bits is `SemanticContext`'s affair.
   */
  getX(index: number): bigint {
    const slot = this.u64[this.registers + index]!;
    return this.isNarrow(index) ? slot & 0xffff_ffffn : slot;
  }
  setX(index: number, value: bigint): void {
    if (index === 0) return;
    const slot = this.isNarrow(index) ? BigInt.asIntN(32, value) : value;
    this.u64[this.registers + index] = BigInt.asUintN(64, slot);
  }

  /** f0 … f31, as 64 bits. */
  getF(index: number): bigint {
    return this.getX(firstFloat + index);
  }
  setF(index: number, value: bigint): void {
    this.setX(firstFloat + index, value);
  }

  get pc(): bigint {
    return this.u64[(this.area + layout.pc) >>> 3]!;
  }
  set pc(value: bigint) {
    this.u64[(this.area + layout.pc) >>> 3] = BigInt.asUintN(this.xlen, value);
  }

  get pcLow(): number {
    return this.u32[(this.area + layout.pc) >>> 2]!;
  }
  get pcHigh(): number {
    return this.u32[((this.area + layout.pc) >>> 2) + 1]!;
  }
  /** pc in two words; on RV32 the upper one is 0. */
  setPcWords(low: number, high: number): void {
    this.u32[(this.area + layout.pc) >>> 2] = low;
    this.u32[((this.area + layout.pc) >>> 2) + 1] = this.xlen === 32 ? 0 : high;
  }
  /** To the instruction behind. */
  advancePc(length: number): void {
    const low = this.pcLow + length;
    this.setPcWords(low, low > 0xffff_ffff ? this.pcHigh + 1 : this.pcHigh);
  }

  /** The lower word of getX, and the upper one, which means nothing where registers have 32 bits. */
  getXWord(index: number): number {
    return this.u32[(this.registers + index) * 2]!;
  }
  getXHighWord(index: number): number {
    return this.u32[(this.registers + index) * 2 + 1]!;
  }
  setXWords(index: number, low: number, high: number): void {
    if (index === 0) return;
    const word = (this.registers + index) * 2;
    this.u32[word] = low;
    this.u32[word + 1] = this.isNarrow(index) ? low >> 31 : high;
  }

  /** The CSR's slot, as stored: aliases and derived bits are the CSR file's affair. */
  csr(number: number): bigint {
    return this.u64[this.control + number]!;
  }
  setCsr(number: number, value: bigint): void {
    this.u64[this.control + number] = BigInt.asUintN(64, value);
  }
  /** All slots are 0. */
  clearCsrs(): void {
    this.u64.fill(0n, this.control, this.control + 4096);
  }
  /** Lower and upper word of a slot, without the cost of a bigint. */
  low(number: number): number {
    return this.u32[(this.control + number) * 2]!;
  }
  high(number: number): number {
    return this.u32[(this.control + number) * 2 + 1]!;
  }
  setLow(number: number, value: number): void {
    this.u32[(this.control + number) * 2] = value;
  }
  setHigh(number: number, value: number): void {
    this.u32[(this.control + number) * 2 + 1] = value;
  }
  setWords(number: number, low: number, high: number): void {
    this.u32[(this.control + number) * 2] = low;
    this.u32[(this.control + number) * 2 + 1] = high;
  }

  /** mstatus.MPP. */
  get previousPrivilege(): Privilege {
    return ((this.low(CSR.mstatus) & status.MPP) >>> 11) as Privilege;
  }

  get privilege(): Privilege {
    return this.currentPrivilege;
  }
  set privilege(privilege: Privilege) {
    this.currentPrivilege = privilege;
    this.noteMode();
  }
  get virtualized(): boolean {
    return this.isVirtualized;
  }
  set virtualized(virtualized: boolean) {
    this.isVirtualized = virtualized;
    this.noteMode();
  }
  private noteMode(): void {
    const mode = this.currentPrivilege | (this.isVirtualized ? 4 : 0);
    this.u32[(this.area + layout.mode) >>> 2] = mode;
  }

  get exit(): number {
    return this.u32[(this.area + layout.exit) >>> 2]!;
  }
  set exit(code: number) {
    this.u32[(this.area + layout.exit) >>> 2] = code;
  }
  get floatUnit(): number {
    return this.u32[(this.area + layout.floatUnit) >>> 2]!;
  }
  set beginsAtTrap(flag: number) {
    this.u32[(this.area + layout.beginsAtTrap) >>> 2] = flag;
  }
  /** LR has reserved memory, and nothing has ended that. */
  get reserved(): boolean {
    return this.u64[(this.area + layout.reservation) >>> 3] !== 0xffff_ffff_ffff_ffffn;
  }
  clearReservation(): void {
    const word = (this.area + layout.reservation) >>> 2;
    this.u32[word] = 0xffff_ffff;
    this.u32[word + 1] = 0xffff_ffff;
  }

  private isNarrow(index: number): boolean {
    return this.xlen === 32 && index < firstFloat;
  }
}
