/**
 * What a trap writes to mtinst or htinst for the instruction that caused it (hypervisor, trap
 * instruction). Pseudoinstructions come with the fault; they are never left out.
 */
import type { Decoder } from './decode.ts';
import type { HartState } from './hartState.ts';
import type { TrapInfo } from './riscvHart.ts';
import { transformInstruction } from './transform.ts';
import { cause } from './trapCause.ts';

/** Exceptions that "arise from explicit memory accesses". */
const dataFaultCodes: readonly number[] = [
  cause.loadMisaligned,
  cause.loadAccess,
  cause.storeMisaligned,
  cause.storeAccess,
  cause.loadPage,
  cause.storePage,
  cause.loadGuestPage,
  cause.storeGuestPage,
];
const dataFaults = dataFaultCodes.reduce((bits, code) => bits | (1 << code), 0);

/** "The value written to mtinst or htinst may always be zero", as some processors have it. */
export type TrapInstructionValue = 'transformed' | 'zero';

export class TrapInstruction {
  private readonly state: HartState;
  private readonly decoder: Decoder;
  private readonly value: TrapInstructionValue;

  constructor(
    state: HartState,
    parts: { readonly decoder: Decoder; readonly trapInstruction: TrapInstructionValue },
  ) {
    this.state = state;
    this.decoder = parts.decoder;
    this.value = parts.trapInstruction;
  }

  /** The trap with the transformation of `word`, the instruction that is trapping. */
  complete(info: TrapInfo, word: () => number): TrapInfo {
    if (this.value === 'zero' || ((dataFaults >>> info.cause) & 1) === 0 || info.tinst !== 0)
      return info;
    const bits = word();
    const tinst = transformInstruction(bits, this.addressOffset(info, bits), this.decoder);
    return { ...info, tinst };
  }

  /**
   * "The positive difference between the faulting virtual address … and the original virtual
   * address", nonzero for the second page of two. Upper bits may differ by pointer masking.
   */
  private addressOffset(info: TrapInfo, word: number): number {
    const decoded = this.decoder.decode(word);
    if (!decoded) return 0;
    const start = this.state.getX(decoded.rs1) + BigInt(decoded.imm);
    const offset = Number(BigInt.asUintN(32, info.tval - start));
    return offset < 16 ? offset : 0;
  }
}
