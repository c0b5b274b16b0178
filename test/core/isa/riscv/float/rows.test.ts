/**
 * Every floating-point row as guests execute it, native form and exact one, against the exact
 * reference: in every rounding mode, static and dynamic, with and without inexact raised before; and
 * as the translator makes code of them.
 * TRAPLINE_FLOAT_CASES sets the number of cases per row, TRAPLINE_SEED the seed. Of half-precision
 * rows with one operand, 65,536 cases in a mode are all that there are.
 */
import assert from 'node:assert/strict';
import {
  dynamicRounding,
  rounding,
  type RoundingMode,
} from '../../../../../src/core/isa/riscv/float/environment.ts';
import { floatArithmeticRows } from '../../../../../src/core/isa/riscv/instructions/f.ts';
import type { TranslatorOptions } from '../../../../../src/core/engine/translator/translator.ts';
import type { RegisterWidth } from '../../../../../src/core/engine/semantics.ts';
import type { InstructionRow } from '../../../../../src/core/isa/riscv/instructions/row.ts';
import {
  additionalFloatRows,
  floatPairRows,
} from '../../../../../src/core/isa/riscv/instructions/zfa.ts';
import { Batch, inputWords, outputWords, type Variant } from './batch.ts';
import { boxed, expectation, sourceOf, unboxed } from './expected.ts';
import { moved, Random, registersFor, scaled, withSign } from './operands.ts';
import { multiply, sizes, type Size } from './reference.ts';
import { toBigInt, words, type Words } from './words.ts';
import { eagerTranslation } from '../../../../engine.ts';

const cases = Number(process.env['TRAPLINE_FLOAT_CASES'] ?? 2000);
const seed = Number(process.env['TRAPLINE_SEED'] ?? Date.now() % 1e9);

/** Vectors that a guest has before it at once. */
const capacity = 1024;

/** FLI has no operands: each of its constants is looked at elsewhere. */
const rowsOn = (xlen: RegisterWidth): InstructionRow[] =>
  [...floatArithmeticRows, ...additionalFloatRows, ...floatPairRows].filter(
    (row) => (row.xlen ?? xlen) === xlen && !row.mnemonic.startsWith('fli.'),
  );

const rounds = ({ pattern }: InstructionRow): boolean => pattern.includes('rm:3');
/** The dynamic mode and the nearest one more often: compilers write no others. */
const fields = [0, dynamicRounding, 1, 2, 3, 4, dynamicRounding];

function variantsOf(row: InstructionRow): Variant[] {
  return (rounds(row) ? fields : [0]).map((rm) => ({ row, rm }));
}

const NX = 1;
const hex = (x: Words): string => `0x${toBigInt(x).toString(16)}`;

/** Vectors as the guest has them, in halves of its words, lower ones first. */
const [inputHalves, outputHalves] = [2 * inputWords, 2 * outputWords];
const fcsrAt = 6;
const wordsAt = (list: Int32Array, at: number): Words => words(list[at + 1]!, list[at]!);

/** Operands for all modes of a row, a part at a time: a complaint about the first that went wrong. */
function check(suite: Suite, row: InstructionRow): string | undefined {
  const { batch, flagsTogether } = suite;
  const mine = [...suite.variants.entries()].filter(([, variant]) => variant.row === row);
  const random = new Random(seed + mine[0]![0]);
  const makeRegisters = registersOf(row, random);
  const each = Math.ceil(cases / mine.length);
  const all = isHalfOfOne(row) ? Math.min(each, 2 * allHalves) : each;
  const inputs = new Int32Array(Math.min(all, batch.capacity) * inputHalves);
  for (let left = all; left > 0; left -= batch.capacity) {
    const part = inputs.subarray(0, left * inputHalves);
    for (let at = 0; at < part.length; at += inputHalves) putWords(part, at, makeRegisters());
    for (const [index, { rm }] of mine) {
      for (let at = fcsrAt; at < part.length; at += inputHalves) {
        part[at] = flagsTogether ? NX : environment(rm, random);
      }
      const complaint = checkPart(suite, index, part);
      if (complaint) return complaint;
    }
  }
  return undefined;
}

function putWords(list: Int32Array, at: number, all: readonly Words[]): void {
  all.forEach(({ high, low }, i) => {
    list[at + 2 * i] = low;
    list[at + 2 * i + 1] = high;
  });
}

function checkPart(suite: Suite, index: number, inputs: Int32Array): string | undefined {
  const { batch, xlen, flagsTogether } = suite;
  const { row, rm } = suite.variants[index]!;
  const expect = expectation(row.mnemonic);
  if (flagsTogether) batch.rig.setCsr('fcsr', BigInt(NX));
  const outputs = batch.run(index, inputs);
  const isNarrow = xlen === 32 && !row.pattern.includes('frd:');
  let together = NX;
  for (let at = 0, out = 0; at < inputs.length; at += inputHalves, out += outputHalves) {
    const fcsr = inputs[at + fcsrAt]!;
    const mode = (rm === dynamicRounding ? fcsr >> 5 : rm) as RoundingMode;
    const [a, b, c] = [wordsAt(inputs, at), wordsAt(inputs, at + 2), wordsAt(inputs, at + 4)];
    const right = expect(a, b, c, mode);
    const flags = fcsr | right.flags;
    together |= flags;
    const value = wordsAt(outputs, out);
    const after = outputs[out + 2]!;
    const isRight = value.low === right.low && (isNarrow || value.high === right.high);
    if (isRight && (flagsTogether || after === flags)) continue;
    return (
      `${row.mnemonic} rm ${rm} fcsr ${fcsr} ${[a, b, c].map(hex).join(' ')}: ` +
      `${hex(value)} fcsr ${after}, not ${hex(right)} fcsr ${flags}`
    );
  }
  if (!flagsTogether || batch.rig.csr('fcsr') === BigInt(together)) return undefined;
  return `${row.mnemonic} rm ${rm}: fcsr ${batch.rig.csr('fcsr')}, not ${together}`;
}

/** As many as there are patterns of half precision. */
const allHalves = 0x10000;
const isHalfOfOne = ({ mnemonic, pattern }: InstructionRow): boolean =>
  sourceOf(mnemonic) === sizes.h && !pattern.includes('rs2:');

/** Gives operands for one case after the other. */
function registersOf(row: InstructionRow, random: Random): () => [Words, Words, Words] {
  const source = sourceOf(row.mnemonic);
  const operandCount = [1, 2, 3].findLast((n) => row.pattern.includes(`rs${n}:`))!;
  if (isHalfOfOne(row)) {
    let count = 0;
    return () => {
      const registers = registersFor(source, random, operandCount);
      // Every second one in turn; an odd factor reaches all, and soon parts that are far from another.
      if (count++ % 2 === 1) return registers;
      const pattern = words(0, Math.imul(count >> 1, 40503) & (allHalves - 1));
      return [boxed(sizes.h, pattern), zero, zero];
    };
  }
  if (!/^fn?m(add|sub)/.test(row.mnemonic)) return () => registersFor(source, random, operandCount);
  return () => {
    const [a, b, c] = registersFor(source, random);
    return [a, b, random.below(3) === 0 ? c : nearProduct(source!, a, b, random)];
  };
}

/** What fcsr holds before: mostly the modes and flags of ordinary programs, none that is reserved. */
function environment(rm: number, random: Random): number {
  const frm = rm === dynamicRounding && random.below(2) === 0 ? random.below(5) : 0;
  const other = rm !== dynamicRounding && random.below(8) === 0 ? random.below(8) : frm;
  return (other << 5) | random.pick([0, 1, 1, random.below(32)]);
}

/** An addend that nearly cancels the product, or of which rounding alone sees the lesser one. */
function nearProduct(size: Size, a: Words, b: Words, random: Random): Words {
  const product = multiply(size, unboxed(size, a), unboxed(size, b), zero, rounding.RNE);
  const { fraction } = size;
  const digits = random.below(2) === 0 ? 0 : random.below(2 * fraction + 8) - fraction - 4;
  const near = moved(size, scaled(size, product, digits), random.below(5) - 2);
  return boxed(size, withSign(size, near, random.below(2) === 1));
}

const zero = words(0, 0);

interface Suite {
  readonly xlen: RegisterWidth;
  readonly variants: readonly Variant[];
  readonly batch: Batch;
  readonly flagsTogether: boolean;
}

function describeRows(title: string, makeSuite: () => Suite, after?: (suite: Suite) => void): void {
  describe(title, function () {
    this.timeout(0);
    const suite = makeSuite();
    const { variants } = suite;
    for (const row of new Set(variants.map((v) => v.row))) {
      it(`${row.mnemonic} gives what the definitions say`, () => {
        const complaint = check(suite, row);
        if (complaint) assert.fail(`${complaint} (seed ${seed})`);
        after?.(suite);
      });
    }
  });
}

for (const xlen of [64, 32] as const) {
  describeRows(`core/isa/riscv/float rows of RV${xlen}`, () => {
    const variants = rowsOn(xlen).flatMap(variantsOf);
    return { xlen, variants, batch: new Batch(variants, capacity, { xlen }), flagsTogether: false };
  });
}

/** Without access to fcsr between them, so that all is in one region; what has a native form. */
function describeTranslated(
  title: string,
  translate: TranslatorOptions,
  isTested: (row: InstructionRow) => boolean,
): void {
  let known = 0;
  describeRows(
    title,
    () => {
      const variants = rowsOn(64)
        .filter((row) => row.float?.native && isTested(row))
        .flatMap(variantsOf);
      const batch = new Batch(variants, capacity, { translate, flagsTogether: true });
      return { xlen: 64, variants, batch, flagsTogether: true };
    },
    ({ batch }) => {
      const { regions } = batch.rig.translator!.counters;
      assert.ok(regions > known, 'nothing was translated');
      known = regions;
    },
  );
}

describeTranslated('core/isa/riscv/float rows as translated', eagerTranslation, () => true);
// As on hosts without relaxed SIMD, or whose processors round its product.
describeTranslated(
  'core/isa/riscv/float rows as translated where the host fuses nothing',
  { ...eagerTranslation, features: { fusedMultiplyAdd: false } },
  ({ mnemonic }) => /^fn?m(add|sub)/.test(mnemonic),
);
