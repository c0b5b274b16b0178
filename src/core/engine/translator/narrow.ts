/**
 * Which registers a region keeps as 32 bits: those that hold a sign-extended word, as compilers keep
 * `int`. Their upper half is made only where somebody looks at it, which is mostly on the way out.
 */
import { i64, local, positive, signExtend, withLow, type Expr } from '../../wasm/expression.ts';
import type { AccessWidth, EngineRow, RegisterWidth, SemanticContext } from '../semantics.ts';
import { zeroSink } from '../layout.ts';
import { endsInMemory, type Instruction } from './block.ts';
import type { FlowGraph } from './flowGraph.ts';
import type { Liveness } from './liveness.ts';
import { bankOf, bitOf, type Masks } from './registerMasks.ts';

/** Registers to be written back, and which of the general ones among them are words. */
export interface Written {
  readonly masks: Masks;
  readonly words: number;
}

export interface Narrow {
  /** General registers that are words where each block begins, and behind its last instruction. */
  readonly in: Int32Array;
  readonly out: Int32Array;
  /** Those of the latter that must be made whole there, as not all successors have them as words. */
  readonly widened: Int32Array;
  /** Words, of those that were before the instruction, after it. */
  after(instruction: Instruction, before: number): number;
}

export const written = (masks: Masks, words: number): Written => ({
  masks,
  words: words & masks[0],
});

export function findNarrow(
  graph: FlowGraph,
  liveness: Liveness,
  xlen: RegisterWidth,
  /** Words where the region begins. */
  entry: number,
): Narrow {
  const { nodes } = graph;
  const results = new Results(xlen);
  const after = (i: Instruction, before: number): number => results.after(i, before);
  // Everything is a word until it is found not to be; what comes from memory is not.
  const begins = new Int32Array(nodes.length).fill(-1);
  const ends = new Int32Array(nodes.length).fill(-1);
  begins[0] = entry;
  for (let changed = true, first = true; changed; first = false) {
    changed = false;
    for (const { id, block, predecessors } of nodes) {
      let before = begins[id]!;
      for (const p of predecessors) before &= ends[p]!;
      if (before === begins[id] && !first) continue;
      begins[id] = before;
      let words = before;
      for (const instruction of block.instructions) words = after(instruction, words);
      if (endsInMemory(nodes[id]!.block)) words = 0;
      if (words === ends[id]) continue;
      ends[id] = words;
      changed = true;
    }
  }
  const out = new Int32Array(nodes.length);
  const widened = new Int32Array(nodes.length);
  for (const node of nodes) {
    const { id, block, successors } = node;
    let words = begins[id]!;
    for (const instruction of block.instructions) words = after(instruction, words);
    out[id] = words;
    if (endsInMemory(block)) continue;
    for (const to of successors) {
      // What the scope of the block does not have is loaded on the way.
      const had = liveness.live[to]![0] & liveness.scopes[id]![0];
      widened[id]! |= words & ~begins[to]! & had;
    }
  }
  return { in: begins, out, widened, after };
}

/** What instructions write, by what their operands are; rows keep the answers. */
class Results {
  private readonly probe: Probe;
  private readonly known: Known;

  constructor(xlen: RegisterWidth) {
    this.probe = new Probe(xlen);
    this.known = xlen === 32 ? knownOf32 : knownOf64;
  }

  after(instruction: Instruction, before: number): number {
    const { rd, facts, skipped } = instruction;
    // A word is what is one with them and without.
    if (skipped) return before & skipped.reduce((words, each) => this.after(each, words), before);
    if (!facts.writesRd || rd === 0 || rd === zeroSink || bankOf(rd) !== 0) return before;
    const bit = bitOf(rd);
    return this.isWord(instruction, before) ? before | bit : before & ~bit;
  }

  private isWord(instruction: Instruction, before: number): boolean {
    const { rs1, rs2, rd, facts, imm, handler } = instruction;
    const operands =
      (facts.readsRs1 ? operandKind(rs1, before) : 0) +
      (facts.readsRs2 ? operandKind(rs2, before) * 4 : 0) +
      (facts.readsRd ? operandKind(rd, before) * 16 : 0);
    const key = facts.readsImm ? imm * 64 + operands : operands;
    let answers = this.known.get(handler.row);
    if (!answers) this.known.set(handler.row, (answers = new Map()));
    let answer = answers.get(key);
    if (answer === undefined) {
      answer = this.probe.isWord(instruction, operands);
      answers.set(key, answer);
    }
    return answer;
  }
}

type Known = WeakMap<EngineRow, Map<number, boolean>>;
const knownOf32: Known = new WeakMap();
const knownOf64: Known = new WeakMap();

const [isWide, isWordNow, isZero] = [0, 1, 2];
function operandKind(register: number, words: number): number {
  if (register === 0 || register === zeroSink) return isZero;
  return bankOf(register) === 0 && words & bitOf(register) ? isWordNow : isWide;
}

const wide: Expr = local('i64', 0);
const word: Expr = local('i32', 0);
/** By kind. */
const operandOfKind: readonly Expr[] = [wide, signExtend(word), i64(0)];

/** Runs a row as the translator's context does, and looks at what would be written. */
class Probe implements SemanticContext {
  readonly xlen: RegisterWidth;
  readonly fuses = false;
  private instruction!: Instruction;
  private operands = 0;
  private written: boolean | undefined;

  constructor(xlen: RegisterWidth) {
    this.xlen = xlen;
  }

  isWord(instruction: Instruction, operands: number): boolean {
    this.instruction = instruction;
    this.operands = operands;
    this.written = undefined;
    instruction.handler.row.execute(this);
    return this.written ?? false;
  }

  rs1(): Expr {
    return operandOfKind[this.operands & 3]!;
  }
  rs2(): Expr {
    return operandOfKind[(this.operands >> 2) & 3]!;
  }
  rd(): Expr {
    return operandOfKind[this.operands >> 4]!;
  }
  imm(): Expr {
    return i64(this.instruction.imm);
  }
  pcImm(): Expr {
    return wide;
  }
  keep(value: Expr): Expr {
    if (value.constant !== undefined) return value;
    return keptWord(value, () => word) ?? local(value.type, 0);
  }
  wr(value: Expr): void {
    // What is written twice, in two arms, is left alone.
    this.written = this.written === undefined && (this.xlen === 32 || value.low !== undefined);
  }
  wrWide(): void {
    this.written = false;
  }
  load(width: AccessWidth): Expr {
    return loadOfWidth(width, wide, word);
  }
  store(): void {}
  amo(): void {
    this.written = false;
  }
  loadReserved(): void {
    this.written = false;
  }
  storeConditional(): void {
    this.written = false;
  }
  branch(): void {}
  jumpAndLink(): void {
    this.written = false;
  }
  jumpAndLinkRegister(): void {
    this.written = false;
  }
  host(): void {}
  control(): void {}
  needFloatUnit(): void {}
  rs3(): Expr {
    return wide;
  }
  roundingField(): Expr {
    return word;
  }
  floatUnit(): Expr {
    return word;
  }
  orHost(): void {
    this.written = false;
  }
  when(): void {
    this.written = false;
  }
}

/** A value to be used several times as a word, by `keep` of its half; undefined where it is none. */
export function keptWord(value: Expr, keep: (low: Expr) => Expr): Expr | undefined {
  if (value.constant !== undefined || !value.low) return undefined;
  return signExtend(keep(value.low));
}

/** A load of that width: what loads all of it, or its low half where that is all there is to it. */
export function loadOfWidth(width: AccessWidth, whole: Expr, low: Expr): Expr {
  if (width === 'd' || width === 'wu') return whole;
  return withLow(whole, width === 'bu' || width === 'hu' ? positive(low) : low);
}
