/**
 * Disassembly for DAP: as many instructions as asked for, from an offset counted in instructions
 * that may be negative, with symbols and source lines. Where nothing can be read the rows say so.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import path from 'node:path';
import { UserError } from '../core/base/userError.ts';
import { parseNumber } from '../core/debug/controlRegisters.ts';
import { guestSeenBy, hex, type Guest } from './guest.ts';

export interface Row {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly valid: boolean;
}

/** No instruction set here has longer ones. */
const LONGEST = 8;
/** A request for more is a mistake: nobody reads that many. */
const MOST_ROWS = 100_000;
/** How far back a function's start is trusted as a place to decode from. */
const FARTHEST_START = 0x10000n;

export async function disassemble(
  guest: Guest,
  hart: number,
  args: DebugProtocol.DisassembleArguments,
): Promise<DebugProtocol.DisassembledInstruction[]> {
  const base = parseNumber(args.memoryReference);
  if (base === undefined) throw new UserError(`'${args.memoryReference}' is not an address`);
  const origin = BigInt.asUintN(64, base + BigInt(args.offset ?? 0));
  const first = args.instructionOffset ?? 0;
  const count = args.instructionCount;
  if (count > MOST_ROWS || Math.abs(first) > MOST_ROWS) {
    throw new UserError(`not more than ${MOST_ROWS} instructions at once`);
  }
  const before = first < 0 ? await rowsBefore(guest, hart, origin, -first) : [];
  const needed = Math.max(0, first + count);
  const after = needed > 0 ? await rowsFrom(guest, hart, origin, needed) : [];
  const start = first < 0 ? 0 : first;
  return present(await guestSeenBy(guest, hart), [...before, ...after].slice(start, start + count));
}

/** The instructions of [start, start + size), as far as they can be read. */
export async function disassembleRange(
  guest: Guest,
  hart: number,
  start: bigint,
  size: number,
): Promise<readonly Row[]> {
  const bytes = await guest.target.readMemory(hart, 'virtual', start, size);
  return decode(guest, start, bytes, size);
}

/** `count` rows from an address on. */
async function rowsFrom(
  guest: Guest,
  hart: number,
  start: bigint,
  count: number,
): Promise<readonly Row[]> {
  const bytes = await guest.target.readMemory(hart, 'virtual', start, count * LONGEST);
  const rows = decode(guest, start, bytes, count);
  const unit = guest.isa.instructionAlignment;
  const last = rows.at(-1);
  let next = last ? last.address + BigInt(last.bytes.length) : start;
  while (rows.length < count) {
    rows.push(unreadable(next));
    next = BigInt.asUintN(64, next + BigInt(unit));
  }
  return rows;
}

/** `count` rows that end where `end` begins. */
async function rowsBefore(
  guest: Guest,
  hart: number,
  end: bigint,
  count: number,
): Promise<readonly Row[]> {
  const unit = BigInt(guest.isa.instructionAlignment);
  const rows = (await alignedRows(guest, hart, end, count)).slice(-count);
  let next = rows[0]?.address ?? end;
  const missing: Row[] = [];
  while (missing.length + rows.length < count) {
    next = BigInt.asUintN(64, next - unit);
    missing.unshift(unreadable(next));
  }
  return [...missing, ...rows];
}

/**
 * Instructions vary in size, so going back means decoding forward from a place known to be a
 * beginning: a function's start, else the farthest start from which decoding meets `end`.
 */
async function alignedRows(
  guest: Guest,
  hart: number,
  end: bigint,
  count: number,
): Promise<readonly Row[]> {
  const unit = BigInt(guest.isa.instructionAlignment);
  const back = BigInt(count * LONGEST);
  let start = end > back ? end - back : 0n;
  const symbol = guest.symbols.symbolAt(start);
  if (symbol && start - symbol.address < FARTHEST_START) start = symbol.address;
  while (start < end) {
    const size = Number(end - start);
    const bytes = await guest.target.readMemory(hart, 'virtual', start, size);
    if (bytes.length === size) {
      for (let skip = 0n; skip < BigInt(LONGEST) && start + skip < end; skip += unit) {
        const rows = decode(guest, start + skip, bytes.subarray(Number(skip)), size);
        const last = rows.at(-1);
        if (last && last.address + BigInt(last.bytes.length) === end) return rows;
      }
      return [];
    }
    // Somewhere before `end` memory begins: look for it page by page.
    const page = (start / 4096n + 1n) * 4096n;
    start = page;
  }
  return [];
}

function decode(guest: Guest, start: bigint, bytes: Uint8Array, most: number): Row[] {
  const rows: Row[] = [];
  const { instructionAlignment } = guest.isa;
  for (let at = 0; at + instructionAlignment <= bytes.length && rows.length < most;) {
    const address = start + BigInt(at);
    const { size, text, valid } = guest.isa.disassemble(bytes.subarray(at), address);
    if (at + size > bytes.length) break;
    rows.push({ address, bytes: bytes.slice(at, at + size), text, valid });
    at += size;
  }
  return rows;
}

function unreadable(address: bigint): Row {
  return { address, bytes: new Uint8Array(0), text: '??', valid: false };
}

function present(guest: Guest, rows: readonly Row[]): DebugProtocol.DisassembledInstruction[] {
  let shownSource = '';
  let shownLine = 0;
  return rows.map((row) => {
    const symbol = guest.symbols.symbolAt(row.address);
    const offset = symbol && symbol.offset !== 0n ? `+${symbol.offset}` : '';
    const position = guest.symbols.positionAt(row.address);
    const local = position && guest.sources.toLocal(position.path);
    const sourceChanged = local !== undefined && local !== shownSource;
    const lineChanged = position !== undefined && (sourceChanged || position.line !== shownLine);
    if (local !== undefined) shownSource = local;
    if (position) shownLine = position.line;
    return {
      address: hex(row.address),
      instructionBytes: [...row.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
      instruction: row.text,
      ...(symbol ? { symbol: `${symbol.name}${offset}` } : {}),
      ...(sourceChanged ? { location: { name: path.basename(local), path: local } } : {}),
      ...(lineChanged && local !== undefined ? { line: position.line } : {}),
      ...(row.valid ? {} : { presentationHint: 'invalid' as const }),
    };
  });
}
