/**
 * Which registers a region must have in locals, and which of them differ from memory: may-dirty
 * forward, live backward. Register sets are bit masks, one for each bank of 32 registers.
 */
import type { FlowGraph, FlowNode } from './flowGraph.ts';
import { thirdSource, type Instruction } from './block.ts';
import { zeroSink } from '../layout.ts';

export const banks = 2;
export type Masks = readonly [number, number];

/** Registers x0… are in the first bank, and those from index 64 on in the second. */
export const bankOf = (register: number): 0 | 1 => (register < 32 ? 0 : 1);
export const bitOf = (register: number): number => 1 << (register & 31);

export interface Liveness {
  /** At the beginning of each block: registers in locals that are valid, and that may be dirty. */
  readonly live: readonly Masks[];
  readonly dirtyIn: readonly Masks[];
  readonly dirtyOut: readonly Masks[];
  /** All registers that appear. */
  readonly used: Masks;
}

export function readMask(i: Instruction, bank: 0 | 1): number {
  const { facts } = i;
  let mask = 0;
  if (facts.readsRs1) mask |= inBank(i.rs1, bank);
  if (facts.readsRs2) mask |= inBank(i.rs2, bank);
  if (facts.readsRd) mask |= inBank(i.rd, bank);
  if (facts.readsRs3) mask |= inBank(thirdSource(i), bank);
  return mask;
}

export function writeMask(i: Instruction, bank: 0 | 1): number {
  return i.facts.writesRd ? inBank(i.rd, bank) : 0;
}

/** x0 is no register here, nor is the place that takes writes to it. */
function inBank(register: number, bank: 0 | 1): number {
  if (register === 0 || register === zeroSink || bankOf(register) !== bank) return 0;
  return bitOf(register);
}

export function findLiveness(graph: FlowGraph): Liveness {
  const [first, second] = [solve(graph, 0), solve(graph, 1)];
  const pair = (name: 'live' | 'dirtyIn' | 'dirtyOut'): Masks[] =>
    graph.nodes.map((_, i) => [first[name][i]!, second[name][i]!]);
  return {
    live: pair('live'),
    dirtyIn: pair('dirtyIn'),
    dirtyOut: pair('dirtyOut'),
    used: [first.used, second.used],
  };
}

/** After a guest's call all registers are in memory, and locals must be loaded anew. */
const calls = ({ block }: FlowNode): boolean =>
  block.end.kind === 'call' || block.end.kind === 'indirectCall';

function solve({ nodes }: FlowGraph, bank: 0 | 1) {
  const count = nodes.length;
  const make = (): Int32Array => new Int32Array(count);
  const [use, def, dirtyIn, dirtyOut, live] = [make(), make(), make(), make(), make()];
  for (const { id, block } of nodes) {
    for (const instruction of block.instructions) {
      use[id]! |= readMask(instruction, bank) & ~def[id]!;
      def[id]! |= writeMask(instruction, bank);
    }
    dirtyOut[id] = def[id]!;
  }
  // Most code has no floating-point registers.
  let appears = 0;
  for (let id = 0; id < count; id++) appears |= use[id]! | def[id]!;
  if (appears === 0) return { live, dirtyIn, dirtyOut, used: 0 };
  for (let changed = true; changed;) {
    changed = false;
    for (const { id, predecessors } of nodes) {
      let dirty = 0;
      for (const p of predecessors) if (!calls(nodes[p]!)) dirty |= dirtyOut[p]!;
      if (dirty === dirtyIn[id]) continue;
      dirtyIn[id] = dirty;
      dirtyOut[id] = dirty | def[id]!;
      changed = true;
    }
  }
  // What may be dirty must be valid on every way, since leaving the region stores it.
  for (let changed = true; changed;) {
    changed = false;
    for (let id = count - 1; id >= 0; id--) {
      const node = nodes[id]!;
      let out = dirtyOut[id]!;
      if (!calls(node)) for (const s of node.successors) out |= live[s]!;
      const before = use[id]! | (out & ~def[id]!) | dirtyIn[id]!;
      if (before === live[id]) continue;
      live[id] = before;
      changed = true;
    }
  }
  let used = 0;
  for (let id = 0; id < count; id++) used |= use[id]! | def[id]! | live[id]!;
  return { live, dirtyIn, dirtyOut, used };
}
