/** A hart's registers as `RiscvHart` gives them: pc, x registers and CSRs, by number. */
import type { CsrFile } from './csr/csrFile.ts';
import type { HartState } from './hartState.ts';

export abstract class HartRegisters {
  abstract readonly state: HartState;
  abstract readonly csrs: CsrFile;

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
