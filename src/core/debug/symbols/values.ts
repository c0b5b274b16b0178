/**
 * Values as C text, and C text as values. Reads an object's bytes through its storage; never throws
 * for what cannot be read, but says so in the text: `<optimized out>`.
 */
import { FormatError } from '../../base/byteReader.ts';
import { DW_ATE } from '../../formats/dwarf/constants.ts';
import { Unavailable } from '../../formats/dwarf/expression.ts';
import {
  arrayOf,
  isCharacter,
  isReferenceToObject,
  isSigned,
  rustArrayOf,
  voidType,
  type CType,
  type StructCType,
} from './cTypes.ts';
import { libraryValue, type LibraryValue, type Part } from './cppValues.ts';
import { rustShape, rustSlice, rustText, type RustSlice } from './rustValues.ts';
import {
  fromLittleEndian,
  littleEndian,
  memoryStorage,
  partOf,
  type RegisterFill,
  type Storage,
} from './storage.ts';
import {
  characterArray,
  characterText,
  escaped,
  escapes,
  formatFloat,
  quote,
} from './valueText.ts';
import { SymbolError, type FrameContext, type Presentation } from './symbols.ts';

export interface ValueSetting {
  readonly context: FrameContext;
  /** `main`, `main+4`, `table`; undefined where the address means nothing. */
  readonly symbolize: (address: bigint) => string | undefined;
}

export interface BitField {
  readonly offset: number;
  readonly size: number;
}

/** As integers of C are written, and a long text cut. */
const usual: Presentation = { radix: 10, whole: false };

const MAX_STRING = 200;
/** What the user wants whole still has an end. */
const WHOLE_STRING = 1 << 16;
const MAX_ELEMENTS = 16;
const MAX_MEMBERS = 12;
/** How deep structs are shown within structs before `{…}`. */
const MAX_NESTING = 2;
const WHOLE_PARTS = 4096;
const WHOLE_NESTING = 8;

export async function formatValue(
  type: CType,
  storage: Storage,
  setting: ValueSetting,
  bits?: BitField,
  nesting = 0,
): Promise<string> {
  try {
    return await format(type, storage, setting, bits, nesting);
  } catch (error) {
    if (error instanceof Unavailable || error instanceof FormatError) return `<${error.message}>`;
    throw error;
  }
}

/** The number in a scalar's bytes, sign extended when the type has a sign. */
export async function readScalar(type: CType, storage: Storage, bits?: BitField): Promise<bigint> {
  const size = bits ? bits.size : type.size * 8;
  const value = bits
    ? await readField(type, storage, bits)
    : fromLittleEndian(await storage.read(0, type.size));
  return isSigned(type) ? BigInt.asIntN(size, value) : value;
}

async function readField(type: CType, storage: Storage, bits: BitField): Promise<bigint> {
  if (storage.readBits) return storage.readBits(bits.offset, bits.size);
  const raw = fromLittleEndian(await storage.read(0, scalarBytes(type, bits)));
  return BigInt.asUintN(bits.size, raw >> BigInt(bits.offset));
}

export async function writeScalar(
  type: CType,
  storage: Storage,
  bits: BitField | undefined,
  text: string,
): Promise<void> {
  const { write } = storage;
  if (!write)
    throw new SymbolError('the value cannot be changed: it is not in memory or a register');
  const fill = registerFill(type);
  if (type.kind === 'base' && type.encoding === DW_ATE.float) {
    await write(0, floatBytes(parseFloatText(text), type.size), fill);
    return;
  }
  const size = bits ? bits.size : type.size * 8;
  const value = parseInteger(type, text);
  if (value >= 1n << BigInt(size) || value < -(1n << BigInt(size - 1))) {
    throw new SymbolError(`${text} does not fit in ${size} bits`);
  }
  if (!bits) {
    await write(0, littleEndian(BigInt.asUintN(size, value), type.size), fill);
    return;
  }
  const length = scalarBytes(type, bits);
  const old = fromLittleEndian(await storage.read(0, length));
  const mask = ((1n << BigInt(size)) - 1n) << BigInt(bits.offset);
  const field = BigInt.asUintN(size, value) << BigInt(bits.offset);
  await write(0, littleEndian((old & ~mask) | field, length), fill);
}

/** Text up to a NUL at an address, quoted; undefined when nothing can be read there. */
export async function stringAt(
  address: bigint,
  context: FrameContext,
): Promise<string | undefined> {
  const bytes: number[] = [];
  const most = context.presentation?.whole ? WHOLE_STRING : MAX_STRING;
  while (bytes.length < most) {
    const at = address + BigInt(bytes.length);
    // Up to a boundary, so that a string at the end of memory can still be read.
    const chunk = await context.readMemory(at, 64 - Number(at & 63n));
    if (chunk.length === 0) return bytes.length === 0 ? undefined : `${quote(bytes)}...`;
    const end = chunk.indexOf(0);
    bytes.push(...(end < 0 ? chunk : chunk.subarray(0, end)));
    if (end >= 0) return quote(bytes);
  }
  return `${quote(bytes.slice(0, most))}...`;
}

async function format(
  type: CType,
  storage: Storage,
  setting: ValueSetting,
  bits: BitField | undefined,
  nesting: number,
): Promise<string> {
  switch (type.kind) {
    case 'base':
      return formatBase(type, storage, bits, setting);
    case 'enum':
      return formatEnum(type, await readScalar(type, storage, bits), setting);
    case 'pointer':
      return formatPointer(type, await readScalar(type, storage), setting, nesting);
    case 'struct':
      if (type.rust !== undefined) return formatRust(type, storage, setting, nesting);
      return formatStruct(type, storage, setting, nesting);
    case 'array':
      return formatArray(type, storage, setting, nesting);
    case 'function':
      return storage.address === undefined ? '<function>' : describe(storage.address, setting);
    case 'void':
      return '<no type>';
  }
}

async function formatBase(
  type: CType & { kind: 'base' },
  storage: Storage,
  bits: BitField | undefined,
  setting: ValueSetting,
): Promise<string> {
  if (type.encoding === DW_ATE.float) {
    return formatFloat(await storage.read(0, type.size));
  }
  if (type.encoding === DW_ATE.complex_float) {
    const half = type.size / 2;
    const imaginary = formatFloat(await storage.read(half, half));
    return `${formatFloat(await storage.read(0, half))} + ${imaginary}i`;
  }
  const value = await readScalar(type, storage, bits);
  if (type.encoding === DW_ATE.boolean && value <= 1n) return value === 1n ? 'true' : 'false';
  // Rust's; those of C have other names.
  if (type.encoding === DW_ATE.UTF && type.declare('') === 'char') {
    return `'${escaped(String.fromCodePoint(Number(value % 0x110000n)), "'")}'`;
  }
  if (type.encoding === DW_ATE.UTF) return `${value} U+${value.toString(16).padStart(4, '0')}`;
  const text = integerText(value, bits?.size ?? type.size * 8, setting);
  if (!isCharacter(type)) return text;
  return `${text} '${characterText(Number(value & 0xffn), "'")}'`;
}

/** Negative numbers in two's complement, when not in decimal. */
function integerText(value: bigint, bits: number, { context }: ValueSetting): string {
  const { radix } = context.presentation ?? usual;
  if (radix === 10) return value.toString();
  const digits = BigInt.asUintN(bits, value).toString(radix);
  return radix === 16 ? `0x${digits}` : `0b${digits}`;
}

function formatEnum(type: CType & { kind: 'enum' }, value: bigint, setting: ValueSetting): string {
  const enumerators = type.enumerators();
  const exact = enumerators.find((e) => e.value === value);
  if (exact) return exact.name;
  // Enumerators that are single bits are flags.
  let rest = value;
  const flags: string[] = [];
  for (const { name, value: bit } of enumerators) {
    if (bit === 0n || (bit & (bit - 1n)) !== 0n || (rest & bit) === 0n) continue;
    flags.push(name);
    rest &= ~bit;
  }
  if (flags.length === 0) return integerText(value, type.size * 8, setting);
  if (rest !== 0n) flags.push(`0x${rest.toString(16)}`);
  return flags.join(' | ');
}

async function formatPointer(
  type: CType & { kind: 'pointer' },
  value: bigint,
  setting: ValueSetting,
  nesting: number,
): Promise<string> {
  const target = type.target();
  if (target.kind === 'function') return describe(value, setting);
  if (isReferenceToObject(type)) {
    const { context } = setting;
    return formatValue(
      target,
      memoryStorage(value, context.pointers ?? context),
      setting,
      undefined,
      nesting,
    );
  }
  const text = `0x${value.toString(16)}`;
  const whole = setting.context.presentation?.whole ?? false;
  if (value === 0n || (nesting > 1 && !whole) || !isCharacter(target)) return text;
  const { context } = setting;
  const string = await stringAt(value, context.pointers ?? context);
  return string === undefined ? text : `${text} ${string}`;
}

function describe(address: bigint, setting: ValueSetting): string {
  const symbol = setting.symbolize(address);
  const text = `0x${address.toString(16)}`;
  return symbol === undefined ? text : `${text} <${symbol}>`;
}

async function formatStruct(
  type: StructCType,
  storage: Storage,
  setting: ValueSetting,
  nesting: number,
): Promise<string> {
  const held = await libraryValue(type, storage, { context: setting.context, readScalar });
  if (held) return formatLibrary(held, setting, nesting);
  const members = type.members();
  const whole = setting.context.presentation?.whole ?? false;
  if (nesting >= (whole ? WHOLE_NESTING : MAX_NESTING)) return '{…}';
  const parts: string[] = [];
  const most = whole ? WHOLE_PARTS : MAX_MEMBERS;
  for (const member of members.slice(0, most)) {
    const part = partOf(storage, member.byteOffset);
    const value = await formatValue(member.type, part, setting, member.bits, nesting + 1);
    parts.push(member.name === undefined ? value : `${member.name} = ${value}`);
  }
  if (members.length > most) parts.push('…');
  return `{${parts.join(', ')}}`;
}

/** What an object of the C++ library holds. */
async function formatLibrary(
  held: LibraryValue,
  setting: ValueSetting,
  nesting: number,
): Promise<string> {
  if (held.kind === 'row') {
    const type = arrayOf(held.element, held.count);
    return isCharacter(held.element)
      ? formatText(held.count, held.storage, setting)
      : formatArray(type, held.storage, setting, nesting);
  }
  if (held.kind === 'one') {
    const { part } = held;
    return part ? formatValue(part.type, part.storage, setting, undefined, nesting) : 'nullopt';
  }
  const whole = setting.context.presentation?.whole ?? false;
  if (nesting >= (whole ? WHOLE_NESTING : MAX_NESTING)) return '{…}';
  const texts: string[] = [];
  const most = whole ? WHOLE_PARTS : MAX_ELEMENTS;
  for (const { key, value } of await held.parts(most)) {
    const text = (of: Part) => formatValue(of.type, of.storage, setting, undefined, nesting + 1);
    texts.push(key ? `[${await text(key)}] = ${await text(value)}` : await text(value));
  }
  if (held.count > most) texts.push('…');
  return `{${texts.join(', ')}}`;
}

async function formatText(
  length: number,
  storage: Storage,
  setting: ValueSetting,
): Promise<string> {
  const most = setting.context.presentation?.whole ? WHOLE_STRING : MAX_STRING;
  const shown = Math.min(length, most);
  return `${quote([...(await storage.read(0, shown))])}${shown < length ? '...' : ''}`;
}

async function formatRust(
  type: StructCType,
  storage: Storage,
  setting: ValueSetting,
  nesting: number,
): Promise<string> {
  const slice = rustSlice(type);
  if (slice) return formatSlice(slice, storage, setting, nesting);
  const shape = await rustShape(type, storage, readScalar);
  const whole = setting.context.presentation?.whole ?? false;
  if (nesting >= (whole ? WHOLE_NESTING : MAX_NESTING) + 1) return `${shape.name}{…}`;
  const most = whole ? WHOLE_PARTS : MAX_MEMBERS;
  const parts: { name: string | undefined; value: string }[] = [];
  for (const { name, type: of, byteOffset, bits } of shape.members.slice(0, most)) {
    const part = partOf(shape.storage, byteOffset);
    parts.push({ name, value: await formatValue(of, part, setting, bits, nesting + 1) });
  }
  return rustText(shape.name, parts);
}

async function formatSlice(
  { kind, pointer, length }: RustSlice,
  storage: Storage,
  setting: ValueSetting,
  nesting: number,
): Promise<string> {
  const count = Number(await readScalar(length.type, partOf(storage, length.byteOffset)));
  const address = await readScalar(pointer.type, partOf(storage, pointer.byteOffset));
  const { context } = setting;
  const memory = memoryStorage(address, context.pointers ?? context);
  if (kind === 'slice') {
    const element = pointer.type.kind === 'pointer' ? pointer.type.target() : voidType;
    return formatArray(rustArrayOf(element, count), memory, setting, nesting);
  }
  return formatText(count, memory, setting);
}

async function formatArray(
  type: CType & { kind: 'array' },
  storage: Storage,
  setting: ValueSetting,
  nesting: number,
): Promise<string> {
  const { element, count, isRust = false } = type;
  if (count === undefined) return '<unknown length>';
  const bracketed = (inner: string) => (isRust ? `[${inner}]` : `{${inner}}`);
  if (isCharacter(element)) {
    const shown = Math.min(count, setting.context.presentation?.whole ? WHOLE_STRING : MAX_STRING);
    return characterArray([...(await storage.read(0, shown))], count > shown);
  }
  const whole = setting.context.presentation?.whole ?? false;
  if (nesting >= (whole ? WHOLE_NESTING : MAX_NESTING)) return bracketed('…');
  const parts: string[] = [];
  const most = whole ? WHOLE_PARTS : MAX_ELEMENTS;
  for (let i = 0; i < Math.min(count, most); i++) {
    const part = partOf(storage, i * element.size);
    parts.push(await formatValue(element, part, setting, undefined, nesting + 1));
  }
  if (count > most) parts.push('…');
  return bracketed(parts.join(', '));
}

function floatBytes(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  if (size === 4) view.setFloat32(0, value, true);
  else if (size === 8) view.setFloat64(0, value, true);
  else throw new SymbolError(`a floating-point number of ${size} bytes cannot be changed`);
  return bytes;
}

function parseFloatText(text: string): number {
  const value = Number(text.trim().replace(/[fFlL]$/, ''));
  if (text.trim() === '' || Number.isNaN(value)) {
    throw new SymbolError(`'${text}' is not a floating-point number`);
  }
  return value;
}

function parseInteger(type: CType, text: string): bigint {
  const trimmed = text.trim();
  if (type.kind === 'enum') {
    const named = type.enumerators().find((e) => e.name === trimmed);
    if (named) return named.value;
  }
  if (trimmed === 'true') return 1n;
  if (trimmed === 'false') return 0n;
  const character = /^'(\\?.)'$/su.exec(trimmed)?.[1];
  if (character !== undefined) {
    const escape = Object.entries(escapes).find(([, name]) => name === character)?.[0];
    return BigInt((escape ?? character.replace(/^\\(?=.)/, '')).codePointAt(0) ?? 0);
  }
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)[uUlL]*$/.exec(trimmed);
  if (!match) throw new SymbolError(`'${text}' is not ${expected(type)}`);
  const digits = match[2] ?? '0';
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return match[1] === '-' ? -value : value;
}

function expected(type: CType): string {
  return type.kind === 'enum'
    ? `a number or one of ${type
        .enumerators()
        .map((e) => e.name)
        .join(', ')}`
    : 'an integer';
}

/** A 32-bit integer is kept sign-extended whatever its type; a short float is boxed in ones. */
function registerFill(type: CType): RegisterFill {
  if (type.kind === 'base' && type.encoding === DW_ATE.float) return 'ones';
  return isSigned(type) || type.size === 4 ? 'sign' : 'zero';
}

function scalarBytes(type: CType, bits: BitField | undefined): number {
  return bits ? (bits.offset + bits.size + 7) >> 3 : type.size;
}
