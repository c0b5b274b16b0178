/**
 * Loops of one block. What the block leaves in registers that nobody reads before they are written
 * again is wanted by the ways out alone, which are all at its end where the test for the next time
 * round is made there: so it needs no place while the loop goes round. Most of it is computed again
 * on the way out, from what other registers have then.
 */
import type { Instruction } from './block.ts';
import type { FlowGraph, FlowNode } from './flowGraph.ts';
import { firstFloat, zeroSink } from '../layout.ts';
import type { Liveness } from './liveness.ts';
import type { Narrow } from './narrow.ts';
import { bitOf, countOf, writeMask } from './registerMasks.ts';

/** General registers of such a block. */
export interface Tail {
  /** Computed again, in this order. */
  readonly again: number;
  readonly steps: readonly Step[];
  /** What they come to. */
  readonly results: ReadonlyMap<number, Source>;
  /** Written back on the ways out, from their locals. */
  readonly late: number;
  /** Written back where they are written last. */
  readonly atOnce: number;
}

/** An instruction that is carried out again, with the sources that it reads. */
export interface Step {
  readonly instruction: Instruction;
  readonly rs1: Source | undefined;
  readonly rs2: Source | undefined;
}

/** A register as the ways out find it, or an earlier step. */
export type Source = { readonly register: number } | { readonly step: number };

/** So many instructions may be carried out again for one register. */
const mostSteps = 5;
/** Fewer registers are not worth a second test. */
const fewest = 2;

export function findTails(
  { nodes }: FlowGraph,
  liveness: Liveness,
  narrow: Narrow,
  mayLeave: (node: FlowNode, instruction: Instruction) => boolean,
): ReadonlyMap<FlowNode, Tail> {
  const tails = new Map<FlowNode, Tail>();
  for (const node of nodes) {
    if (!isLoopByItself(node) || node.predecessors.some((p) => jumpsByTable(nodes[p]!))) continue;
    const spare = liveness.unread[node.id]! & ~leftBefore(node, mayLeave);
    if (countOf(spare) < fewest) continue;
    const rest = liveness.unread[node.id]! & ~spare;
    const finder = new TailFinder(node, narrow, liveness.unread[node.id]!);
    const tail = finder.find(spare, liveness.isCrowded(node.id), rest);
    if (tail) tails.set(node, tail);
  }
  return tails;
}

/** Nor does it head a loop around it: who came back from there would go past the test. */
function isLoopByItself({ id, block, successors, predecessors, loopHeader }: FlowNode): boolean {
  const { end } = block;
  if (!loopHeader || predecessors.some((p) => p > id)) return false;
  return end.kind === 'branch' && end.taken !== end.next && successors.includes(id);
}

/** It has no place for what is to be written back on the way. */
const jumpsByTable = ({ block }: FlowNode): boolean => block.end.kind === 'indirect';

/** Registers that a way out in the middle may find as the time round before left them. */
function leftBefore(
  node: FlowNode,
  mayLeave: (node: FlowNode, instruction: Instruction) => boolean,
): number {
  let [found, known] = [0, 0];
  for (const instruction of node.block.instructions) {
    if (mayLeave(node, instruction)) found |= ~known;
    known |= writeMask(instruction, 0);
  }
  return found;
}

/** What a register has: as the block found it, or as an instruction made it. */
type Value =
  | { readonly register: number }
  | {
      readonly made: Instruction;
      readonly rs1: Value | undefined;
      readonly rs2: Value | undefined;
    };

class TailFinder {
  private readonly values: Value[] = [];
  private readonly lastWrites: number[] = [];
  private readonly homes = new Map<Value, number>();
  private readonly steps: Step[] = [];
  private stepOf = new Map<Value, number>();

  constructor(node: FlowNode, narrow: Narrow, unread: number) {
    const { instructions } = node.block;
    for (let r = 0; r < firstFloat; r++) this.values.push({ register: r });
    let words = narrow.in[node.id]!;
    for (const instruction of instructions) {
      const isCopy = writeMask(instruction, 0) !== 0 && !instruction.skipped;
      const copied = isCopy ? narrow.copied(instruction, words) : undefined;
      const value = copied === undefined ? this.made(instruction) : this.values[copied]!;
      for (const { rd } of [instruction, ...(instruction.skipped ?? [])]) {
        if (!(writeMask(instruction, 0) & bitOf(rd)) || !isGeneral(rd)) continue;
        this.values[rd] = instruction.skipped ? this.made(instruction) : value;
        const at = this.lastWrites.indexOf(rd);
        if (at >= 0) this.lastWrites.splice(at, 1);
        this.lastWrites.push(rd);
      }
      words = narrow.after(instruction, words);
    }
    for (let r = 1; r < 32; r++) if (!(unread & bitOf(r))) this.homes.set(this.values[r]!, r);
  }

  find(spare: number, isCrowded: boolean, rest: number): Tail | undefined {
    let [again, late] = [0, 0];
    const results = new Map<number, Source>();
    for (const register of this.lastWrites) {
      if (!(spare & bitOf(register))) continue;
      const value = this.values[register]!;
      const source = this.within(value);
      if (source) {
        results.set(register, source);
        again |= bitOf(register);
      } else {
        late |= bitOf(register);
        this.homes.set(value, register);
      }
    }
    if (again === 0) return undefined;
    const { steps } = this;
    if (isCrowded) return { again, steps, results, late: 0, atOnce: late | rest };
    return { again, steps, results, late, atOnce: 0 };
  }

  private made(instruction: Instruction): Value {
    const { facts, rs1, rs2 } = instruction;
    return {
      made: instruction,
      rs1: facts.readsRs1 ? this.values[rs1] : undefined,
      rs2: facts.readsRs2 ? this.values[rs2] : undefined,
    };
  }

  /** Where a value comes from on the way out; what was tried without success leaves nothing. */
  private within(value: Value): Source | undefined {
    const [before, known] = [this.steps.length, new Map(this.stepOf)];
    const source = this.source(value);
    if (source && this.steps.length - before <= mostSteps) return source;
    this.steps.length = before;
    this.stepOf = known;
    return undefined;
  }

  private source(value: Value): Source | undefined {
    const home = this.homes.get(value);
    if (home !== undefined) return { register: home };
    if ('register' in value) return isZero(value.register) ? { register: 0 } : undefined;
    const known = this.stepOf.get(value);
    if (known !== undefined) return { step: known };
    const { made } = value;
    if (!isRepeatable(made)) return undefined;
    const rs1 = value.rs1 && this.source(value.rs1);
    const rs2 = value.rs2 && this.source(value.rs2);
    if ((value.rs1 && !rs1) || (value.rs2 && !rs2)) return undefined;
    this.steps.push({ instruction: made, rs1, rs2 });
    this.stepOf.set(value, this.steps.length - 1);
    return { step: this.steps.length - 1 };
  }
}

/** Its result depends on general registers alone, and on nothing else. */
function isRepeatable({ controlWord, facts, rs1, rs2 }: Instruction): boolean {
  if (controlWord) return false;
  if (facts.flow !== 'next' || facts.mayLeave || facts.access || facts.asksFloatUnit) return false;
  if (facts.readsRd || facts.readsRs3) return false;
  return !(facts.readsRs1 && !isGeneral(rs1)) && !(facts.readsRs2 && !isGeneral(rs2));
}

const isZero = (register: number): boolean => register === 0 || register === zeroSink;
const isGeneral = (register: number): boolean => register < 32 || register === zeroSink;
