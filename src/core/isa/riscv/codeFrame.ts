/**
 * What code from a function's beginning up to an address has done to the stack, for code without
 * call-frame information: how far the stack pointer went down, and which registers were saved where
 * (psABI, integer calling convention). Reads straight on; what follows a return begins again with
 * the deepest stack, since epilogues stand in the middle of functions.
 */
import type { RegisterWidth } from '../../engine/semantics.ts';
import type { CodeFrame } from '../isa.ts';
import { disassemble } from './disassemble.ts';

const move = /^(?:c\.)?addi(?:16sp)? sp, (?:sp, )?(-?\d+|-?0x[\da-f]+)$/;
const store = /^(?:c\.)?(?:sdsp|swsp|sd|sw) (\w+), (-?\d+|-?0x[\da-f]+)\(sp\)$/;
/** The upper part of a new stack's address. */
const begin = /^(?:c\.)?(?:auipc|lui) sp, /;
/** Handlers exchange their stack pointer with one that was kept for them. */
const swap = /^csrrw sp, (\w+), sp$/;

export function codeFrame(code: Uint8Array, address: bigint, xlen: RegisterWidth): CodeFrame {
  let size = 0;
  let deepest = 0;
  let begun = false;
  let swapped: string | undefined;
  const saved = new Map<string, number>();
  for (let at = 0; at + 2 <= code.length;) {
    const { size: length, text, flow } = disassemble(code.subarray(at), address + BigInt(at), xlen);
    if (at + length > code.length) break;
    at += length;
    const plain = text.replaceAll('\t', ' ');
    const moved = move.exec(plain)?.[1];
    if (begin.test(plain)) begun = true;
    // Where a stack begins, what comes next completes its address.
    if (moved !== undefined && !begun) size -= Number(moved);
    if (moved !== undefined) begun = false;
    deepest = Math.max(deepest, size);
    const [, name, offset] = store.exec(plain) ?? [];
    // Only the first counts: later stores are of other values.
    if (name !== undefined && !saved.has(name)) saved.set(name, Number(offset) - size);
    swapped ??= swap.exec(plain)?.[1];
    if (flow === 'return' || flow === 'trapReturn' || flow === 'jump') size = deepest;
  }
  return { size, saved, swapped };
}
