/**
 * An SBI call as the registers have it (SBI 3.0, "Binary Encoding"). Arguments are kept in words,
 * and made numbers when somebody asks: most calls look at few of them, and what is shown of a call
 * is mostly never looked at.
 */
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import type { SbiCall } from './vcpuSbiCall.ts';

const a0 = 10;

export class RegisterCall implements SbiCall {
  readonly extension: number;
  readonly function: number;
  // Lower and upper words of a0 to a5, signed: so they are small integers, which cost nothing.
  private readonly low0: number;
  private readonly low1: number;
  private readonly low2: number;
  private readonly low3: number;
  private readonly low4: number;
  private readonly low5: number;
  private readonly high0: number;
  private readonly high1: number;
  private readonly high2: number;
  private readonly high3: number;
  private readonly high4: number;
  private readonly high5: number;
  private made: SbiCall['args'] | undefined = undefined;

  constructor(hart: RiscvHart) {
    this.extension = hart.getXWord(17);
    this.function = hart.getXWord(16);
    this.low0 = hart.getXWord(a0) | 0;
    this.low1 = hart.getXWord(a0 + 1) | 0;
    this.low2 = hart.getXWord(a0 + 2) | 0;
    this.low3 = hart.getXWord(a0 + 3) | 0;
    this.low4 = hart.getXWord(a0 + 4) | 0;
    this.low5 = hart.getXWord(a0 + 5) | 0;
    this.high0 = hart.getXHighWord(a0) | 0;
    this.high1 = hart.getXHighWord(a0 + 1) | 0;
    this.high2 = hart.getXHighWord(a0 + 2) | 0;
    this.high3 = hart.getXHighWord(a0 + 3) | 0;
    this.high4 = hart.getXHighWord(a0 + 4) | 0;
    this.high5 = hart.getXHighWord(a0 + 5) | 0;
  }

  get args(): SbiCall['args'] {
    return (this.made ??= [
      whole(this.low0, this.high0),
      whole(this.low1, this.high1),
      whole(this.low2, this.high2),
      whole(this.low3, this.high3),
      whole(this.low4, this.high4),
      whole(this.low5, this.high5),
    ]);
  }
}

function whole(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
