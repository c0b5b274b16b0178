/** Sets of registers: bit masks, one for each bank of 32. */
import { zeroSink } from '../layout.ts';
import { thirdSource, type Instruction } from './block.ts';

export type Bank = 0 | 1;
export type Masks = readonly [number, number];

export const isNone = ([first, second]: Masks): boolean => (first | second) === 0;

/** Registers x0… are in the first bank, and those from index 64 on in the second. */
export const bankOf = (register: number): Bank => (register < 32 ? 0 : 1);
export const bitOf = (register: number): number => 1 << (register & 31);

export function readMask(i: Instruction, bank: Bank): number {
  const { facts } = i;
  let mask = 0;
  if (facts.readsRs1) mask |= inBank(i.rs1, bank);
  if (facts.readsRs2) mask |= inBank(i.rs2, bank);
  if (facts.readsRd) mask |= inBank(i.rd, bank);
  if (facts.readsRs3) mask |= inBank(thirdSource(i), bank);
  // Where they do not hold, the registers that they write stay as they are.
  for (const each of i.skipped ?? []) mask |= readMask(each, bank) | writeMask(each, bank);
  return mask;
}

export function writeMask(i: Instruction, bank: Bank): number {
  let mask = i.facts.writesRd ? inBank(i.rd, bank) : 0;
  for (const each of i.skipped ?? []) mask |= writeMask(each, bank);
  return mask;
}

/** x0 is no register here, nor is the place that takes writes to it. */
function inBank(register: number, bank: Bank): number {
  if (register === 0 || register === zeroSink || bankOf(register) !== bank) return 0;
  return bitOf(register);
}

export function countOf(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
