/** `x/20i ADDRESS`: memory as gdb's `x` shows it. */
import { UserError } from '../../base/userError.ts';
import type { MemorySpace } from '../target.ts';
import { behind, hex, type CommandScope } from './scope.ts';

const sizes: Readonly<Record<string, number>> = { b: 1, h: 2, w: 4, g: 8 };
/** More is nothing to look at. */
const MOST = 10_000;
/** No instruction is longer. */
const LONGEST = 8;
const MOST_TEXT = 1024;

interface Wanted {
  readonly count: number;
  readonly format: string;
  readonly size: number;
}

export async function examine(args: string, scope: CommandScope): Promise<string> {
  const { wanted, text } = parse(args, scope);
  if (text === '') throw new UserError('x: an address is missing');
  const { value, space } = await scope.compute(text);
  const address = BigInt.asUintN(scope.isa.xlen, value);
  switch (wanted.format) {
    case 'i':
      return instructions(scope, space, address, wanted.count);
    case 's':
      return strings(scope, space, address, wanted.count);
    default:
      return words(scope, space, address, wanted);
  }
}

function parse(args: string, { isa }: CommandScope): { wanted: Wanted; text: string } {
  const [, count = '', letters = '', text = args] =
    /^\/(\d*)([a-z]*)(?:\s+([^]*))?$/.exec(args) ?? [];
  let format = 'x';
  let size = isa.xlen / 8;
  let sized = false;
  for (const letter of letters) {
    const known = sizes[letter];
    if (known !== undefined) {
      size = known;
      sized = true;
    } else if ('xdutcis'.includes(letter)) format = letter;
    else throw new UserError(`x: '${letter}' is none of x d u t c i s, and no size of b h w g`);
  }
  if (format === 'c' && !sized) size = 1;
  const number = count === '' ? 1 : Number(count);
  if (number < 1 || number > MOST) throw new UserError(`x: a count is from 1 to ${MOST}`);
  return {
    wanted: { count: number, format, size },
    text: args.startsWith('/') ? text.trim() : args,
  };
}

async function instructions(
  scope: CommandScope,
  space: MemorySpace,
  start: bigint,
  count: number,
): Promise<string> {
  const { target, isa, hart } = scope;
  const bytes = await target.readMemory(hart, space, start, count * LONGEST);
  const lines: string[] = [];
  let at = 0;
  let last = '';
  while (lines.length < count && at + isa.instructionAlignment <= bytes.length) {
    const address = start + BigInt(at);
    const { size, text } = isa.disassemble(bytes.subarray(at), address);
    if (at + size > bytes.length) break;
    // Once for the instructions of a line that follow each other.
    const place = space === 'virtual' ? behind(scope, address) : '';
    lines.push(`${label(scope, address)}  ${text}${place === last ? '' : place}`);
    last = place;
    at += size;
  }
  return ended(lines, count, start + BigInt(at));
}

async function strings(
  { target, hart }: CommandScope,
  space: MemorySpace,
  start: bigint,
  count: number,
): Promise<string> {
  const lines: string[] = [];
  let address = start;
  while (lines.length < count) {
    const bytes = await target.readMemory(hart, space, address, MOST_TEXT);
    if (bytes.length === 0) break;
    const end = bytes.indexOf(0);
    const text = end < 0 ? bytes : bytes.subarray(0, end);
    lines.push(`${hex(address)}  ${quoted(text)}${end < 0 ? '…' : ''}`);
    address += BigInt(text.length + (end < 0 ? 0 : 1));
  }
  return ended(lines, count, address);
}

async function words(
  scope: CommandScope,
  space: MemorySpace,
  start: bigint,
  { count, format, size }: Wanted,
): Promise<string> {
  const { target, hart } = scope;
  const bytes = await target.readMemory(hart, space, start, count * size);
  const perLine = Math.max(1, 16 / size);
  const lines: string[] = [];
  const whole = Math.floor(bytes.length / size);
  for (let first = 0; first < whole; first += perLine) {
    const values: string[] = [];
    for (let i = first; i < Math.min(first + perLine, whole); i++) {
      values.push(valueText(bytes.subarray(i * size, (i + 1) * size), format));
    }
    lines.push(`${label(scope, start + BigInt(first * size))}  ${values.join('  ')}`);
  }
  const shown = whole === count ? lines.length : Infinity;
  return ended(lines, shown, start + BigInt(whole * size));
}

function valueText(bytes: Uint8Array, format: string): string {
  const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const bits = bytes.length * 8;
  switch (format) {
    case 'd':
      return BigInt.asIntN(bits, value).toString();
    case 'u':
      return value.toString();
    case 't':
      return value.toString(2).padStart(bits, '0');
    case 'c':
      return `${BigInt.asIntN(bits, value)} ${quoted(bytes.subarray(0, 1), "'")}`;
    default:
      return `0x${value.toString(16).padStart(bits / 4, '0')}`;
  }
}

function label({ symbols }: CommandScope, address: bigint): string {
  const symbol = symbols?.symbolAt(address);
  const offset = symbol && symbol.offset !== 0n ? `+${symbol.offset}` : '';
  return symbol ? `${hex(address)} <${symbol.name}${offset}>:` : `${hex(address)}:`;
}

function quoted(bytes: Uint8Array, mark = '"'): string {
  const text = [...bytes].map((byte) => {
    if (byte === mark.charCodeAt(0) || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
    return `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `${mark}${text.join('')}${mark}`;
}

/** Says where memory ends when it does too early. */
function ended(lines: readonly string[], wanted: number, at: bigint): string {
  const problem = lines.length < wanted ? [`${hex(at)}: cannot be read`] : [];
  return [...lines, ...problem].join('\n');
}
