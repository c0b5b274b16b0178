/**
 * Every floating-point row as guests execute it, native form and exact one, against the slow
 * reference: in every rounding mode, static and dynamic, with and without inexact raised before; and
 * as the translator makes code of them.
 * TRAPLINE_FLOAT_CASES sets the number of cases per row, TRAPLINE_SEED the seed.
 */
import assert from 'node:assert/strict';
import {
  dynamicRounding,
  type RoundingMode,
} from '../../../../../src/core/isa/riscv/float/environment.ts';
import { floatArithmeticRows } from '../../../../../src/core/isa/riscv/instructions/f.ts';
import type { RegisterWidth } from '../../../../../src/core/engine/semantics.ts';
import type { InstructionRow } from '../../../../../src/core/isa/riscv/instructions/row.ts';
import {
  additionalFloatRows,
  floatPairRows,
} from '../../../../../src/core/isa/riscv/instructions/zfa.ts';
import { eagerTranslation } from '../rig.ts';
import { Batch, inputWords, type Variant } from './batch.ts';
import { expected, sourceOf } from './expected.ts';
import { registersFor, Random } from './operands.ts';

const cases = Number(process.env['TRAPLINE_FLOAT_CASES'] ?? 2000);
const seed = Number(process.env['TRAPLINE_SEED'] ?? Date.now() % 1e9);

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

const NX = 1n;
const hex = (x: bigint): string => `0x${x.toString(16)}`;

/** Cases of one variant: a complaint about the first that went wrong. */
function check(
  suite: Suite,
  index: number,
  { row, rm }: Variant,
  count: number,
): string | undefined {
  const { batch, xlen, flagsTogether } = suite;
  const random = new Random(seed + index);
  const inputs = new BigUint64Array(count * inputWords);
  for (let i = 0; i < count; i++) {
    inputs.set(operandsFor(row, random), i * inputWords);
    inputs[i * inputWords + 3] = flagsTogether ? NX : environment(rm, random);
  }
  if (flagsTogether) batch.rig.setCsr('fcsr', NX);
  const outputs = new BigUint64Array(
    batch.run(index, new Uint8Array(inputs.buffer)).slice().buffer,
  );
  let together = NX;
  for (let i = 0; i < count; i++) {
    const [a, b, c, fcsr] = inputs.subarray(i * inputWords) as unknown as bigint[];
    const [value, after] = outputs.subarray(2 * i) as unknown as bigint[];
    const mode = (rm === dynamicRounding ? Number(fcsr! >> 5n) : rm) as RoundingMode;
    const { value: wide, flags: raised } = expected(row.mnemonic, [a!, b!, c!], mode, value!);
    const bits = row.pattern.includes('frd:') ? 64 : xlen;
    const right = BigInt.asUintN(bits, wide);
    const flags = fcsr! | BigInt(raised);
    together |= flags;
    const areFlagsRight = flagsTogether || after === flags;
    if (BigInt.asUintN(bits, value!) === right && areFlagsRight) continue;
    return (
      `${row.mnemonic} rm ${rm} fcsr ${hex(fcsr!)} ${[a!, b!, c!].map(hex).join(' ')}: ` +
      `${hex(value!)} fcsr ${hex(after!)}, not ${hex(right)} fcsr ${hex(flags)}`
    );
  }
  if (!flagsTogether || batch.rig.csr('fcsr') === together) return undefined;
  return `${row.mnemonic} rm ${rm}: fcsr ${hex(batch.rig.csr('fcsr'))}, not ${hex(together)}`;
}

function operandsFor(row: InstructionRow, random: Random): [bigint, bigint, bigint] {
  const registers = registersFor(sourceOf(row.mnemonic), random);
  const isFused = /^fn?m(add|sub)/.test(row.mnemonic);
  if (isFused && random.below(3) !== 0) registers[2] = nearProduct(row, registers, random);
  return registers;
}

/** What fcsr holds before: mostly the modes and flags of ordinary programs, none that is reserved. */
function environment(rm: number, random: Random): bigint {
  const frm = rm === dynamicRounding && random.below(2) === 0 ? random.below(5) : 0;
  const other = rm !== dynamicRounding && random.below(8) === 0 ? random.below(8) : frm;
  const flags = random.pick([0, 1, 1, random.below(32)]);
  return BigInt((other << 5) | flags);
}

/** An addend that nearly cancels the product, or of which rounding alone sees the lesser one. */
function nearProduct(row: InstructionRow, registers: readonly bigint[], random: Random): bigint {
  const { source, operate } = row.float!;
  const { mask, sign, bits, fractionBits } = source!;
  const o = { a: registers[0]! & mask, b: registers[1]! & mask, c: sign, index: 0 };
  const product = operate(o, { rounding: 0, flags: 0 }) ^ (random.bits(1) * sign);
  const digits = random.below(2) === 0 ? 0 : random.below(2 * fractionBits + 8) - fractionBits - 4;
  const distance = (BigInt(digits) << BigInt(fractionBits)) + BigInt(random.below(5) - 2);
  return BigInt.asUintN(64, ~mask | BigInt.asUintN(bits, product + distance));
}

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
        const mine = variants.filter((v) => v.row === row);
        const count = Math.ceil(cases / mine.length);
        for (const variant of mine) {
          const complaint = check(suite, variants.indexOf(variant), variant, count);
          assert.equal(complaint, undefined, `seed ${seed}`);
        }
        after?.(suite);
      });
    }
  });
}

for (const xlen of [64, 32] as const) {
  describeRows(`core/isa/riscv/float rows of RV${xlen}`, () => {
    const variants = rowsOn(xlen).flatMap(variantsOf);
    return { xlen, variants, batch: new Batch(variants, cases, { xlen }), flagsTogether: false };
  });
}

let known = 0;
/** Without access to fcsr between them, so that all is in one region; what has a native form. */
describeRows(
  'core/isa/riscv/float rows as translated',
  () => {
    const variants = rowsOn(64)
      .filter((row) => row.float?.native)
      .flatMap(variantsOf);
    const options = { translate: eagerTranslation, flagsTogether: true };
    const batch = new Batch(variants, cases, options);
    return { xlen: 64, variants, batch, flagsTogether: true };
  },
  ({ batch }) => {
    const { regions } = batch.rig.translator!.counters;
    assert.ok(regions > known, 'nothing was translated');
    known = regions;
  },
);
