/**
 * The guest's floating-point registers as ONE_REG shows them (Linux arch/riscv/kvm/vcpu_fp.c).
 * Who looks from outside leaves no trace: the guest's vsstatus.FS stays what it is.
 */
import { defined } from '../../base/assert.ts';
import { floatNames } from '../../isa/riscv/registers.ts';
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import { csr } from './csrs.ts';

const fcsr = 'fcsr';

export function getF(hart: RiscvHart, index: number): bigint {
  return read(hart, nameOf(index));
}

export function setF(hart: RiscvHart, index: number, value: bigint): void {
  write(hart, nameOf(index), value);
}

export function getFcsr(hart: RiscvHart): bigint {
  return read(hart, fcsr);
}

export function setFcsr(hart: RiscvHart, value: bigint): void {
  write(hart, fcsr, value);
}

function read(hart: RiscvHart, name: string): bigint {
  return defined(hart.readRegister(name), `register ${name}`);
}

function write(hart: RiscvHart, name: string, value: bigint): void {
  const status = hart.getCsr(csr.vsstatus);
  defined(hart.writeRegister(name, value), `register ${name}`);
  hart.setCsr(csr.vsstatus, status);
}

function nameOf(index: number): string {
  return defined(floatNames[index], `register f${index}`);
}
