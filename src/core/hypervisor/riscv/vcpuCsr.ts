/**
 * CSR accesses of a guest that are emulated (Linux arch/riscv/kvm/vcpu_insn.c, csr_insn and
 * kvm_riscv_vcpu_csr_return). Zkr's `seed` is the VMM's (KVM_EXIT_RISCV_CSR), and so is what of the
 * AIA has nobody here.
 */
import type { CsrExit, VcpuExit } from '../exits.ts';
import { accessIreg, accessTopei, type CsrAnswer, type CsrWrite } from './aia.ts';
import { csr, hex } from './csrs.ts';
import type { ExitContext, PendingExit } from './vcpuContext.ts';

export type CsrOutcome =
  { readonly kind: 'done' | 'illegal' } | { readonly kind: 'exit'; readonly exit: VcpuExit };

const systemOpcode = 0x73;
const allBits = 0xffff_ffff_ffff_ffffn;
const csrInstructionLength = 4;

const names: Readonly<Record<number, string>> = {
  [csr.seed]: 'seed',
  [csr.sireg]: 'sireg',
  [csr.stopei]: 'stopei',
};

/** An access by an instruction that trapped as virtual. */
export function emulateCsr(vcpu: ExitContext, bits: number): CsrOutcome {
  const { hart } = vcpu;
  const number = bits >>> 20;
  // VU-mode is refused, as U-mode is by mseccfg.USEED after reset and by the number of the others.
  if (!isCsrInstruction(bits) || hart.privilege !== 1) return { kind: 'illegal' };
  const write = writeOf(vcpu, bits);
  const rd = (bits >>> 7) & 31;
  const answer = access(vcpu, number, write);
  if (answer === 'illegal') return { kind: 'illegal' };
  if (answer === 'user') {
    const { value: newValue, mask: writeMask } = write;
    const exit: CsrExit = { kind: 'csr', register: number, newValue, writeMask, ret: 0n };
    vcpu.pending = { kind: 'csr', pc: hart.pc, rd, exit };
    return { kind: 'exit', exit };
  }
  finish(vcpu, number, rd, answer);
  return { kind: 'done' };
}

export function completeCsr(vcpu: ExitContext, { rd, exit }: PendingExit & { kind: 'csr' }): void {
  finish(vcpu, exit.register, rd, exit.ret);
}

function access(vcpu: ExitContext, number: number, write: CsrWrite): CsrAnswer {
  switch (number) {
    case csr.seed:
      return 'user';
    case csr.sireg:
      return vcpu.hasAia ? accessIreg(vcpu.hart, vcpu.aia, write) : 'illegal';
    case csr.stopei:
      return vcpu.hasAia ? accessTopei(vcpu.aia, write) : 'illegal';
    default:
      return 'illegal';
  }
}

function finish(vcpu: ExitContext, number: number, rd: number, value: bigint): void {
  vcpu.hart.setX(rd, BigInt.asUintN(vcpu.hart.xlen, value));
  vcpu.observe('csr', () => `${names[number]} → ${hex(value)}`);
  vcpu.advance(csrInstructionLength);
}

const isCsrInstruction = (bits: number): boolean =>
  (bits & 0x7f) === systemOpcode && (bits & 0x3000) !== 0;

/** What the instruction would write, and to which bits. */
function writeOf(vcpu: ExitContext, bits: number): CsrWrite {
  const funct3 = (bits >>> 12) & 7;
  const field = (bits >>> 15) & 31;
  const operand = (funct3 & 4) !== 0 ? BigInt(field) : vcpu.hart.getX(field);
  switch (funct3 & 3) {
    case 1:
      return { value: operand, mask: allBits };
    case 2:
      return { value: allBits, mask: field === 0 ? 0n : operand };
    default:
      return { value: 0n, mask: field === 0 ? 0n : operand };
  }
}
