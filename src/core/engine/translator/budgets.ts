/**
 * Where a region takes instructions from the budget: not block by block, but for the longest way
 * through a part of it at once. Who takes a shorter one gives the difference back where it turns.
 */
import { endsInMemory, lengthOf } from './block.ts';
import type { FlowGraph, FlowNode } from './flowGraph.ts';

/** What is taken ahead of a block, at most: who has less budget must interpret. */
const mostAhead = 40;

export class Budgets {
  /** By block: from its beginning on, instructions that are taken at once, of which it is the first. */
  private readonly ways: Int32Array;
  /** Whether those before the block have taken them. */
  private readonly ahead: readonly boolean[];

  constructor({ nodes }: FlowGraph) {
    this.ways = new Int32Array(nodes.length);
    const ahead = nodes.map((node) => canBeAhead(nodes, node));
    this.ahead = ahead;
    // Successors on forward edges come later.
    for (let id = nodes.length - 1; id >= 0; id--) {
      const { block, successors } = nodes[id]!;
      const longest = Math.max(0, ...successors.map((s) => (ahead[s] ? this.ways[s]! : 0)));
      this.ways[id] = lengthOf(block) + longest;
      if (this.ways[id]! > mostAhead) ahead[id] = false;
    }
  }

  /** Instructions that a block takes where it begins. */
  taken({ id }: FlowNode): number {
    return this.ahead[id] ? 0 : this.ways[id]!;
  }

  /** Of what is taken when a block has begun, what is for others behind it. */
  behind({ id, block }: FlowNode): number {
    return this.ways[id]! - lengthOf(block);
  }

  /** Of what is taken, all that a block that has not begun gives back. */
  before({ id }: FlowNode): number {
    return this.ahead[id] ? this.ways[id]! : 0;
  }

  /** Of what is taken behind a block, what the way to another does not need. */
  onTheWay(from: FlowNode, to: FlowNode): number {
    return this.behind(from) - this.before(to);
  }
}

/** Loops take for each time round, and what follows on a call or a table when it is known. */
function canBeAhead(nodes: readonly FlowNode[], node: FlowNode): boolean {
  const { id, block, loopHeader, loops, predecessors } = node;
  if (id === 0 || loopHeader || block.instructions.length === 0) return false;
  return predecessors.every((p) => {
    const before = nodes[p]!;
    if (endsInMemory(before.block) || before.block.end.kind === 'indirect') return false;
    if (before.block.instructions.length === 0) return false;
    return before.loops.size === loops.size && [...loops].every((h) => before.loops.has(h));
  });
}
