/**
 * Which rows of a list of mappings have all words of a filter, case aside, in their texts:
 * addresses, sizes, permissions, memory type, what backs them. Made for a million rows, looked at
 * again with each letter that is typed.
 */
import type { MappedPages, MappingList } from '../isa/mappingList.ts';
import type { MappingRow } from './target.ts';

/** What backs a page of the input side, or of the output side; '' when unknown. */
export type Backing = (pages: MappedPages) => string;

export interface FilteredRows {
  readonly filter: string;
  /** Rows of the list, in order. */
  readonly rows: Uint32Array;
}

/** `before` may be what another filter left of the same list: a longer one leaves some of that. */
export function filterMappings(
  list: MappingList,
  filter: string,
  backing: Backing,
  before?: FilteredRows,
): FilteredRows {
  const words = wordsOf(filter);
  const text = words.join(' ');
  if (before?.filter === text) return before;
  const narrows = before !== undefined && text.startsWith(before.filter);
  const known = narrows ? before.rows : undefined;
  const candidates = known?.length ?? list.length;
  const textOf = texts(list, backing);
  const found = new Uint32Array(candidates);
  let count = 0;
  for (let i = 0; i < candidates; i++) {
    const row = known === undefined ? i : known[i]!;
    const rowText = textOf(row);
    if (words.every((word) => rowText.includes(word))) found[count++] = row;
  }
  return { filter: text, rows: found.slice(0, count) };
}

/** The address that a filter consists of. */
export function addressIn(filter: string): bigint | undefined {
  const plain = filter.trim().replaceAll('_', '');
  return /^0x[0-9a-f]{1,16}$/i.test(plain) ? BigInt(plain) : undefined;
}

/** Addresses have no leading zeros here, so those of a word go, too. */
function wordsOf(filter: string): string[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return words.map((word) => word.replace(/0x0+(?=[0-9a-f])/g, '0x'));
}

/** A row's texts, one to a line. What rows have in common is written once. */
function texts(list: MappingList, backing: Backing): (row: number) => string {
  const kinds = new Map<number, string>();
  const sizes = new Map<number, string>();
  return (row) => {
    const pages = list.pagesAt(row);
    const { input, output, flags } = pages;
    const last = input + pages.pages - 1;
    let kind = kinds.get(flags);
    if (kind === undefined) kinds.set(flags, (kind = kindText(list.row(row)).toLowerCase()));
    let size = sizes.get(pages.pages);
    if (size === undefined) sizes.set(pages.pages, (size = sizeText(pages.pages).toLowerCase()));
    return (
      `0x${pageText(input)}–0x${last === 0 ? 'fff' : `${last.toString(16)}fff`}\n` +
      `0x${pageText(output)}\n${size}\n${kind}\n${backing(pages).toLowerCase()}`
    );
  };
}

/** The address of a page's first byte. */
function pageText(page: number): string {
  return page === 0 ? '0' : `${page.toString(16)}000`;
}

function kindText(row: MappingRow): string {
  const flag = (set: boolean, letter: string): string => (set ? letter : '-');
  const permissions =
    flag(row.readable, 'r') +
    flag(row.writable, 'w') +
    flag(row.executable, 'x') +
    flag(row.user, 'u');
  const used = flag(row.accessed, 'A') + flag(row.dirty, 'D');
  const pageSize = sizeText(Number(row.pageSize / 4096n));
  return `${permissions}\n${used} ${row.memoryType}\n${pageSize}`;
}

/** With the largest unit that keeps it whole. */
function sizeText(pages: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let [value, unit] = [pages * 4, 0];
  while (value >= 1024 && value % 1024 === 0 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value} ${units[unit]}`;
}
