/**
 * ISA strings (unprivileged manual, ISA extension naming conventions): which extensions a machine
 * has, and how the device tree says so.
 */
import { UserError } from '../../base/userError.ts';

/** Single letters in their canonical order, then the others in the order of the device tree. */
const letters = ['i', 'm', 'a', 'c', 'h'] as const;
const named = ['zicsr', 'zifencei', 'sstc'] as const;
const implied: Readonly<Record<string, readonly string[]>> = { a: ['zaamo', 'zalrsc'] };
/** Other names for what is always there. */
const always = new Set(['s', 'u', 'zicntr', 'zihpm', 'svade']);

export interface IsaChoice {
  /** Lower-case names of what exists. */
  readonly extensions: ReadonlySet<string>;
  /** The same with H: under our hypervisor the harts have it, and the guest does not see it. */
  readonly withHypervisor: ReadonlySet<string>;
  /** `riscv,isa` of a bare machine's device tree, and of a guest's. */
  readonly deviceTree: string;
  readonly guestDeviceTree: string;
}

/** Empty: all that is implemented. */
export function parseIsaString(text: string): IsaChoice {
  const extensions = new Set<string>(text === '' ? [...letters, ...named] : parse(text));
  for (const name of [...extensions]) {
    for (const part of implied[name] ?? []) extensions.add(part);
  }
  const spell = (withH: boolean): string => {
    const single = letters.filter((l) => extensions.has(l) && (l !== 'h' || withH)).join('');
    return [`rv64${single}`, ...named.filter((n) => extensions.has(n))].join('_');
  };
  return {
    extensions,
    withHypervisor: new Set([...extensions, 'h']),
    deviceTree: spell(true),
    guestDeviceTree: spell(false),
  };
}

function parse(text: string): string[] {
  const match = /^rv64([a-z]*)((?:_[a-z0-9]+)*)$/.exec(text.toLowerCase());
  if (!match) {
    throw new UserError(
      `isa: '${text}' is no ISA string that Trapline knows; write for example 'rv64imac_zicsr_zifencei'`,
      'isa',
    );
  }
  const [, single = '', rest = ''] = match;
  const names = [...single, ...rest.split('_').filter((name) => name !== '')];
  const known: readonly string[] = [...letters, ...named, ...Object.values(implied).flat()];
  const unknown = names.filter((name) => !known.includes(name) && !always.has(name));
  if (unknown.length > 0) {
    throw new UserError(
      `isa: '${unknown.join("', '")}' of '${text}' is not implemented; there are ${known.join(', ')}`,
      'isa',
    );
  }
  if (!names.includes('i')) throw new UserError(`isa: '${text}' has no base, as in 'rv64i'`, 'isa');
  // CSR instructions and FENCE.I belong to every machine that can take a trap.
  return [...new Set([...names, 'zicsr', 'zifencei'])];
}
