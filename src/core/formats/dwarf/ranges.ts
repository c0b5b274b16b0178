/**
 * Address ranges of an entry: DW_AT_low_pc and DW_AT_high_pc, `.debug_ranges` (DWARF 4, section
 * 2.17.3) and `.debug_rnglists` (DWARF 5, section 7.25). Ranges of discarded code, which linkers
 * move to 0 or to the highest address, are left out.
 */
import type { ByteReader } from '../../base/byteReader.ts';
import { DW_AT, DW_RLE, nameOf } from './constants.ts';
import { readOffset } from './forms.ts';
import type { Die, Unit } from './unit.ts';

/** [low, high) */
export interface AddressRange {
  readonly low: bigint;
  readonly high: bigint;
}

export function rangesOf(die: Die): readonly AddressRange[] {
  const ranges = die.has(DW_AT.ranges) ? listedRanges(die) : contiguousRange(die);
  const { covers } = die.unit.lookup.sections;
  return ranges.filter((r) => r.low < r.high && covers(r.low));
}

/** The address that offsets in range and location lists count from, unless a list sets another. */
export function unitBase(unit: Unit): bigint {
  return unit.holder.root.address(DW_AT.low_pc) ?? 0n;
}

function contiguousRange(die: Die): readonly AddressRange[] {
  const low = die.address(DW_AT.low_pc);
  if (low === undefined) return [];
  const high = die.value(DW_AT.high_pc);
  if (high === undefined) return [];
  if (high.kind === 'constant') return [{ low, high: low + high.value }];
  return [{ low, high: die.address(DW_AT.high_pc) ?? low }];
}

function listedRanges(die: Die): readonly AddressRange[] {
  const { unit } = die;
  const { sections } = unit.lookup;
  const value = die.value(DW_AT.ranges);
  if (value?.kind === 'rangeListIndex') {
    const base = unit.base(DW_AT.rnglists_base, 12);
    const entry = sections.reader('rnglists', base + value.index * unit.offsetSize);
    return readRangeList(sections.reader('rnglists', base + readOffset(entry, unit)), unit);
  }
  const offset = die.sectionOffset(DW_AT.ranges);
  if (offset === undefined) return [];
  if (unit.version >= 5) return readRangeList(sections.reader('rnglists', offset), unit);
  if (!sections.isSplit) return readOldRanges(sections.reader('ranges', offset), unit);
  // Before DWARF 5 the ranges of split units were in the program, from a place that its skeleton says.
  const { holder } = unit;
  const base = holder.base(DW_AT.GNU_ranges_base, undefined);
  return readOldRanges(holder.lookup.sections.reader('ranges', base + offset), unit);
}

function readOldRanges(reader: ByteReader, unit: Unit): readonly AddressRange[] {
  const size = unit.addressSize;
  const highest = (1n << BigInt(size * 8)) - 1n;
  const ranges: AddressRange[] = [];
  let base = unitBase(unit);
  for (;;) {
    const low = reader.unsigned(size);
    const high = reader.unsigned(size);
    if (low === 0n && high === 0n) return ranges;
    if (low === highest) base = high;
    else ranges.push({ low: (base + low) & highest, high: (base + high) & highest });
  }
}

function readRangeList(reader: ByteReader, unit: Unit): readonly AddressRange[] {
  const ranges: AddressRange[] = [];
  const address = () => reader.unsigned(unit.addressSize);
  const indexed = () => unit.indexedAddress(reader.uleb());
  let base = unitBase(unit);
  for (;;) {
    const kind = reader.u8();
    switch (kind) {
      case DW_RLE.end_of_list:
        return ranges;
      case DW_RLE.base_addressx:
        base = indexed();
        break;
      case DW_RLE.base_address:
        base = address();
        break;
      case DW_RLE.startx_endx:
        ranges.push({ low: indexed(), high: indexed() });
        break;
      case DW_RLE.startx_length:
        ranges.push(withLength(indexed(), reader.ulebBig()));
        break;
      case DW_RLE.offset_pair:
        ranges.push({ low: base + reader.ulebBig(), high: base + reader.ulebBig() });
        break;
      case DW_RLE.start_end:
        ranges.push({ low: address(), high: address() });
        break;
      case DW_RLE.start_length:
        ranges.push(withLength(address(), reader.ulebBig()));
        break;
      default:
        throw reader.error(`${nameOf('DW_RLE', DW_RLE, kind)} is not known here`);
    }
  }
}

function withLength(low: bigint, length: bigint): AddressRange {
  return { low, high: low + length };
}
