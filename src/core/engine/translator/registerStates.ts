/** What a region knows of its registers at each place: in locals or not, dirty, whole or words. */
import type { Block, Instruction } from './block.ts';
import type { FlowGraph, FlowNode } from './flowGraph.ts';
import { findLiveness, type Liveness, type Settled } from './liveness.ts';
import { findNarrow, written, type Narrow, type Written } from './narrow.ts';
import { bankOf, bitOf, isNone, writeMask, type Masks } from './registerMasks.ts';
import type { RegisterWidth } from '../semantics.ts';
import { findTails, type Tail } from './loopTails.ts';

/** Follows a block's instructions. */
export interface RegisterTracker {
  readonly dirty: Written;
  readonly words: number;
  /** Registers to be written back behind the instruction. */
  pass(i: Instruction): Written | undefined;
}

export class RegisterStates {
  private readonly liveness: Liveness;
  private readonly narrow: Narrow;

  private readonly tails: ReadonlyMap<FlowNode, Tail>;

  /** `mayLeave`: whether a block may be left before one of its instructions, once it has begun. */
  constructor(
    graph: FlowGraph,
    xlen: RegisterWidth,
    guess: number,
    mayLeave: (node: FlowNode, instruction: Instruction) => boolean,
  ) {
    this.liveness = findLiveness(graph);
    // Elsewhere a test on entry would cost more than it saves.
    const usable = graph.nodes[0]!.loopHeader ? guess & ~addressesOf(graph) : 0;
    const words = usable & this.liveness.needed[0] & this.liveness.live[0]![0];
    this.narrow = findNarrow(graph, this.liveness, xlen, words);
    this.tails = findTails(graph, this.liveness, this.narrow, mayLeave);
    if (this.tails.size === 0) return;
    this.liveness = findLiveness(graph, settledBy(graph, this.tails));
    this.narrow = findNarrow(graph, this.liveness, xlen, words);
  }

  /** Of a block that is a loop by itself: what its end settles for its ways out. */
  tail(node: FlowNode): Tail | undefined {
    return this.tails.get(node);
  }

  /** What the ways out at such a block's end write back. */
  dirtyAtTail(node: FlowNode, { late }: Tail): Written {
    const { masks, words } = this.dirtyOut(node);
    const { out, widened } = this.narrow;
    const wordsOut = words | (out[node.id]! & ~widened[node.id]!);
    return written([masks[0] | late, masks[1]], wordsOut);
  }

  /** Registers that are taken for words where the region begins. */
  get guessed(): number {
    return this.narrow.in[0]!;
  }

  /** Registers that are in locals where a block begins. */
  live({ id }: FlowNode): Masks {
    return this.liveness.live[id]!;
  }

  /** General registers that are words where a block begins. */
  wordsIn({ id }: FlowNode): number {
    return this.narrow.in[id]!;
  }

  /** Words to be made whole where a block ends. */
  widened({ id }: FlowNode): number {
    return this.narrow.widened[id]!;
  }

  /** Registers that are to be written back where a block begins, and where it ends. */
  dirtyIn({ id }: FlowNode): Written {
    return written(this.liveness.dirtyIn[id]!, this.narrow.in[id]!);
  }

  dirtyOut({ id }: FlowNode): Written {
    const { out, widened } = this.narrow;
    return written(this.liveness.dirtyOut[id]!, out[id]! & ~widened[id]!);
  }

  /**
   * What an exit inside a block writes back: registers that may be dirty there, and of those that
   * will be dirty later the ones that are valid already, so that more exits have one epilogue.
   */
  track({ id, block }: FlowNode): RegisterTracker {
    const live = this.liveness.live[id]!;
    const dirtyIn = this.liveness.dirtyIn[id]!;
    const dirtyOut = this.liveness.dirtyOut[id]!;
    let masks: Masks = [dirtyIn[0] | (dirtyOut[0] & live[0]), dirtyIn[1] | (dirtyOut[1] & live[1])];
    let words = this.narrow.in[id]!;
    const writeBacks = lastWrites(block, this.liveness.writeBacks[id]!);
    return {
      get dirty() {
        return written(masks, words);
      },
      get words() {
        return words;
      },
      pass: (i) => {
        masks = [masks[0] | writeMask(i, 0), masks[1] | writeMask(i, 1)];
        words = this.narrow.after(i, words);
        const clean = writeBacks.get(i);
        if (!clean) return undefined;
        masks = [masks[0] & ~clean[0], masks[1] & ~clean[1]];
        return written(clean, words);
      },
    };
  }

  private settledIn(node: FlowNode): number {
    const tail = this.tails.get(node);
    return tail ? tail.late | tail.again : 0;
  }

  /** Registers that leave or enter locals between blocks of different scopes. */
  onTheWay(from: FlowNode, to: FlowNode): { stores: Masks; loads: Masks } {
    const { dirtyOut, live, scopes } = this.liveness;
    const dirty = dirtyOut[from.id]!;
    const [inFrom, inTo] = [scopes[from.id]!, scopes[to.id]!];
    const wanted = live[to.id]!;
    return {
      stores: [dirty[0] & (~inTo[0] | this.settledIn(to)), dirty[1] & ~inTo[1]],
      loads: [wanted[0] & ~inFrom[0], wanted[1] & ~inFrom[1]],
    };
  }
}

function settledBy({ nodes }: FlowGraph, tails: ReadonlyMap<FlowNode, Tail>): Settled {
  const late = Int32Array.from(nodes, (node) => {
    const tail = tails.get(node);
    return tail ? tail.late | tail.again : 0;
  });
  return { late, atOnce: Int32Array.from(nodes, (node) => tails.get(node)?.atOnce ?? 0) };
}

/** General registers that are addresses, and that the region does not change. */
function addressesOf({ nodes }: FlowGraph): number {
  let [addresses, changed] = [0, 0];
  for (const { block } of nodes) {
    for (const i of block.instructions) {
      if (i.facts.access && bankOf(i.rs1) === 0) addresses |= bitOf(i.rs1);
      changed |= writeMask(i, 0);
    }
  }
  return addresses & ~changed;
}

/** The instructions that write registers of these for the last time in a block. */
function lastWrites({ instructions }: Block, of: Masks): ReadonlyMap<Instruction, Masks> {
  const found = new Map<Instruction, Masks>();
  let [first, second] = of;
  for (let i = instructions.length - 1; i >= 0 && (first | second) !== 0; i--) {
    const instruction = instructions[i]!;
    const masks: Masks = [writeMask(instruction, 0) & first, writeMask(instruction, 1) & second];
    if (isNone(masks)) continue;
    found.set(instruction, masks);
    first &= ~masks[0];
    second &= ~masks[1];
  }
  return found;
}
