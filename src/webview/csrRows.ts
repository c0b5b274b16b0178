/**
 * The rows of the CSRs view: which groups, registers and fields are to be seen under a filter and
 * a set of expanded rows. Pure; csrs.ts draws what this returns.
 */
import type { CsrGroup, CsrRow, FieldRow } from '../adapter/protocol.ts';
import { parseFilter, type Filter } from './filter.ts';

interface RowPlace {
  /** Stable from one stop to the next: `Machine`, `mstatus`, `mstatus.MPP`. */
  readonly key: string;
  /** One-based depth, position among siblings and their number, as ARIA counts. */
  readonly level: number;
  readonly position: number;
  readonly size: number;
  /** Undefined for a row with nothing below it. */
  readonly expanded: boolean | undefined;
}

export type TreeRow = RowPlace &
  (
    | {
        readonly kind: 'group';
        readonly group: CsrGroup;
        readonly shown: number;
        readonly changed: number;
      }
    | { readonly kind: 'register'; readonly register: CsrRow }
    | { readonly kind: 'about'; readonly register: CsrRow }
    | { readonly kind: 'field'; readonly register: CsrRow; readonly field: FieldRow }
  );

export interface RowChoice {
  readonly filter: string;
  readonly changedOnly: boolean;
  /** Keys of rows that the user opened; groups are open unless their key is in `collapsed`. */
  readonly expanded: ReadonlySet<string>;
  readonly collapsed: ReadonlySet<string>;
}

export const pinnedGroup = 'Pinned';

export interface Arrangement {
  /** Names of registers that stand in a group of their own at the top. */
  readonly pinned: readonly string[];
  /** Copies of a register at several levels are a group, instead of the registers of a level. */
  readonly sideBySide: boolean;
}

/** Groups as they are shown: each register once, pinned ones first in the order of pinning. */
export function arrange(
  groups: readonly CsrGroup[],
  { pinned, sideBySide }: Arrangement,
): CsrGroup[] {
  const all = groups.flatMap(({ registers }) => registers);
  const first = pinned.flatMap((name) => all.find((register) => register.name === name) ?? []);
  const rest = groups.map(({ name, registers }) => ({
    name,
    registers: registers.filter((register) => !pinned.includes(register.name)),
  }));
  const others = sideBySide ? counterparts(rest.flatMap(({ registers }) => registers)) : rest;
  const pinnedRows = first.length === 0 ? [] : [{ name: pinnedGroup, registers: first }];
  return [...pinnedRows, ...others];
}

function counterparts(registers: readonly CsrRow[]): CsrGroup[] {
  const families = byCounterpart(registers);
  const copies = [...families.values()].filter((family) => family.length > 1);
  const alone = [...families.values()].filter((family) => family.length === 1).flat();
  return [
    ...copies.map((family) => ({
      name: family.map((register) => register.name).join(' · '),
      registers: family,
    })),
    ...(alone.length === 0 ? [] : [{ name: 'At one level only', registers: alone }]),
  ];
}

function byCounterpart(registers: readonly CsrRow[]): Map<string, CsrRow[]> {
  const families = new Map<string, CsrRow[]>();
  for (const register of registers) {
    const key = register.counterpart ?? register.name;
    families.set(key, [...(families.get(key) ?? []), register]);
  }
  return families;
}

export function visibleRows(groups: readonly CsrGroup[], choice: RowChoice): TreeRow[] {
  const filter = parseFilter(choice.filter);
  const shown = groups
    .map((group) => ({
      group,
      registers: group.registers.filter((r) => wanted(r, filter, choice)),
    }))
    .filter(({ registers }) => registers.length > 0);
  return shown.flatMap(({ group, registers }, index) => {
    const key = groupKey(group.name);
    // What a search found is shown, whatever was closed before.
    const expanded = !filter.empty || choice.changedOnly || !choice.collapsed.has(key);
    const changed = registers.filter((register) => register.changed).length;
    const place = { key, level: 1, position: index + 1, size: shown.length, expanded };
    const row: TreeRow = { ...place, kind: 'group', group, shown: registers.length, changed };
    if (!expanded) return [row];
    return [
      row,
      ...registers.flatMap((r, i) => registerRows(r, i, registers.length, filter, choice)),
    ];
  });
}

export function groupKey(name: string): string {
  return `group ${name}`;
}

function registerRows(
  register: CsrRow,
  index: number,
  size: number,
  filter: Filter,
  choice: RowChoice,
): TreeRow[] {
  const found = filter.empty ? [] : fieldsFound(register, filter);
  const expanded = choice.expanded.has(register.name) || found.length > 0;
  const place = { key: register.name, level: 2, position: index + 1, size, expanded };
  const row: TreeRow = { ...place, kind: 'register', register };
  if (!expanded) return [row];
  const fields = choice.expanded.has(register.name) ? register.fields : found;
  const below = { level: 3, size: fields.length + 1, expanded: undefined };
  return [
    row,
    { ...below, kind: 'about', key: `${register.name} about`, position: 1, register },
    ...fields.map((field, i): TreeRow => ({
      ...below,
      kind: 'field',
      key: `${register.name}.${field.name}`,
      position: i + 2,
      register,
      field,
    })),
  ];
}

function wanted(register: CsrRow, filter: Filter, choice: RowChoice): boolean {
  if (choice.changedOnly && !register.changed) return false;
  return matchesItself(register, filter) || fieldsFound(register, filter).length > 0;
}

function matchesItself(register: CsrRow, filter: Filter): boolean {
  const { name, number, description, section, value } = register;
  return filter.matches(name, numberText(number), description, section, value);
}

/** Fields that a search is after, when the register itself is not what it is after. */
function fieldsFound(register: CsrRow, filter: Filter): readonly FieldRow[] {
  if (matchesItself(register, filter)) return [];
  return register.fields.filter((field) =>
    filter.matches(register.name, field.name, field.description, field.meaning ?? ''),
  );
}

/** A register's number as the manual prints it: `0x300`. */
export function numberText(number: number): string {
  return `0x${number.toString(16).padStart(3, '0')}`;
}

/** The bits of a field as the manual prints them: `12:11`, or `3` for one bit. */
export function bitsText(field: FieldRow): string {
  return field.high === field.low ? `${field.high}` : `${field.high}:${field.low}`;
}

/** A number as a person types it, or undefined when it is none: `0x1f`, `31`, `0b11`, `1_000`. */
export function parseValue(text: string): bigint | undefined {
  const plain = text.trim().replaceAll('_', '');
  if (!/^(0x[0-9a-f]+|0b[01]+|0o[0-7]+|[0-9]+)$/i.test(plain)) return undefined;
  return BigInt(plain);
}

/** The register's value with one field replaced; undefined when the field is too narrow for it. */
export function withField(register: CsrRow, field: FieldRow, value: bigint): bigint | undefined {
  const width = BigInt(field.high - field.low + 1);
  if (value >> width !== 0n) return undefined;
  const low = BigInt(field.low);
  const mask = ((1n << width) - 1n) << low;
  return (BigInt(register.value) & ~mask) | (value << low);
}
