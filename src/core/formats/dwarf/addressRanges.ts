/**
 * Which unit has the code at an address, as the file itself lists it: `.debug_aranges` (DWARF 5,
 * section 6.1.2), or the address area of `.gdb_index`.
 */
import { FormatError, type ByteReader } from '../../base/byteReader.ts';
import type { Dwarf } from './dwarf.ts';
import { GdbIndex } from './gdbIndex.ts';
import type { AddressRange } from './ranges.ts';
import { readInitialLength } from './unit.ts';

/** Part of a unit's code; the unit's header is at `unitOffset` of `.debug_info`. */
export interface ListedRange extends AddressRange {
  readonly unitOffset: number;
}

/** Empty where the file lists none. Units that are missing in it may have code all the same. */
export function listedRanges({ sections }: Dwarf): readonly ListedRange[] {
  const gdb = sections.other('.gdb_index');
  const found = gdb
    ? new GdbIndex(gdb).addresses()
    : sections.has('aranges')
      ? readTables(sections.reader('aranges'))
      : [];
  return found.filter((r) => r.low < r.high && sections.covers(r.low));
}

function readTables(reader: ByteReader): readonly ListedRange[] {
  const found: ListedRange[] = [];
  while (!reader.atEnd) {
    const start = reader.offset;
    const { length, offsetSize } = readInitialLength(reader);
    const end = reader.offset + length;
    if (end > reader.end) throw reader.error('a table of addresses is truncated', start);
    try {
      readTable(reader.slice(reader.offset, end), start, offsetSize, found);
    } catch (error) {
      // The others are as good as ever; units without addresses here are looked at themselves.
      if (!(error instanceof FormatError)) throw error;
    }
    reader.seek(end);
  }
  return found;
}

function readTable(
  reader: ByteReader,
  start: number,
  offsetSize: 4 | 8,
  found: ListedRange[],
): void {
  const version = reader.u16();
  if (version !== 2) throw reader.error(`version ${version} is not known here`, start);
  const unitOffset = offsetSize === 8 ? reader.u64Number() : reader.u32();
  const size = reader.u8();
  if (reader.u8() !== 0) throw reader.error('segmented addresses are not supported', start);
  // Pairs begin at a multiple of their own size from the table's start.
  const pair = 2 * size;
  const ahead = (reader.offset - start) % pair;
  if (ahead !== 0) reader.skip(pair - ahead);
  while (reader.remaining >= pair) {
    const low = reader.unsigned(size);
    const length = reader.unsigned(size);
    // Two zeros end the table, but also stand where a linker discarded a function.
    if (length !== 0n) found.push({ unitOffset, low, high: low + length });
  }
}
