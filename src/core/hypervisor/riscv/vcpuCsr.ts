/**
 * CSRs of a guest that the VMM answers for (Linux arch/riscv/kvm/vcpu_insn.c, csr_insn and
 * kvm_riscv_vcpu_csr_return; KVM_EXIT_RISCV_CSR). There is one: Zkr's `seed`.
 */
import type { CsrExit, VcpuExit } from '../exits.ts';
import { csr, hex } from './csrs.ts';
import type { ExitContext, PendingExit } from './vcpuContext.ts';

const systemOpcode = 0x73;
const allBits = 0xffff_ffff_ffff_ffffn;
const csrInstructionLength = 4;

/** The exit for an access to a CSR that the VMM answers for; undefined for everything else. */
export function leaveForCsr(vcpu: ExitContext, bits: number): VcpuExit | undefined {
  const { hart } = vcpu;
  const number = bits >>> 20;
  // VU-mode is refused, as U-mode is by mseccfg.USEED after reset.
  if (!isCsrInstruction(bits) || number !== csr.seed || hart.privilege !== 1) return undefined;
  const exit: CsrExit = { kind: 'csr', register: number, ...newValue(vcpu, bits), ret: 0n };
  vcpu.pending = { kind: 'csr', pc: hart.pc, rd: (bits >>> 7) & 31, exit };
  return exit;
}

export function completeCsr(vcpu: ExitContext, { rd, exit }: PendingExit & { kind: 'csr' }): void {
  vcpu.hart.setX(rd, exit.ret);
  vcpu.observe('csr', () => `seed → ${hex(exit.ret)}`);
  vcpu.advance(csrInstructionLength);
}

const isCsrInstruction = (bits: number): boolean =>
  (bits & 0x7f) === systemOpcode && (bits & 0x3000) !== 0;

/** What the instruction would write, and to which bits. */
function newValue(vcpu: ExitContext, bits: number): { newValue: bigint; writeMask: bigint } {
  const funct3 = (bits >>> 12) & 7;
  const field = (bits >>> 15) & 31;
  const operand = (funct3 & 4) !== 0 ? BigInt(field) : vcpu.hart.getX(field);
  switch (funct3 & 3) {
    case 1:
      return { newValue: operand, writeMask: allBits };
    case 2:
      return { newValue: allBits, writeMask: field === 0 ? 0n : operand };
    default:
      return { newValue: 0n, writeMask: field === 0 ? 0n : operand };
  }
}
