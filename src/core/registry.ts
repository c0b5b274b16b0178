/**
 * The one place that knows which instruction sets and boards exist. Everything above asks here.
 */
import { UserError } from './base/userError.ts';
import { machineName } from './formats/elf/constants.ts';
import type { ElfFile } from './formats/elf/elf.ts';
import type { Isa } from './isa/isa.ts';
import { rv64 } from './isa/riscv/riscv.ts';

const isas: Readonly<Record<string, () => Isa>> = { rv64: () => rv64 };

/** The instruction set under a `TargetInfo.isa` key. */
export function isaNamed(name: string): Isa {
  const make = isas[name];
  if (!make) throw new UserError(`unknown instruction set '${name}'`, 'isa');
  return make();
}

/** e_machine (gABI, chapter 4) and word size of an ELF file's instruction set. */
const elfMachines: Readonly<Record<number, Readonly<Record<32 | 64, string | undefined>>>> = {
  243: { 32: undefined, 64: 'rv64' },
};

/** The instruction set that an ELF file was built for. */
export function isaOfElf(elf: ElfFile): Isa {
  const name = elfMachines[elf.machine]?.[elf.is64 ? 64 : 32];
  if (name !== undefined) return isaNamed(name);
  const bits = elf.is64 ? 64 : 32;
  throw new UserError(`'${elf.name}' is for ${machineName(elf.machine)} (${bits} bits)`, elf.name);
}

/** Who answers which firmware call, one line a rule. */
export { callListing } from './hypervisor/riscv/callListing.ts';
