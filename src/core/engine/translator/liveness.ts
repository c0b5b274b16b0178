/**
 * Which registers a region must have in locals, and which of them differ from memory: may-dirty
 * forward, live backward.
 */
import { endsInMemory } from './block.ts';
import type { FlowGraph, FlowNode } from './flowGraph.ts';
import { isCrowded, scopesOf } from './loopScopes.ts';
import { readMask, writeMask, type Bank, type Masks } from './registerMasks.ts';

export interface Liveness {
  /** At the beginning of each block: registers in locals that are valid, and that may be dirty. */
  readonly live: readonly Masks[];
  readonly dirtyIn: readonly Masks[];
  readonly dirtyOut: readonly Masks[];
  /** Registers that the block writes back where it writes them last. */
  readonly writeBacks: readonly Masks[];
  /** What of the registers may be in locals in a block: see `scopesOf`. */
  readonly scopes: readonly Masks[];
  /** All registers that appear. */
  readonly used: Masks;
  /** Registers that are read before they are written, from the entry on. */
  readonly needed: Masks;
  /**
   * General registers, by block: what it writes that nobody reads behind it, and whether there are
   * more registers than the machine has room for.
   */
  readonly unread: Int32Array;
  readonly isCrowded: (id: number) => boolean;
}

/** General registers, by block, that it leaves to its ways out alone to write back, and those written back at once. */
export interface Settled {
  readonly late: Int32Array;
  readonly atOnce: Int32Array;
}

export function findLiveness(graph: FlowGraph, settled?: Settled): Liveness {
  const [first, second] = [solve(graph, 0, settled), solve(graph, 1)];
  type Name = 'live' | 'dirtyIn' | 'dirtyOut' | 'writeBacks' | 'scopes';
  const pair = (name: Name): Masks[] =>
    graph.nodes.map((_, i) => [first[name][i]!, second[name][i]!]);
  return {
    live: pair('live'),
    dirtyIn: pair('dirtyIn'),
    dirtyOut: pair('dirtyOut'),
    writeBacks: pair('writeBacks'),
    scopes: pair('scopes'),
    used: [first.used, second.used],
    needed: [first.needed, second.needed],
    unread: first.unread,
    isCrowded: first.crowdedIn,
  };
}

const calls = ({ block }: FlowNode): boolean => endsInMemory(block);

function solve({ nodes }: FlowGraph, bank: Bank, settled?: Settled) {
  const count = nodes.length;
  const make = (): Int32Array => new Int32Array(count);
  const [use, def, dirtyIn, dirtyOut, live] = [make(), make(), make(), make(), make()];
  const appearing = make();
  let appears = 0;
  for (const { id, block } of nodes) {
    for (const instruction of block.instructions) {
      use[id]! |= readMask(instruction, bank) & ~def[id]!;
      def[id]! |= writeMask(instruction, bank);
    }
    appearing[id] = use[id]! | def[id]!;
    appears |= appearing[id]!;
  }
  const scopes = scopesOf(nodes, appearing, bank);
  const crowdedIn = (id: number): boolean => isCrowded(scopes[id]! & appears, bank);
  // Most code has no floating-point registers.
  const none = { used: 0, needed: 0, unread: live, crowdedIn };
  if (appears === 0) return { live, dirtyIn, dirtyOut, writeBacks: live, scopes, ...none };
  const needed = findNeeded(nodes, use, def);
  const unread = Int32Array.from(nodes, (node, id) => def[id]! & ~neededBehind(node, needed));
  const writeBacks = findWriteBacks(nodes, unread, crowdedIn);
  const late = settled?.late ?? make();
  for (let id = 0; id < count; id++) {
    if (late[id] !== 0) writeBacks[id] = settled!.atOnce[id]!;
    dirtyOut[id] = def[id]! & ~writeBacks[id]! & ~late[id]!;
  }
  for (let changed = true; changed;) {
    changed = false;
    for (const { id, predecessors } of nodes) {
      let dirty = 0;
      for (const p of predecessors) if (!calls(nodes[p]!)) dirty |= dirtyOut[p]! & scopes[id]!;
      dirty &= ~late[id]!;
      if (dirty === dirtyIn[id]) continue;
      dirtyIn[id] = dirty;
      dirtyOut[id] = (dirty | def[id]!) & ~writeBacks[id]! & ~late[id]!;
      changed = true;
    }
  }
  // What may be dirty must be valid on every way, since leaving the region stores it.
  for (let changed = true; changed;) {
    changed = false;
    for (let id = count - 1; id >= 0; id--) {
      const node = nodes[id]!;
      let out = dirtyOut[id]!;
      if (!calls(node)) for (const s of node.successors) out |= live[s]! & scopes[id]!;
      const before = use[id]! | (out & ~def[id]!) | dirtyIn[id]!;
      if (before === live[id]) continue;
      live[id] = before;
      changed = true;
    }
  }
  let used = 0;
  for (let id = 0; id < count; id++) used |= use[id]! | def[id]! | live[id]!;
  return {
    ...{ live, dirtyIn, dirtyOut, writeBacks, scopes, used },
    ...{ needed: needed[0]!, unread, crowdedIn },
  };
}

/** Registers that are read before they are written, from where each block begins on. */
function findNeeded(nodes: readonly FlowNode[], use: Int32Array, def: Int32Array): Int32Array {
  const needed = new Int32Array(nodes.length);
  for (let changed = true; changed;) {
    changed = false;
    for (let id = nodes.length - 1; id >= 0; id--) {
      const before = use[id]! | (neededBehind(nodes[id]!, needed) & ~def[id]!);
      if (before === needed[id]) continue;
      needed[id] = before;
      changed = true;
    }
  }
  return needed;
}

function neededBehind(node: FlowNode, needed: Int32Array): number {
  let out = 0;
  if (!calls(node)) for (const s of node.successors) out |= needed[s]!;
  return out;
}

/**
 * What a block in or before a loop leaves in registers that nobody reads before they are written
 * again. Only the ways out would need it, and would keep it in the machine's registers, or on its
 * stack, all the way round the loop: it is written back at once instead.
 */
function findWriteBacks(
  nodes: readonly FlowNode[],
  unread: Int32Array,
  isCrowdedIn: (id: number) => boolean,
): Int32Array {
  return Int32Array.from(nodes, (node, id) => {
    if (calls(node) || !node.successors.some((s) => nodes[s]!.loops.size > 0)) return 0;
    return isCrowdedIn(id) ? unread[id]! : 0;
  });
}
