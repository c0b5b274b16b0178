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
  /** The register whose value the instruction passes on as it is, with these words before it. */
  copied(instruction: Instruction, before: number): number | undefined;
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
  const copied = (i: Instruction, before: number): number | undefined => results.copied(i, before);
  return { in: begins, out, widened, after, copied };
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
    return this.resultOf(instruction, before).isWord ? before | bit : before & ~bit;
  }

  copied(instruction: Instruction, before: number): number | undefined {
    const { facts } = instruction;
    const { copyOf } = this.resultOf(instruction, before);
    if (copyOf === 'rs1' && facts.readsRs1) return instruction.rs1;
    return copyOf === 'rs2' && facts.readsRs2 ? instruction.rs2 : undefined;
  }

  private resultOf(instruction: Instruction, before: number): Result {
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
      answer = this.probe.resultOf(instruction, operands);
      answers.set(key, answer);
    }
    return answer;
  }
}

/** What an instruction writes: a word or not, and which of its sources that is. */
interface Result {
  readonly isWord: boolean;
  readonly copyOf: 'rs1' | 'rs2' | undefined;
}

type Known = WeakMap<EngineRow, Map<number, Result>>;
const knownOf32: Known = new WeakMap();
const knownOf64: Known = new WeakMap();

const [isWide, isWordNow, isZero] = [0, 1, 2];
function operandKind(register: number, words: number): number {
  if (register === 0 || register === zeroSink) return isZero;
  return bankOf(register) === 0 && words & bitOf(register) ? isWordNow : isWide;
}

const wide: Expr = local('i64', 0);
const word: Expr = local('i32', 0);
/** By kind; those of the second source are told apart. */
const operandOfKind: readonly Expr[] = [wide, signExtend(word), i64(0)];
const secondOfKind: readonly Expr[] = [local('i64', 1), signExtend(local('i32', 1)), i64(0)];
/** What is no operand. */
const something: Expr = local('i64', 2);
const someWord: Expr = local('i32', 2);

const other: Result = { isWord: false, copyOf: undefined };

/** A value that is one of the operands, which is no constant. */
function isSame(value: Expr, operand: Expr): boolean {
  if (operand.constant !== undefined) return false;
  return value === operand || (value.low !== undefined && value.low === operand.low);
}

/** Runs a row as the translator's context does, and looks at what would be written. */
class Probe implements SemanticContext {
  readonly xlen: RegisterWidth;
  readonly fuses = false;
  private instruction!: Instruction;
  private operands = 0;
  private written: Result | undefined;

  constructor(xlen: RegisterWidth) {
    this.xlen = xlen;
  }

  resultOf(instruction: Instruction, operands: number): Result {
    this.instruction = instruction;
    this.operands = operands;
    this.written = undefined;
    instruction.handler.row.execute(this);
    return this.written ?? other;
  }

  rs1(): Expr {
    return operandOfKind[this.operands & 3]!;
  }
  rs2(): Expr {
    return secondOfKind[(this.operands >> 2) & 3]!;
  }
  rd(): Expr {
    return operandOfKind[this.operands >> 4]!;
  }
  imm(): Expr {
    return i64(this.instruction.imm);
  }
  pcImm(): Expr {
    return something;
  }
  keep(value: Expr): Expr {
    if (value.constant !== undefined) return value;
    return keptWord(value, () => someWord) ?? local(value.type, 2);
  }
  wr(value: Expr): void {
    // What is written twice, in two arms, is left alone.
    const isWord = this.xlen === 32 || value.low !== undefined;
    const copyOf = isSame(value, this.rs1())
      ? 'rs1'
      : isSame(value, this.rs2())
        ? 'rs2'
        : undefined;
    this.written = this.written ? other : { isWord, copyOf };
  }
  wrWide(): void {
    this.written = other;
  }
  load(width: AccessWidth): Expr {
    return loadOfWidth(width, something, someWord);
  }
  store(): void {}
  amo(): void {
    this.written = other;
  }
  loadReserved(): void {
    this.written = other;
  }
  storeConditional(): void {
    this.written = other;
  }
  branch(): void {}
  jumpAndLink(): void {
    this.written = other;
  }
  jumpAndLinkRegister(): void {
    this.written = other;
  }
  host(): void {}
  control(): void {}
  needFloatUnit(): void {}
  rs3(): Expr {
    return something;
  }
  roundingField(): Expr {
    return someWord;
  }
  floatUnit(): Expr {
    return someWord;
  }
  orHost(): void {
    this.written = other;
  }
  when(): void {
    this.written = other;
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
