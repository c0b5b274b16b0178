/**
 * The control flow of a region, put into the form that WebAssembly's structured code wants: reverse
 * post-order, dominators (Cooper, Harvey, Kennedy), natural loops, and for each block which blocks
 * are to be nested in it or after the loop it heads (Ramsey, "Beyond Relooper").
 */
import { successorsOf, type Block } from './block.ts';

export interface FlowNode {
  readonly id: number;
  readonly block: Block;
  /** Blocks of the region control may go to; edges that make it irreducible are left out. */
  readonly successors: readonly number[];
  readonly predecessors: readonly number[];
  readonly loopHeader: boolean;
  /** Reached by several forward edges, so that it has a label of its own. */
  readonly merge: boolean;
  /** Blocks placed behind this one's code inside its loop, and behind its loop, ascending. */
  readonly inside: readonly number[];
  readonly behindLoop: readonly number[];
  /** Headers of the loops that it is in, its own too. */
  readonly loops: ReadonlySet<number>;
}

interface Node {
  id: number;
  block: Block;
  successors: number[];
  predecessors: number[];
  dominator: number;
  loopHeader: boolean;
  merge: boolean;
  inside: number[];
  behindLoop: number[];
  loops: Set<number>;
}

export class FlowGraph {
  /** In reverse post-order; the first is the entry. */
  readonly nodes: readonly FlowNode[];
  private readonly idAt = new Map<number, number>();

  constructor(blocks: ReadonlyMap<number, Block>, entry: number) {
    const nodes = postOrder(blocks, entry)
      .reverse()
      .map((block, id): Node => {
        this.idAt.set(block.at, id);
        return {
          id,
          block,
          successors: [],
          predecessors: [],
          dominator: -1,
          loopHeader: false,
          merge: false,
          inside: [],
          behindLoop: [],
          loops: new Set(),
        };
      });
    this.link(nodes);
    findDominators(nodes);
    dropIrreducible(nodes);
    findLoops(nodes);
    placeBlocks(nodes);
    this.nodes = nodes;
  }

  /** The block at a place, when `from` may go there inside the region. */
  successorAt(from: FlowNode, at: number): FlowNode | undefined {
    const id = this.idAt.get(at);
    return id !== undefined && from.successors.includes(id) ? this.nodes[id] : undefined;
  }

  private link(nodes: readonly Node[]): void {
    for (const node of nodes) {
      for (const at of successorsOf(node.block.end)) {
        const id = this.idAt.get(at);
        if (id === undefined || node.successors.includes(id)) continue;
        node.successors.push(id);
        nodes[id]!.predecessors.push(node.id);
      }
    }
  }
}

function postOrder(blocks: ReadonlyMap<number, Block>, entry: number): Block[] {
  const order: Block[] = [];
  const seen = new Set([entry]);
  const stack: { block: Block; left: number[] }[] = [];
  const visit = (at: number): void => {
    const block = blocks.get(at);
    if (block) stack.push({ block, left: [...successorsOf(block.end)] });
  };
  visit(entry);
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const at = top.left.pop();
    if (at === undefined) order.push(stack.pop()!.block);
    else if (!seen.has(at)) {
      seen.add(at);
      visit(at);
    }
  }
  return order;
}

function findDominators(nodes: readonly Node[]): void {
  nodes[0]!.dominator = 0;
  for (let changed = true; changed;) {
    changed = false;
    for (const node of nodes.slice(1)) {
      let found = -1;
      for (const p of node.predecessors) {
        if (nodes[p]!.dominator < 0) continue;
        found = found < 0 ? p : common(nodes, found, p);
      }
      if (found !== node.dominator) {
        node.dominator = found;
        changed = true;
      }
    }
  }
}

function common(nodes: readonly Node[], first: number, second: number): number {
  let [a, b] = [first, second];
  while (a !== b) {
    if (a > b) a = nodes[a]!.dominator;
    else b = nodes[b]!.dominator;
  }
  return a;
}

function dominates(nodes: readonly Node[], a: number, b: number): boolean {
  let at = b;
  while (at > a) at = nodes[at]!.dominator;
  return at === a;
}

/** A backward edge to a block that does not dominate its source becomes a way out of the region. */
function dropIrreducible(nodes: readonly Node[]): void {
  for (const node of nodes) {
    node.successors = node.successors.filter((to) => {
      if (to > node.id || dominates(nodes, to, node.id)) return true;
      const target = nodes[to]!;
      target.predecessors = target.predecessors.filter((p) => p !== node.id);
      return false;
    });
  }
}

function findLoops(nodes: readonly Node[]): void {
  for (const node of nodes) {
    for (const to of node.successors) {
      if (to > node.id) continue;
      const header = nodes[to]!;
      header.loopHeader = true;
      const work = [node.id];
      for (let at = work.pop(); at !== undefined; at = work.pop()) {
        const member = nodes[at]!;
        if (member.loops.has(to)) continue;
        member.loops.add(to);
        if (at !== to) work.push(...member.predecessors);
      }
    }
  }
}

function placeBlocks(nodes: readonly Node[]): void {
  for (const node of nodes) {
    const forward = node.predecessors.filter((p) => p < node.id);
    const fromTable = node.predecessors.some(
      (p) => p < node.id && nodes[p]!.block.end.kind === 'indirect',
    );
    node.merge = forward.length > 1 || fromTable;
  }
  for (const node of nodes.slice(1)) {
    const parent = nodes[node.dominator]!;
    // Code outside a loop that a block in it dominates must come behind the loop, or the machine's
    // compiler takes it for part of the loop.
    const left = [...parent.loops].filter(
      (h) => !node.loops.has(h) && dominates(nodes, h, parent.id),
    );
    if (left.length > 0) {
      nodes[Math.min(...left)]!.behindLoop.push(node.id);
      node.merge = true;
    } else if (node.merge) {
      parent.inside.push(node.id);
    }
  }
}
