/**
 * The one place that knows which instruction sets and boards exist. Everything above asks here.
 */
import { UserError } from './base/userError.ts';
import type { Isa } from './isa/isa.ts';
import { rv64 } from './isa/riscv/riscv.ts';

const isas: Readonly<Record<string, () => Isa>> = { rv64: () => rv64 };

/** The instruction set under a `TargetInfo.isa` key. */
export function isaNamed(name: string): Isa {
  const make = isas[name];
  if (!make) throw new UserError(`unknown instruction set '${name}'`, 'isa');
  return make();
}
