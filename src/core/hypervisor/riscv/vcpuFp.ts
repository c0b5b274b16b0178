/** The guest's floating-point registers as ONE_REG shows them (Linux arch/riscv/kvm/vcpu_fp.c). */
import { defined } from '../../base/assert.ts';
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';

/** f0 … f31 by the names of the psABI. */
const names: readonly string[] = [
  ...numbered('ft', 0, 7),
  ...numbered('fs', 0, 1),
  ...numbered('fa', 0, 7),
  ...numbered('fs', 2, 11),
  ...numbered('ft', 8, 11),
];

export function getF(hart: RiscvHart, index: number): bigint {
  return defined(hart.readRegister(nameOf(index)), `register ${nameOf(index)}`);
}

export function setF(hart: RiscvHart, index: number, value: bigint): void {
  defined(hart.writeRegister(nameOf(index), value), `register ${nameOf(index)}`);
}

export function getFcsr(hart: RiscvHart): bigint {
  return defined(hart.readRegister('fcsr'), 'fcsr');
}

export function setFcsr(hart: RiscvHart, value: bigint): void {
  defined(hart.writeRegister('fcsr', value), 'fcsr');
}

function nameOf(index: number): string {
  return defined(names[index], `register f${index}`);
}

function numbered(prefix: string, first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => `${prefix}${first + i}`);
}
