/**
 * Numbers that tell the guests' translations apart (Linux arch/riscv/kvm/vmid.c). VMID 0 is the
 * host's. When they run out, all translations go and numbering starts again.
 */
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import { csr, translationRegister } from './csrs.ts';
import { sv32x4, sv39x4 } from './gstage.ts';

export class VmidAllocator {
  readonly bits: number;
  private next = 1;
  private readonly flush: () => void;

  constructor(harts: readonly RiscvHart[], flush: () => void) {
    this.bits = Math.min(...harts.map(detectVmidBits));
    this.flush = flush;
  }

  allocate(): number {
    // Without VMID bits everybody shares 0, and each change of tables needs a fence anyway.
    if (this.bits === 0) return 0;
    if (this.next >= 2 ** this.bits) {
      this.next = 1;
      this.flush();
    }
    return this.next++;
  }
}

/** VMIDLEN is what stays of all ones written to the field. */
function detectVmidBits(hart: RiscvHart): number {
  const old = hart.getCsr(csr.hgatp);
  const at = translationRegister[hart.xlen];
  const { mode } = hart.xlen === 32 ? sv32x4 : sv39x4;
  const ones = ((1n << BigInt(at.vmidBits)) - 1n) << at.vmid;
  hart.setCsr(csr.hgatp, (mode << at.mode) | ones);
  const kept = (hart.getCsr(csr.hgatp) & ones) >> at.vmid;
  hart.setCsr(csr.hgatp, old);
  return kept.toString(2).replaceAll('0', '').length;
}
