/** A hart's registers as `RiscvHart` gives them: pc, mode, reservation, x registers and CSRs. */
import type { CsrFile } from './csr/csrFile.ts';
import type { HartState } from './hartState.ts';
import type { Privilege } from './riscvHart.ts';

export abstract class HartRegisters {
  abstract readonly state: HartState;
  abstract readonly csrs: CsrFile;

  get pc(): bigint {
    return this.state.pc;
  }
  set pc(value: bigint) {
    this.state.pc = value;
  }
  get privilege(): Privilege {
    return this.state.privilege;
  }
  set privilege(value: Privilege) {
    this.state.privilege = value;
    this.csrs.counters.enterMode(value, this.state.virtualized, false);
    this.csrs.translationChanged = true;
  }
  get virtualized(): boolean {
    return this.state.virtualized;
  }
  set virtualized(value: boolean) {
    this.state.virtualized = value;
    this.csrs.counters.enterMode(this.state.privilege, value, false);
    this.csrs.translationChanged = true;
  }

  loseReservation(): void {
    this.state.clearReservation();
  }

  getX(index: number): bigint {
    return this.state.getX(index);
  }
  setX(index: number, value: bigint): void {
    this.state.setX(index, value);
  }
  getXWord(index: number): number {
    return this.state.getXWord(index);
  }
  getXHighWord(index: number): number {
    return this.state.xlen === 64 ? this.state.getXHighWord(index) : 0;
  }
  advancePc(length: number): void {
    this.state.advancePc(length);
  }
  getCsrWord(number: number, half: 'low' | 'high'): number {
    return half === 'low' ? this.state.low(number) : this.state.high(number);
  }
  getCsr(number: number): bigint {
    return this.csrs.read(number);
  }
  setCsr(number: number, value: bigint): void {
    this.csrs.write(number, BigInt.asUintN(64, value));
  }
  getWideCsr(number: number): bigint {
    return this.csrs.readWhole(number);
  }
  setWideCsr(number: number, value: bigint): void {
    this.csrs.writeWhole(number, BigInt.asUintN(64, value));
  }
}
