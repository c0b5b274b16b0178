/**
 * Attribute values by form (DWARF 5, section 7.5.5 and 7.5.6; GNU extensions). Indexes into
 * `.debug_addr` and `.debug_str_offsets` stay indexes: the unit that owns the base resolves them.
 */
import type { ByteReader } from '../../base/byteReader.ts';
import { DW_FORM, nameOf } from './constants.ts';

/** What the size of a value depends on. */
export interface Encoding {
  readonly version: number;
  readonly addressSize: number;
  /** 4 in the 32-bit DWARF format, 8 in the 64-bit one. */
  readonly offsetSize: 4 | 8;
}

export type AttributeValue =
  | { readonly kind: 'address'; readonly address: bigint }
  | { readonly kind: 'addressIndex'; readonly index: number }
  /** Unsigned as it stands unless `signed`; `size` bytes, 0 for LEB128, whose sign is known. */
  | {
      readonly kind: 'constant';
      readonly value: bigint;
      readonly size: number;
      readonly signed: boolean;
    }
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  | { readonly kind: 'flag'; readonly value: boolean }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'stringOffset'; readonly section: 'str' | 'line_str'; readonly offset: number }
  | { readonly kind: 'stringIndex'; readonly index: number }
  /** From the start of the unit, or of `.debug_info`. */
  | { readonly kind: 'unitReference'; readonly offset: number }
  | { readonly kind: 'infoReference'; readonly offset: number }
  | { readonly kind: 'typeSignature'; readonly signature: bigint }
  | { readonly kind: 'sectionOffset'; readonly offset: number }
  | { readonly kind: 'locationListIndex' | 'rangeListIndex'; readonly index: number }
  /** In a supplementary file, which is not read. */
  | { readonly kind: 'supplementary' };

/** Size of a form whose size does not depend on its value. */
export function fixedFormSize(form: number, encoding: Encoding): number | undefined {
  switch (form) {
    case DW_FORM.flag_present:
    case DW_FORM.implicit_const:
      return 0;
    case DW_FORM.data1:
    case DW_FORM.flag:
    case DW_FORM.ref1:
    case DW_FORM.strx1:
    case DW_FORM.addrx1:
      return 1;
    case DW_FORM.data2:
    case DW_FORM.ref2:
    case DW_FORM.strx2:
    case DW_FORM.addrx2:
      return 2;
    case DW_FORM.strx3:
    case DW_FORM.addrx3:
      return 3;
    case DW_FORM.data4:
    case DW_FORM.ref4:
    case DW_FORM.strx4:
    case DW_FORM.addrx4:
    case DW_FORM.ref_sup4:
      return 4;
    case DW_FORM.data8:
    case DW_FORM.ref8:
    case DW_FORM.ref_sig8:
    case DW_FORM.ref_sup8:
      return 8;
    case DW_FORM.data16:
      return 16;
    case DW_FORM.addr:
      return encoding.addressSize;
    case DW_FORM.ref_addr:
      // DWARF 2 gave it the size of an address.
      return encoding.version <= 2 ? encoding.addressSize : encoding.offsetSize;
    case DW_FORM.strp:
    case DW_FORM.line_strp:
    case DW_FORM.sec_offset:
    case DW_FORM.strp_sup:
    case DW_FORM.GNU_ref_alt:
    case DW_FORM.GNU_strp_alt:
      return encoding.offsetSize;
    default:
      return undefined;
  }
}

export function skipForm(reader: ByteReader, form: number, encoding: Encoding): void {
  const size = fixedFormSize(form, encoding);
  if (size !== undefined) {
    reader.skip(size);
    return;
  }
  switch (form) {
    case DW_FORM.block1:
      reader.skip(reader.u8());
      return;
    case DW_FORM.block2:
      reader.skip(reader.u16());
      return;
    case DW_FORM.block4:
      reader.skip(reader.u32());
      return;
    case DW_FORM.block:
    case DW_FORM.exprloc:
      reader.skip(reader.uleb());
      return;
    case DW_FORM.string:
      reader.skipCstring();
      return;
    case DW_FORM.indirect:
      skipForm(reader, directForm(reader), encoding);
      return;
    default:
      readForm(reader, form, 0n, encoding);
  }
}

export function readForm(
  reader: ByteReader,
  form: number,
  implicitConst: bigint,
  encoding: Encoding,
): AttributeValue {
  switch (form) {
    case DW_FORM.addr:
      return { kind: 'address', address: reader.unsigned(encoding.addressSize) };
    case DW_FORM.addrx:
    case DW_FORM.GNU_addr_index:
      return { kind: 'addressIndex', index: reader.uleb() };
    case DW_FORM.addrx1:
      return { kind: 'addressIndex', index: reader.u8() };
    case DW_FORM.addrx2:
      return { kind: 'addressIndex', index: reader.u16() };
    case DW_FORM.addrx3:
      return { kind: 'addressIndex', index: reader.u24() };
    case DW_FORM.addrx4:
      return { kind: 'addressIndex', index: reader.u32() };
    case DW_FORM.data1:
      return constant(reader, 1);
    case DW_FORM.data2:
      return constant(reader, 2);
    case DW_FORM.data4:
      return constant(reader, 4);
    case DW_FORM.data8:
      return constant(reader, 8);
    case DW_FORM.sdata:
      return { kind: 'constant', value: reader.slebBig(), size: 0, signed: true };
    case DW_FORM.udata:
      return { kind: 'constant', value: reader.ulebBig(), size: 0, signed: false };
    case DW_FORM.implicit_const:
      return { kind: 'constant', value: implicitConst, size: 0, signed: true };
    case DW_FORM.data16:
      return { kind: 'block', bytes: reader.block(16) };
    case DW_FORM.block1:
      return { kind: 'block', bytes: reader.block(reader.u8()) };
    case DW_FORM.block2:
      return { kind: 'block', bytes: reader.block(reader.u16()) };
    case DW_FORM.block4:
      return { kind: 'block', bytes: reader.block(reader.u32()) };
    case DW_FORM.block:
    case DW_FORM.exprloc:
      return { kind: 'block', bytes: reader.block(reader.uleb()) };
    case DW_FORM.flag:
      return { kind: 'flag', value: reader.u8() !== 0 };
    case DW_FORM.flag_present:
      return { kind: 'flag', value: true };
    case DW_FORM.indirect: {
      const direct = directForm(reader);
      const value = direct === DW_FORM.implicit_const ? reader.slebBig() : 0n;
      return readForm(reader, direct, value, encoding);
    }
    default:
      return readStringForm(reader, form, encoding) ?? readOffsetForm(reader, form, encoding);
  }
}

function readStringForm(
  reader: ByteReader,
  form: number,
  encoding: Encoding,
): AttributeValue | undefined {
  switch (form) {
    case DW_FORM.string:
      return { kind: 'string', text: reader.cstring() };
    case DW_FORM.strp:
      return { kind: 'stringOffset', section: 'str', offset: readOffset(reader, encoding) };
    case DW_FORM.line_strp:
      return { kind: 'stringOffset', section: 'line_str', offset: readOffset(reader, encoding) };
    case DW_FORM.strx:
    case DW_FORM.GNU_str_index:
      return { kind: 'stringIndex', index: reader.uleb() };
    case DW_FORM.strx1:
      return { kind: 'stringIndex', index: reader.u8() };
    case DW_FORM.strx2:
      return { kind: 'stringIndex', index: reader.u16() };
    case DW_FORM.strx3:
      return { kind: 'stringIndex', index: reader.u24() };
    case DW_FORM.strx4:
      return { kind: 'stringIndex', index: reader.u32() };
    default:
      return undefined;
  }
}

function readOffsetForm(reader: ByteReader, form: number, encoding: Encoding): AttributeValue {
  switch (form) {
    case DW_FORM.ref1:
      return { kind: 'unitReference', offset: reader.u8() };
    case DW_FORM.ref2:
      return { kind: 'unitReference', offset: reader.u16() };
    case DW_FORM.ref4:
      return { kind: 'unitReference', offset: reader.u32() };
    case DW_FORM.ref8:
      return { kind: 'unitReference', offset: reader.u64Number() };
    case DW_FORM.ref_udata:
      return { kind: 'unitReference', offset: reader.uleb() };
    case DW_FORM.ref_addr: {
      const size = fixedFormSize(form, encoding);
      const offset = size === 8 ? reader.u64Number() : Number(reader.unsigned(size ?? 4));
      return { kind: 'infoReference', offset };
    }
    case DW_FORM.ref_sig8:
      return { kind: 'typeSignature', signature: reader.u64() };
    case DW_FORM.sec_offset:
      return { kind: 'sectionOffset', offset: readOffset(reader, encoding) };
    case DW_FORM.loclistx:
      return { kind: 'locationListIndex', index: reader.uleb() };
    case DW_FORM.rnglistx:
      return { kind: 'rangeListIndex', index: reader.uleb() };
    case DW_FORM.ref_sup4:
    case DW_FORM.ref_sup8:
    case DW_FORM.strp_sup:
    case DW_FORM.GNU_ref_alt:
    case DW_FORM.GNU_strp_alt:
      reader.skip(fixedFormSize(form, encoding) ?? 0);
      return { kind: 'supplementary' };
    default:
      throw reader.error(`${nameOf('DW_FORM', DW_FORM, form)} is not known here`);
  }
}

/** A section offset in the unit's format. */
export function readOffset(reader: ByteReader, encoding: Pick<Encoding, 'offsetSize'>): number {
  return encoding.offsetSize === 8 ? reader.u64Number() : reader.u32();
}

/** DW_FORM_indirect may not name itself: that would never end. */
function directForm(reader: ByteReader): number {
  const form = reader.uleb();
  if (form === DW_FORM.indirect) throw reader.error('DW_FORM_indirect names itself');
  return form;
}

function constant(reader: ByteReader, size: number): AttributeValue {
  return { kind: 'constant', value: reader.unsigned(size), size, signed: false };
}
