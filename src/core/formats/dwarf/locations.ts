/**
 * Which location expression is valid at an address: a single expression, `.debug_loc` (DWARF 4,
 * section 2.6.2) or `.debug_loclists` (DWARF 5, section 7.29).
 */
import type { ByteReader } from '../../base/byteReader.ts';
import { DW_AT, DW_LLE, DW_LLE_GNU, nameOf } from './constants.ts';
import { readOffset } from './forms.ts';
import { unitBase } from './ranges.ts';
import type { Die, Unit } from './unit.ts';

/**
 * The expression that an attribute gives for a pc (the file's own address), undefined where there is
 * none: the variable has no location there.
 */
export function expressionAt(die: Die, attribute: number, pc: bigint): Uint8Array | undefined {
  const { unit } = die;
  const { sections } = unit.lookup;
  const value = die.value(attribute);
  if (!value) return undefined;
  if (value.kind === 'block') return value.bytes;
  if (value.kind === 'locationListIndex') {
    const base = unit.base(DW_AT.loclists_base, 12);
    const entry = sections.reader('loclists', base + value.index * unit.offsetSize);
    return searchList(sections.reader('loclists', base + readOffset(entry, unit)), unit, pc);
  }
  const offset = die.sectionOffset(attribute);
  if (offset === undefined) return undefined;
  if (unit.version >= 5) return searchList(sections.reader('loclists', offset), unit, pc);
  const list = sections.reader('loc', offset);
  return sections.isSplit ? searchGnuList(list, unit, pc) : searchOldList(list, unit, pc);
}

/** Lists in the `.debug_loc.dwo` of DWARF 4: addresses are indexes, lengths have 4 bytes. */
function searchGnuList(reader: ByteReader, unit: Unit, pc: bigint): Uint8Array | undefined {
  const indexed = () => unit.indexedAddress(reader.uleb());
  for (;;) {
    const kind = reader.u8();
    let low = 0n;
    let high = 0n;
    if (kind === DW_LLE_GNU.end_of_list) return undefined;
    if (kind === DW_LLE_GNU.base_address_selection) {
      reader.uleb();
      continue;
    }
    if (kind === DW_LLE_GNU.start_end) {
      low = indexed();
      high = indexed();
    } else if (kind === DW_LLE_GNU.start_length) {
      low = indexed();
      high = low + BigInt(reader.u32());
    } else {
      throw reader.error(`location list entry ${kind} is not known here`);
    }
    const expression = reader.block(reader.u16());
    if (pc >= low && pc < high) return expression;
  }
}

function searchOldList(reader: ByteReader, unit: Unit, pc: bigint): Uint8Array | undefined {
  const size = unit.addressSize;
  const highest = (1n << BigInt(size * 8)) - 1n;
  let base = unitBase(unit);
  for (;;) {
    const low = reader.unsigned(size);
    const high = reader.unsigned(size);
    if (low === 0n && high === 0n) return undefined;
    if (low === highest) {
      base = high;
      continue;
    }
    const expression = reader.block(reader.u16());
    if (pc >= ((base + low) & highest) && pc < ((base + high) & highest)) return expression;
  }
}

function searchList(reader: ByteReader, unit: Unit, pc: bigint): Uint8Array | undefined {
  const address = () => reader.unsigned(unit.addressSize);
  const indexed = () => unit.indexedAddress(reader.uleb());
  const block = () => reader.block(reader.uleb());
  let base = unitBase(unit);
  let otherwise: Uint8Array | undefined;
  for (;;) {
    let low = 0n;
    let high = 0n;
    const kind = reader.u8();
    switch (kind) {
      case DW_LLE.end_of_list:
        return otherwise;
      case DW_LLE.base_addressx:
        base = indexed();
        continue;
      case DW_LLE.base_address:
        base = address();
        continue;
      case DW_LLE.GNU_view_pair:
        reader.uleb();
        reader.uleb();
        continue;
      case DW_LLE.default_location:
        otherwise = block();
        continue;
      case DW_LLE.startx_endx:
        low = indexed();
        high = indexed();
        break;
      case DW_LLE.startx_length:
        low = indexed();
        high = low + reader.ulebBig();
        break;
      case DW_LLE.offset_pair:
        low = base + reader.ulebBig();
        high = base + reader.ulebBig();
        break;
      case DW_LLE.start_end:
        low = address();
        high = address();
        break;
      case DW_LLE.start_length:
        low = address();
        high = low + reader.ulebBig();
        break;
      default:
        throw reader.error(`${nameOf('DW_LLE', DW_LLE, kind)} is not known here`);
    }
    const expression = block();
    if (pc >= low && pc < high) return expression;
  }
}
