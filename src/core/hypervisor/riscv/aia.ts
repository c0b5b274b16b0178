/**
 * AIA's CSRs of a guest that the hypervisor answers for (Linux arch/riscv/kvm/aia.c,
 * kvm_riscv_vcpu_aia_rmw_topei, _rmw_ireg and aia_rmw_iprio): those of an IMSIC that is no guest
 * interrupt file of the hart, and the priorities of major interrupts, which VS-mode has no array of.
 */
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import { csr, irqSExternal } from './csrs.ts';
import type { VcpuAia } from './aiaDevice.ts';

/** What is to be written of a CSR. */
export interface CsrWrite {
  readonly value: bigint;
  readonly mask: bigint;
}

/** The CSR's old value; 'illegal' for the guest; 'user' for the VMM. */
export type CsrAnswer = bigint | 'illegal' | 'user';

const iprioFirst = 0x30;
const iprioLast = 0x3f;
const imsicFirst = 0x70;
const imsicLast = 0xff;
const selectMask = 0x1ffn;
const priorityBits = 8;

/** kvm_riscv_vcpu_aia_rmw_topei: a write takes the interrupt, whatever the value. */
export function accessTopei({ imsic }: VcpuAia, { mask }: CsrWrite): CsrAnswer {
  if (!imsic) return 'user';
  const old = imsic.topei();
  if (mask !== 0n) imsic.claim();
  return old;
}

/** kvm_riscv_vcpu_aia_rmw_ireg. */
export function accessIreg(hart: RiscvHart, { imsic }: VcpuAia, write: CsrWrite): CsrAnswer {
  const select = Number(hart.getCsr(csr.vsiselect) & selectMask);
  if (select >= iprioFirst && select <= iprioLast) return accessPriorities(hart, select, write);
  if (select < imsicFirst || select > imsicLast || !imsic) return 'user';
  const old = imsic.read(select);
  if (!old.ok) return old.errno === 'ENOENT' ? 'user' : 'illegal';
  const { value, mask } = write;
  if (mask !== 0n) imsic.write(select, (old.value & ~mask) | (value & mask));
  return old.value;
}

/** aia_set_hvictl: what makes stopi show an external interrupt that hvip says is there. */
export function setHvictl(hart: RiscvHart, pending: boolean): void {
  hart.setCsr(csr.hvictl, (BigInt(irqSExternal) << 16n) | (pending ? 1n : 0n));
}

/** aia_rmw_iprio: bytes of hviprio1 and hviprio2, where they have one for the interrupt. */
function accessPriorities(hart: RiscvHart, select: number, write: CsrWrite): CsrAnswer {
  if (hart.xlen === 64 && select % 2 === 1) return 'illegal';
  const count = hart.xlen / priorityBits;
  const first = (select - iprioFirst) * 4;
  const interrupts = Array.from({ length: count }, (_, i) => first + i);
  const all = hart.getWideCsr(csr.hviprio1) | (hart.getWideCsr(csr.hviprio2) << 64n);
  const old = interrupts.reduce((word, irq, i) => {
    const at = positionOf(irq);
    if (at === undefined) return word;
    return word | (((all >> at) & 0xffn) << BigInt(priorityBits * i));
  }, 0n);
  const { value, mask } = write;
  if (mask === 0n) return old;
  const wanted = (old & ~mask) | (value & mask);
  const set = interrupts.reduce((word, irq, i) => {
    const at = positionOf(irq);
    if (at === undefined) return word;
    const priority = (wanted >> BigInt(priorityBits * i)) & 0xffn;
    return (word & ~(0xffn << at)) | (priority << at);
  }, all);
  hart.setWideCsr(csr.hviprio1, BigInt.asUintN(64, set));
  hart.setWideCsr(csr.hviprio2, set >> 64n);
  return old;
}

/** By byte of hviprio1 and hviprio2, the interrupt whose priority it is (aia_irq2bitpos). */
const byByte = [0, 1, 4, 5, 8, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];

function positionOf(irq: number): bigint | undefined {
  const byte = byByte.indexOf(irq);
  return byte < 0 ? undefined : BigInt(priorityBits * byte);
}
