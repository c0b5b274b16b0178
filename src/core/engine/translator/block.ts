/** Guest code as the translator sees it: instructions in blocks, and how blocks end. */
import { firstFloat, pageBytes } from '../layout.ts';
import type { Handler } from '../handlers.ts';
import type { ControlWord } from './controlWord.ts';
import type { RowFacts } from './rowFacts.ts';

/**
 * Places in code are byte distances from the page in which the region begins, as numbers: code may
 * run at any virtual address.
 */
export interface Instruction {
  readonly handler: Handler;
  /** The handler's number. */
  readonly number: number;
  readonly facts: RowFacts;
  readonly at: number;
  /** Offset of its record in memory. */
  readonly record: number;
  /** Register indices; `zeroSink` as a destination takes nothing. */
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  readonly imm: number;
  /** What it comes to in the mode that the region is for. */
  readonly controlWord?: ControlWord;
  /** Of a branch over these few: they are computed in any case, and hold where it is not taken. */
  readonly skipped?: readonly Instruction[];
}

/** The third source of fused multiply-add: above the rounding mode in the immediate. */
export const thirdSource = ({ imm }: Instruction): number => firstFloat + (imm >>> 3);

export type BlockEnd =
  /** Falls through, or ends where other code must be entered: `to` may be outside the region. */
  | { readonly kind: 'goTo'; readonly to: number }
  /** To two places that differ. */
  | { readonly kind: 'branch'; readonly taken: number; readonly next: number }
  | { readonly kind: 'call'; readonly to: number; readonly next: number }
  | { readonly kind: 'indirectCall'; readonly next: number }
  | { readonly kind: 'return' }
  | { readonly kind: 'indirect'; readonly targets: readonly number[] }
  /** TypeScript carries out the last instruction, and control goes on behind it. */
  | { readonly kind: 'outside'; readonly next: number }
  /** The instruction there is interpreted. */
  | { readonly kind: 'interpret'; readonly at: number };

export interface Block {
  readonly at: number;
  readonly instructions: readonly Instruction[];
  readonly end: BlockEnd;
  /** Records that blocks began with which are in the middle of this one now. */
  readonly joined?: readonly number[];
}

/** At the end of the block all registers are in memory, and locals must be loaded anew. */
export const endsInMemory = ({ end }: Block): boolean =>
  end.kind === 'call' || end.kind === 'indirectCall' || end.kind === 'outside';

/** Where control may go from a block, as places. */
export function successorsOf(end: BlockEnd): readonly number[] {
  switch (end.kind) {
    case 'goTo':
      return [end.to];
    case 'branch':
      return [end.taken, end.next];
    case 'call':
    case 'indirectCall':
    case 'outside':
      return [end.next];
    case 'indirect':
      return end.targets;
    case 'return':
    case 'interpret':
      return [];
  }
}

/** The instructions of a block that regions do by themselves. */
export const inlineOf = ({ instructions, end }: Block): readonly Instruction[] =>
  end.kind === 'outside' ? instructions.slice(0, -1) : instructions;

/** All instructions of a block in the order of their places. */
export const eachOf = ({ instructions }: Block): readonly Instruction[] =>
  instructions.some(({ skipped }) => skipped)
    ? instructions.flatMap((each) => [each, ...(each.skipped ?? [])])
    : instructions;

/** What a block takes from the budget if it is not left early. */
export function lengthOf({ instructions }: Block): number {
  let length = 0;
  for (const { skipped } of instructions) length += 1 + (skipped?.length ?? 0);
  return length;
}

/** Records that it begins with, and that blocks began with before they were joined to it. */
export function startsOf({ instructions, joined }: Block): readonly number[] {
  const [first] = instructions;
  return [...(first ? [first.record] : []), ...(joined ?? [])];
}

export const pageOf = (place: number): number => Math.floor(place / pageBytes);

/** A place in the page where the block ends. */
export const lastPlace = (block: Block): number => lastOf(block)?.at ?? block.at;

function lastOf({ instructions }: Block): Instruction | undefined {
  const last = instructions.at(-1);
  return last?.skipped?.at(-1) ?? last;
}

/** Whether its second half is in the next page. Blocks begin with such an instruction. */
export const isInTwoPages = (instruction: Instruction): boolean => pagesOf(instruction).length > 1;

/** Pages that must be mapped for what a block begins with, and need not be where another ends. */
export function newPages(from: Block, to: Block): readonly number[] {
  const last = lastOf(from);
  const known = last ? pagesOf(last) : [pageOf(from.at)];
  const [first] = to.instructions;
  const needed = first ? pagesOf(first) : [pageOf(to.at)];
  return needed.filter((page) => !known.includes(page));
}

function pagesOf({ at, handler }: Instruction): readonly number[] {
  const [first, last] = [pageOf(at), pageOf(at + handler.length - 1)];
  return first === last ? [first] : [first, last];
}
