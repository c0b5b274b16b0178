/**
 * ISA strings (unprivileged manual, ISA extension naming conventions): which extensions a machine
 * has, and how the device tree says so.
 */
import type { RegisterWidth } from '../../engine/semantics.ts';
import { UserError } from '../../base/userError.ts';

/** Single letters in their canonical order, then the others in the order of the device tree. */
const letters = ['i', 'm', 'a', 'f', 'd', 'c', 'b', 'h'] as const;
/**
 * By the first letter behind z in the order of single letters, then by the alphabet; those of the
 * supervisor level last.
 */
const named: readonly string[] = `
  zicbom zicbop zicboz zicond zicsr zifencei zihintntl zihintpause zimop zabha zacas zawrs
  zfa zfh zfhmin zcb zcd zcmop zba zbb zbc zbkb zbkc zbkx zbs
  zk zkn zknd zkne zknh zkr zks zksed zksh zkt sstc`
  .trim()
  .split(/\s+/);
/** What a machine has when nobody says what it should have. */
const byDefault: readonly string[] = [
  ...['i', 'm', 'a', 'f', 'd', 'c', 'h', 'zicsr', 'zifencei'],
  ...['zba', 'zbb', 'zbc', 'zbs', 'sstc'],
];

const scalarBits = ['zbkb', 'zbkc', 'zbkx'];
/** What an extension consists of or depends on. */
const implied: Readonly<Record<string, readonly string[]>> = {
  a: ['zaamo', 'zalrsc'],
  b: ['zba', 'zbb', 'zbs'],
  d: ['f'],
  zfa: ['f'],
  zfh: ['zfhmin'],
  zfhmin: ['f'],
  zcd: ['c', 'd'],
  zk: ['zkn', 'zkr', 'zkt'],
  zkn: [...scalarBits, 'zkne', 'zknd', 'zknh'],
  zks: [...scalarBits, 'zksed', 'zksh'],
  zcb: ['c'],
  zcmop: ['c'],
  zabha: ['zaamo'],
  zacas: ['zaamo'],
};
/** What G stands for (ISA extension naming conventions). */
const general = 'imafd';
/** Other names for what is always there. */
const always = new Set(['s', 'u', 'zicntr', 'zihpm', 'svade']);

export interface IsaChoice {
  readonly xlen: RegisterWidth;
  /** Lower-case names of what exists. */
  readonly extensions: ReadonlySet<string>;
  /** The same with H: under our hypervisor the harts have it, and the guest does not see it. */
  readonly withHypervisor: ReadonlySet<string>;
  /** `riscv,isa` of a bare machine's device tree, and of a guest's. */
  readonly deviceTree: string;
  readonly guestDeviceTree: string;
}

/** Empty: what a machine has by default. */
export function parseIsaString(text: string): IsaChoice {
  const xlen = /^rv32/i.test(text) ? 32 : 64;
  const extensions = withImplied(text === '' ? byDefault : parse(text), xlen);
  const spell = (withH: boolean): string => {
    const single = letters.filter((l) => extensions.has(l) && (l !== 'h' || withH)).join('');
    return [`rv${xlen}${single}`, ...named.filter((n) => extensions.has(n))].join('_');
  };
  return {
    xlen,
    extensions,
    withHypervisor: new Set([...extensions, 'h']),
    deviceTree: spell(true),
    guestDeviceTree: spell(false),
  };
}

function withImplied(names: readonly string[], xlen: RegisterWidth): ReadonlySet<string> {
  const all = new Set(names);
  // A set is walked to what is added to it on the way.
  for (const name of all) {
    for (const part of implied[name] ?? []) all.add(part);
  }
  // C has the loads and stores of doubles where there are doubles.
  if (all.has('c') && all.has('d')) all.add('zcd');
  // On RV32 alone there is room for those of singles (Zc*, Zcf).
  if (xlen === 32 && all.has('c') && all.has('f')) all.add('zcf');
  // B is nothing but its parts, and misa shows it when they are there.
  if (implied['b']!.every((part) => all.has(part))) all.add('b');
  return all;
}

function parse(text: string): string[] {
  const match = /^rv(?:32|64)([a-z]*)((?:_[a-z0-9]+)*)$/.exec(text.toLowerCase());
  if (!match) {
    throw new UserError(
      `isa: '${text}' is no ISA string that Trapline knows; write for example 'rv64imac_zicsr_zifencei'`,
      'isa',
    );
  }
  const [, single = '', rest = ''] = match;
  const names = [...single.replace('g', general), ...rest.split('_').filter((name) => name !== '')];
  const known = new Set([...letters, ...named, ...Object.values(implied).flat()]);
  const unknown = names.filter((name) => !known.has(name) && !always.has(name));
  if (unknown.length > 0) {
    throw new UserError(
      `isa: '${unknown.join("', '")}' of '${text}' is not implemented; there are ${[...known].join(', ')}`,
      'isa',
    );
  }
  if (!names.includes('i')) throw new UserError(`isa: '${text}' has no base, as in 'rv64i'`, 'isa');
  // CSR instructions and FENCE.I belong to every machine that can take a trap.
  return [...new Set([...names, 'zicsr', 'zifencei'])];
}
