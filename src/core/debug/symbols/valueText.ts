/**
 * Characters, strings and floating-point numbers as C writes them, and the escapes by which they are
 * read again. Knows nothing of types.
 */
import { fromLittleEndian } from './storage.ts';

/** A character array as the string it holds, without the zeros after it. */
export function characterArray(bytes: number[], cut: boolean): string {
  const end = bytes.indexOf(0);
  if (end >= 0 && bytes.slice(end).every((b) => b === 0)) return quote(bytes.slice(0, end));
  return cut ? `${quote(bytes)}...` : quote(bytes);
}

export function quote(bytes: readonly number[]): string {
  const utf8 = decodeUtf8(bytes);
  if (utf8 !== undefined) return `"${[...utf8].map((c) => escaped(c, '"')).join('')}"`;
  return `"${bytes.map((byte) => characterText(byte, '"')).join('')}"`;
}

function decodeUtf8(bytes: readonly number[]): string | undefined {
  if (!bytes.some((b) => b >= 0x80)) return String.fromCharCode(...bytes);
  const text = new TextDecoder('utf-8').decode(Uint8Array.from(bytes));
  return text.includes('\ufffd') ? undefined : text;
}

export const escapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
};

export function escaped(character: string, quoteMark: string): string {
  if (character === quoteMark) return `\\${character}`;
  const code = character.codePointAt(0) ?? 0;
  return escapes[character] ?? (code < 0x20 || code === 0x7f ? hexEscape(code) : character);
}

export function characterText(byte: number, quoteMark: string): string {
  return byte >= 0x80 ? hexEscape(byte) : escaped(String.fromCharCode(byte), quoteMark);
}

function hexEscape(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`;
}

export function formatFloat(bytes: Uint8Array): string {
  const view = new DataView(Uint8Array.from(bytes).buffer);
  if (bytes.length === 4) return shortFloat(view.getFloat32(0, true));
  if (bytes.length === 8) return floatText(view.getFloat64(0, true));
  return bytes.length === 16 ? floatText(fromBinary128(fromLittleEndian(bytes))) : '<float>';
}

/** The shortest decimal that reads back as the same single-precision number. */
export function shortFloat(value: number): string {
  for (let digits = 1; digits < 10; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return floatText(Number(text));
  }
  return floatText(value);
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0' : value.toString();
}

/** binary128, which C calls `long double`, rounded to a double. */
function fromBinary128(bits: bigint): number {
  const sign = bits >> 127n === 0n ? 1 : -1;
  const exponent = Number((bits >> 112n) & 0x7fffn);
  const fraction = bits & ((1n << 112n) - 1n);
  if (exponent === 0x7fff) return fraction === 0n ? sign * Infinity : NaN;
  if (exponent === 0) return sign * 0;
  const significand = 1 + Number(fraction >> 60n) / 2 ** 52;
  return sign * significand * 2 ** (exponent - 16383);
}
