/**
 * Makes fewer and longer blocks of what was found: each costs a test of the budget and a place to
 * leave at. A branch over a few instructions that only compute is no branch any more: the host's
 * processor mispredicts it for longer than they take, and what follows need not be a block apart.
 */
import { FunctionBuilder } from '../../wasm/functionBuilder.ts';
import {
  lastPlace,
  lengthOf,
  newPages,
  pageOf,
  startsOf,
  successorsOf,
  type Block,
} from './block.ts';
import type { Instruction } from './block.ts';
import { bankOf } from './registerMasks.ts';
import type { RowFacts } from './rowFacts.ts';

/** So many instructions may be computed for nothing. */
const mostSkipped = 4;
/** Bytes of WebAssembly that compute what is cheap: some three operations. */
const cheapBytes = 16;

/** `longest`: instructions in a block. */
export function joinBlocks(blocks: Map<number, Block>, entry: number, longest: number): void {
  const ways = new Map<number, number>([[entry, 1]]);
  for (const { end } of blocks.values()) {
    for (const to of successorsOf(end)) ways.set(to, (ways.get(to) ?? 0) + 1);
  }
  /** A block that only the one before leads to, and that may go into it. */
  const following = (before: Block, at: number): Block | undefined => {
    const block = blocks.get(at);
    if (!block || at === before.at || ways.get(at) !== 1) return undefined;
    if (newPages(before, block).length > 0) return undefined;
    return lengthOf(before) + lengthOf(block) <= longest ? block : undefined;
  };
  const joined = (block: Block): Block | undefined => {
    const { at, instructions, end } = block;
    if (end.kind === 'goTo') {
      const next = following(block, end.to);
      if (!next) return undefined;
      blocks.delete(next.at);
      return {
        ...{ at, instructions: [...instructions, ...next.instructions], end: next.end },
        joined: [...(block.joined ?? []), ...startsOf(next)],
      };
    }
    if (end.kind !== 'branch' || end.taken <= end.next) return undefined;
    const next = following(block, end.next);
    if (next?.end.kind !== 'goTo' || next.end.to !== end.taken || !isSkipped(next))
      return undefined;
    blocks.delete(next.at);
    ways.set(end.taken, ways.get(end.taken)! - 1);
    const branch = { ...instructions.at(-1)!, skipped: next.instructions };
    return {
      ...{ at, instructions: [...instructions.slice(0, -1), branch], end: next.end },
      joined: [...(block.joined ?? []), ...startsOf(next)],
    };
  };
  for (const at of [...blocks.keys()]) {
    let longer = blocks.get(at);
    while (longer) {
      blocks.set(at, longer);
      longer = joined(longer);
    }
  }
}

function isSkipped(block: Block): boolean {
  const { instructions } = block;
  if (instructions.length === 0 || instructions.length > mostSkipped) return false;
  return pageOf(block.at) === pageOf(lastPlace(block)) && instructions.every(isCheap);
}

/** Of general registers, with no effect but on one. */
function isCheap({ facts, rd, rs1, rs2, skipped }: Instruction): boolean {
  if (skipped || rd === 0 || bankOf(rd) !== 0 || facts.readsRs3) return false;
  if (facts.readsRs1 && bankOf(rs1) !== 0) return false;
  if (facts.readsRs2 && bankOf(rs2) !== 0) return false;
  return bytesOf(facts) <= cheapBytes;
}

const known = new WeakMap<RowFacts, number>();

function bytesOf(facts: RowFacts): number {
  let bytes = known.get(facts);
  if (bytes === undefined) {
    const f = new FunctionBuilder([], []);
    facts.result?.emit(f);
    bytes = facts.result ? f.code.length : Infinity;
    known.set(facts, bytes);
  }
  return bytes;
}
