/**
 * Every extension that a machine may have: its name, what it brings along, and whether it is always
 * there (unprivileged manual, ISA extension naming conventions; privileged manual; profiles).
 */
import type { RegisterWidth } from '../../engine/semantics.ts';

/** Those that exist when an ISA string names them, with what they consist of or depend on. */
export const named: Readonly<Record<string, string>> = {
  i: '',
  m: '',
  a: 'zaamo zalrsc',
  f: '',
  d: 'f',
  c: 'zca',
  b: 'zba zbb zbs',
  h: '',
  zicbom: '',
  zicbop: '',
  zicboz: '',
  zicond: '',
  zihintntl: '',
  zihintpause: '',
  zimop: '',
  zaamo: '',
  zabha: 'zaamo',
  zacas: 'zaamo',
  zalrsc: '',
  zama16b: '',
  zawrs: '',
  zfa: 'f',
  zfh: 'zfhmin',
  zfhmin: 'f',
  zca: '',
  zcb: 'zca',
  zcd: 'zca d',
  zcf: 'zca f',
  zcmop: 'zca',
  zba: '',
  zbb: '',
  zbc: '',
  zbkb: '',
  zbkc: '',
  zbkx: '',
  zbs: '',
  zk: 'zkn zkr zkt',
  zkn: 'zbkb zbkc zbkx zkne zknd zknh',
  zknd: '',
  zkne: '',
  zknh: '',
  zkr: '',
  zks: 'zbkb zbkc zbkx zksed zksh',
  zksed: '',
  zksh: '',
  ssaia: '',
  ssnpm: '',
  sscofpmf: '',
  // Supm and Sspm say that the modes above let a mode mask its pointers; these are how.
  sspm: 'smnpm',
  ssstateen: '',
  sstc: '',
  supm: 'ssnpm',
  sv32: '',
  sv39: '',
  sv48: 'sv39',
  sv57: 'sv48',
  // Without either, A and D bits are set by hardware and no CSR says so.
  svade: '',
  svadu: '',
  svinval: '',
  svnapot: '',
  svpbmt: '',
  sha: 'h ssstateen shcounterenw shgatpa shtvala shvsatpa shvstvala shvstvecd',
  smaia: 'ssaia',
  shlcofideleg: 'h sscofpmf',
  smcntrpmf: '',
  smepmp: '',
  smmpm: '',
  smnpm: '',
  smstateen: 'ssstateen',
  sdtrig: '',
};

/** What holds of every machine that has what stands behind the name, whether asked for or not. */
export const always: Readonly<Record<string, string>> = {
  // CSR instructions and FENCE.I belong to every machine that can take a trap. Counters and these
  // two were part of I before they had names, as they still are in the device tree's `riscv,isa`.
  zicsr: '',
  zifencei: '',
  zicntr: '',
  zihpm: '',
  zic64b: '',
  ziccamoa: 'zaamo',
  ziccamoc: 'zacas',
  ziccid: '',
  ziccif: '',
  zicclsm: '',
  ziccrse: 'zalrsc',
  za64rs: 'zalrsc',
  za128rs: 'zalrsc',
  zkt: '',
  ssccptr: '',
  sscounterenw: '',
  ssstrict: '',
  sstvala: '',
  sstvecd: '',
  ssu64xl: '',
  svbare: '',
  svvptc: '',
  shcounterenw: 'h',
  shgatpa: 'h',
  shtvala: 'h',
  shvsatpa: 'h',
  shvstvala: 'h',
  shvstvecd: 'h',
};

const onlyOn: Readonly<Record<string, RegisterWidth>> = {
  zcf: 32,
  ssnpm: 64,
  sspm: 64,
  ssu64xl: 64,
  supm: 64,
  sv32: 32,
  sv39: 64,
  sv48: 64,
  sv57: 64,
  svnapot: 64,
  svpbmt: 64,
  smmpm: 64,
  smnpm: 64,
};

export const extensionExists = (name: string): boolean =>
  Object.hasOwn(named, name) || Object.hasOwn(always, name);

/** The register width on which alone an extension exists. */
export const widthOf = (name: string): RegisterWidth | undefined => onlyOn[name];

/** Page-based translation, the smallest address space first. */
export const translationModes = (xlen: RegisterWidth): readonly string[] =>
  xlen === 32 ? ['sv32'] : ['sv39', 'sv48', 'sv57'];

/** All that a machine has whose ISA string says these names. */
export function withImplied(names: readonly string[], xlen: RegisterWidth): ReadonlySet<string> {
  const all = new Set(names);
  // A set is walked to what is added to it on the way.
  for (const name of all) {
    for (const part of words(named[name])) all.add(part);
  }
  addWholes(all, xlen);
  for (const [name, needs] of Object.entries(always)) {
    const applies = words(needs).every((need) => all.has(need));
    if (applies && (widthOf(name) ?? xlen) === xlen) all.add(name);
  }
  return all;
}

/**
 * An extension that is nothing but its parts is there when they are, so that misa can show it. C is
 * Zca, with D also Zcd, and on RV32 with F also Zcf (unprivileged manual, Zc*).
 */
function addWholes(all: Set<string>, xlen: RegisterWidth): void {
  if (all.has('c') && all.has('d')) all.add('zcd');
  if (all.has('c') && all.has('f') && xlen === 32) all.add('zcf');
  const compressed = ['zca'];
  if (all.has('d')) compressed.push('zcd');
  if (all.has('f') && xlen === 32) compressed.push('zcf');
  const parts = { a: words(named['a']), b: words(named['b']), c: compressed };
  for (const [whole, its] of Object.entries(parts)) {
    if (its.every((part) => all.has(part))) all.add(whole);
  }
}

/** Named when they are asked for, and then read by software that knows no other way to ask. */
const spelled = new Set(['zicsr', 'zifencei']);
/** Letters that say the same as these names, and were there before them. */
const oldLetters = ['a', 'c'];

/** Whether `riscv,isa` names it: not what holds of every machine, nor parts of an older letter. */
export function inShortString(name: string, all: ReadonlySet<string>): boolean {
  if (Object.hasOwn(always, name)) return spelled.has(name);
  if (['zcd', 'zcf'].includes(name)) return !all.has('c');
  return !oldLetters.some((letter) => all.has(letter) && words(named[letter]).includes(name));
}

const words = (text = ''): readonly string[] => text.split(' ').filter((word) => word !== '');

/** Single letters, and the categories of names behind z, in their canonical orders. */
const letters = 'imafdqcbvph';
const categories = 'imafdqlcbkjtpvh';
const prefixes = ['z', 'su', 'ss', 'sv', 'sh', 'sm'];

/** Which of two names goes first in an ISA string (naming conventions, canonical order). */
export function canonicalOrder(a: string, b: string): number {
  const rank = (name: string): number => {
    if (name.length === 1) return letters.indexOf(name);
    const prefix = prefixes.findIndex((p) => name.startsWith(p));
    const category = prefix === 0 ? categories.indexOf(name[1]!) : 0;
    return 100 * (prefix < 0 ? prefixes.length + 1 : prefix + 1) + category;
  };
  return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
}
