/** The rows of the mappings view as text. Pure. */
import type { MappingsBody } from '../adapter/protocol.ts';

export type MappingRow = MappingsBody['rows'][number];

export interface MappingText {
  /** `0x80000000–0x801fffff`, both ends inclusive. */
  readonly range: string;
  readonly size: string;
  readonly output: string;
  readonly pageSize: string;
  readonly permissions: string;
  /** `AD` with `-` for what is missing, and the memory type where the table names one. */
  readonly used: string;
  readonly backing: string;
  /** The row in words, for a screen reader. */
  readonly spoken: string;
  /** The row for the clipboard, columns separated by tabs. */
  readonly line: string;
}

/** Stable from one stop to the next. */
export function mappingKey(row: MappingRow): string {
  return `${row.input} ${row.pageSize}`;
}

export function mappingText(row: MappingRow): MappingText {
  const range = `${row.input}–${lastOf(row)}`;
  const size = sizeText(row.size);
  const pageSize = sizeText(row.pageSize);
  const { output, permissions, backing, memoryType } = row;
  const bits = `${row.accessed ? 'A' : '-'}${row.dirty ? 'D' : '-'}`;
  const used = memoryType === '' ? bits : `${bits} ${memoryType}`;
  const columns = [range, size, output, pageSize, permissions, used, backing];
  return {
    range,
    size,
    output,
    pageSize,
    permissions,
    used,
    backing,
    spoken:
      `${row.input} to ${lastOf(row)}, ${size}, mapped to ${output}, pages of ${pageSize}, ` +
      `${permissionsInWords(permissions)}, ${row.accessed ? '' : 'not '}accessed, ` +
      `${row.dirty ? '' : 'not '}dirty` +
      [memoryType, backing].map((text) => (text === '' ? '' : `, ${text}`)).join(''),
    line: columns.join('\t'),
  };
}

/** A number of bytes, `0x…` or decimal, with the largest unit that keeps it whole: `2 MiB`. */
export function sizeText(bytes: string): string {
  if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(bytes)) return bytes;
  let value = BigInt(bytes);
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  while (value >= 1024n && value % 1024n === 0n && unit < units.length - 1) {
    value /= 1024n;
    unit++;
  }
  return `${value} ${units[unit]}`;
}

function lastOf(row: MappingRow): string {
  return `0x${(BigInt(row.input) + BigInt(row.size) - 1n).toString(16)}`;
}

const permissionWords: Readonly<Record<string, string>> = {
  r: 'readable',
  w: 'writable',
  x: 'executable',
  u: 'user',
};

function permissionsInWords(permissions: string): string {
  const words = [...permissions].flatMap((letter) => permissionWords[letter] ?? []);
  return words.length === 0 ? 'no access' : words.join(' ');
}
