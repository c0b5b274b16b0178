/**
 * ISA strings (unprivileged manual, ISA extension naming conventions): which extensions a machine
 * has, and how the device tree says so (Linux bindings, riscv/extensions.yaml).
 */
import { nearest } from '../../base/nearest.ts';
import { UserError } from '../../base/userError.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import {
  always,
  canonicalOrder,
  extensionExists,
  named,
  translationModes,
  widthOf,
  withImplied,
  inShortString,
} from './extensions.ts';
import { profileNames, profileOf } from './profiles.ts';

/** What a machine has when nobody says what it should have. */
const byDefault = 'gch_zba_zbb_zbc_zbs_sstc';
/** What G stands for (ISA extension naming conventions); the rest of it is always there. */
const general = 'imafd';

export interface IsaChoice {
  readonly xlen: RegisterWidth;
  /** Lower-case names of what exists. */
  readonly extensions: ReadonlySet<string>;
  /** The same with H: under our hypervisor the harts have it, and the guest does not see it. */
  readonly withHypervisor: ReadonlySet<string>;
  /** `riscv,isa` of a bare machine's device tree, and of a guest's. */
  readonly deviceTree: string;
  readonly guestDeviceTree: string;
  /** `mmu-type` of either. */
  readonly mmuType: string;
  /** What the named profile demands and Trapline does not have. */
  readonly absent: readonly string[];
}

interface Parsed {
  readonly xlen: RegisterWidth;
  readonly names: readonly string[];
  readonly absent: readonly string[];
}

/** Empty: what a machine of this width has by default. `also` is there whatever the text says. */
export function parseIsaString(
  text: string,
  width: RegisterWidth = 64,
  also: readonly string[] = [],
): IsaChoice {
  const parsed = parse(text === '' ? `rv${width}${byDefault}` : text);
  const { xlen, absent } = parsed;
  const names = [...parsed.names, ...also];
  const modes = translationModes(xlen);
  // A string that names no translation mode leaves them all; one that does, has no larger one.
  const asked = names.some((name) => modes.includes(name)) ? names : [...names, ...modes];
  const extensions = withImplied(asked, xlen);
  return {
    xlen,
    extensions,
    withHypervisor: withImplied([...extensions, 'h'], xlen),
    deviceTree: spell([...extensions], xlen),
    guestDeviceTree: spell([...extensions].filter(mayGuestHave), xlen),
    mmuType: `riscv,${modes.findLast((mode) => extensions.has(mode)) ?? 'none'}`,
    absent,
  };
}

/**
 * `riscv,isa` of a device tree, from the whole string: without names that older software does not
 * know and has no need of. Firmware copies it into buffers of a fixed size, U-Boot among them.
 */
export function shortIsaString(isa: string): string {
  const [first = '', ...rest] = isa.split('_');
  const all = new Set([...first.slice('rv64'.length), ...rest]);
  return [first, ...rest.filter((name) => inShortString(name, all))].join('_');
}

/** What belongs to the hypervisor or to machine mode is no guest's. */
function mayGuestHave(name: string): boolean {
  // It stands for what the hypervisor's own CSRs give to a guest, as among KVM's ids.
  if (name === 'smstateen') return true;
  return name !== 'h' && !/^s[hm]|^sspm$|^sdtrig$/.test(name);
}

function spell(extensions: readonly string[], xlen: RegisterWidth): string {
  // Translation modes have a property of their own.
  const modes = translationModes(xlen);
  const names = extensions.filter((name) => !modes.includes(name)).sort(canonicalOrder);
  const letters = names.filter((name) => name.length === 1);
  return [`rv${xlen}${letters.join('')}`, ...names.filter((name) => name.length > 1)].join('_');
}

function parse(text: string): Parsed {
  const lower = text.toLowerCase();
  const [first = '', ...rest] = lower.split('_');
  const profile = profileOf(first);
  const base = /^rv(32|64)([a-z0-9]*)$/.exec(first);
  if (!profile && !base) {
    const known = nearest(first, profileNames);
    throw new UserError(
      `isa: '${text}' is no ISA string that Trapline knows; write for example 'rv64imac_zba' or '${known ?? 'rva22s64'}'`,
      'isa',
    );
  }
  const xlen = (base?.[1] ?? first.slice(-2)) === '32' ? 32 : 64;
  const letters = [...withoutVersions(base?.[2] ?? '').replace('g', general)];
  const written = [...letters, ...rest.filter((name) => name !== '').map(knownName)];
  // Every machine has S-mode and U-mode, which only old strings name.
  const names = written.filter((name) => name !== 's' && name !== 'u');
  check(text, names, xlen);
  if (!profile && !names.includes('i')) {
    throw new UserError(`isa: '${text}' has no base, as in 'rv${xlen}i'`, 'isa');
  }
  const all = [...new Set([...(profile?.mandatory ?? []), ...names])];
  return { xlen, names: all, absent: profile?.absent ?? [] };
}

/** Version numbers are read over: there is one version of each. */
const withoutVersions = (letters: string): string => letters.replace(/\d+(p\d+)?/g, '');

/** Without its version: names may end with a number of their own, as Sv39's does. */
function knownName(name: string): string {
  if (extensionExists(name)) return name;
  const ends = Array.from(name, (_, end) => end);
  const end = ends.findLast(
    (at) => extensionExists(name.slice(0, at)) && /^\d+(p\d+)?$/.test(name.slice(at)),
  );
  return name.slice(0, end);
}

function check(text: string, names: readonly string[], xlen: RegisterWidth): void {
  const unknown = names.filter((name) => !extensionExists(name));
  if (unknown.length > 0) {
    const candidates = [...Object.keys(named), ...Object.keys(always)];
    // One letter is near to every other.
    const words = unknown.filter((name) => name.length > 1);
    const near = words.flatMap((name) => nearest(name, candidates) ?? []);
    const hint = near.length > 0 ? `; did you mean ${near.map((n) => `'${n}'`).join(', ')}?` : '';
    throw new UserError(
      `isa: '${unknown.join("', '")}' of '${text}' is not implemented${hint}`,
      'isa',
    );
  }
  for (const name of names) {
    const only = widthOf(name) ?? xlen;
    if (only !== xlen) {
      throw new UserError(`isa: '${name}' of '${text}' exists on rv${only} alone`, 'isa');
    }
  }
}
