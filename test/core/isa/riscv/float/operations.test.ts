/**
 * Every operation, format and rounding mode against the exact reference, on operands biased to the
 * hard cases. TRAPLINE_FLOAT_CASES sets the number of cases per combination, TRAPLINE_SEED the seed.
 */
import assert from 'node:assert/strict';
import * as arithmetic from '../../../../../src/core/isa/riscv/float/arithmetic.ts';
import * as compare from '../../../../../src/core/isa/riscv/float/compare.ts';
import * as convert from '../../../../../src/core/isa/riscv/float/convert.ts';
import {
  rounding,
  type FloatEnvironment,
} from '../../../../../src/core/isa/riscv/float/environment.ts';
import { double, half, single } from '../../../../../src/core/isa/riscv/float/format.ts';
import { integer, moved, operand, operands, Random, withSign } from './operands.ts';
import * as reference from './reference.ts';
import { sizes, type Outcome } from './reference.ts';
import { fromBigInt, toBigInt, words, type Words } from './words.ts';

const cases = Number(process.env['TRAPLINE_FLOAT_CASES'] ?? 10000);
const seed = Number(process.env['TRAPLINE_SEED'] ?? Date.now() % 1e9);
const formats = { h: half, s: single, d: double } as const;
const suffixes = ['h', 's', 'd'] as const;
type Suffix = (typeof suffixes)[number];
const modes = Object.entries(rounding);
type Entries<T> = [keyof T, T[keyof T]][];

const hex = (x: bigint): string => `0x${BigInt.asUintN(64, x).toString(16)}`;

/** Runs the cases of one operation in all modes; `one` gives what we say and what is right. */
function inAllModes(
  name: string,
  one: (random: Random, e: FloatEnvironment) => { given: Words[]; ours: bigint; right: Outcome },
  perMode = cases,
): void {
  for (const [modeName, mode] of modes) {
    const random = new Random(seed);
    for (let i = 0; i < perMode; i++) {
      const e: FloatEnvironment = { rounding: mode, flags: 0 };
      const { given, ours, right } = one(random, e);
      const { high, low } = fromBigInt(ours);
      if (high === right.high && low === right.low && e.flags === right.flags) continue;
      assert.fail(
        `${name} ${modeName} ${given.map(toBigInt).map(hex).join(' ')} (seed ${seed}): ` +
          `${hex(ours)} flags ${e.flags}, not ${hex(toBigInt(right))} flags ${right.flags}`,
      );
    }
  }
}

/** A random operand's pattern that is the value of a JavaScript number. */
const scratch = new DataView(new ArrayBuffer(8));
function numberOf(pattern: bigint): number {
  scratch.setBigUint64(0, pattern);
  return scratch.getFloat64(0);
}
function patternOf(value: number): bigint {
  scratch.setFloat64(0, value);
  return Number.isNaN(value) ? double.canonicalNaN : scratch.getBigUint64(0);
}

describe('core/isa/riscv/float', function () {
  this.timeout(0);

  for (const suffix of suffixes) {
    const f = formats[suffix];
    const size = sizes[suffix];
    const { add, subtract, multiply, divide, squareRoot, fuse } = arithmetic;
    const operations = {
      add: (o: bigint[], e: FloatEnvironment) => add(f, o[0]!, o[1]!, e),
      subtract: (o: bigint[], e: FloatEnvironment) => subtract(f, o[0]!, o[1]!, e),
      multiply: (o: bigint[], e: FloatEnvironment) => multiply(f, o[0]!, o[1]!, e),
      divide: (o: bigint[], e: FloatEnvironment) => divide(f, o[0]!, o[1]!, e),
      squareRoot: (o: bigint[], e: FloatEnvironment) => squareRoot(f, o[0]!, e),
      fuse: (o: bigint[], e: FloatEnvironment) => fuse(f, o[0]!, o[1]!, o[2]!, e),
    };
    for (const [op, ours] of Object.entries(operations) as Entries<typeof operations>) {
      const theirs = op === 'fuse' ? reference.fused(false, false) : reference[op];
      it(`computes ${op}.${suffix} exactly, then rounds once`, () => {
        inAllModes(`${op}.${suffix}`, (random, e) => {
          const given = operands(size, random);
          // An addend that nearly cancels the product.
          if (op === 'fuse' && random.below(3) === 0) {
            const product = reference.multiply(size, ...given, rounding.RNE);
            given[2] = moved(size, withSign(size, product, true), random.below(5) - 2);
          }
          return {
            given,
            ours: ours(given.map(toBigInt), e),
            right: theirs(size, ...given, e.rounding),
          };
        });
      });
    }

    it(`compares and classifies ${suffix}`, () => {
      const relations = [
        ['equal', (x: number, y: number) => x === y],
        ['less', (x: number, y: number) => x < y],
        ['lessOrEqual', (x: number, y: number) => x <= y],
      ] as const;
      for (const [relation, holds] of relations) {
        for (const quiet of [false, true]) {
          inAllModes(`${relation}.${suffix}`, (random, e) => {
            const [a, b] = operands(size, random);
            const ours = compare.compare(f, toBigInt(a), toBigInt(b), relation, quiet, e) ? 1n : 0n;
            return { given: [a, b], ours, right: reference.relation(size, a, b, holds, quiet) };
          });
        }
      }
      inAllModes(`class.${suffix}`, (random) => {
        const a = operand(size, random);
        const right = reference.classOf(size, a);
        return { given: [a], ours: compare.classify(f, toBigInt(a)), right };
      });
    });

    it(`chooses minimum and maximum of ${suffix}`, () => {
      for (const which of ['minimum', 'maximum'] as const) {
        for (const nanWins of [false, true]) {
          const choose = nanWins ? compare.chooseOrNaN : compare.choose;
          inAllModes(`${which}.${suffix}`, (random, e) => {
            const [a, b] = operands(size, random);
            const right = reference.minimumOrMaximum(size, a, b, which, nanWins);
            return { given: [a, b], ours: choose(f, toBigInt(a), toBigInt(b), which, e), right };
          });
        }
      }
    });

    it(`converts ${suffix} to and from integers`, () => {
      for (const width of [32, 64] as const) {
        for (const signed of [true, false]) {
          const name = `${signed ? '' : 'u'}int${width}`;
          inAllModes(`${suffix} to ${name}`, (random, e) => {
            const a = operand(size, random);
            const right = reference.toInteger(size, a, width, signed, e.rounding);
            return { given: [a], ours: convert.toInteger(f, toBigInt(a), width, signed, e), right };
          });
          inAllModes(`${name} to ${suffix}`, (random, e) => {
            const bits = integer(width, random);
            const value = BigInt[signed ? 'asIntN' : 'asUintN'](width, toBigInt(bits));
            const right = reference.ofInteger(size, bits, width, signed, e.rounding);
            return { given: [bits], ours: convert.fromInteger(f, value, e), right };
          });
        }
      }
    });

    it(`rounds ${suffix} to integral values`, () => {
      for (const raises of [false, true]) {
        inAllModes(`round.${suffix}`, (random, e) => {
          const a = operand(size, random);
          const right = reference.toIntegral(size, a, raises, e.rounding);
          return { given: [a], ours: convert.roundToIntegral(f, toBigInt(a), raises, e), right };
        });
      }
    });

    it(`converts ${suffix} to the other formats`, () => {
      for (const other of suffixes.filter((o): o is Suffix => o !== suffix)) {
        inAllModes(`${suffix} to ${other}`, (random, e) => {
          const a = operand(size, random);
          const ours = convert.convert(f, formats[other], toBigInt(a), e);
          const right = reference.converted(size, sizes[other], a, e.rounding);
          return { given: [a], ours, right };
        });
      }
    });
  }

  it('converts modulo 2^32 with the flags of the conversion that saturates', () => {
    inAllModes('fcvtmod.w.d', (random, e) => {
      const a = operand(sizes.d, random);
      const right = reference.toIntegerModular(sizes.d, a);
      return { given: [a], ours: convert.toIntegerModular(double, toBigInt(a), e), right };
    });
  });

  it('injects signs into any pattern', () => {
    const random = new Random(seed);
    for (let i = 0; i < cases; i++) {
      const [a, b] = operands(sizes.s, random).map(toBigInt) as [bigint, bigint];
      const sign = (x: bigint): string => x.toString(2).padStart(32, '0')[0]!;
      const rest = a.toString(2).padStart(32, '0').slice(1);
      const flipped = sign(b) === '1' ? '0' : '1';
      const mixed = sign(a) === sign(b) ? '0' : '1';
      assert.equal(compare.injectSign(single, a, b, 'same'), BigInt(`0b${sign(b)}${rest}`));
      assert.equal(compare.injectSign(single, a, b, 'opposite'), BigInt(`0b${flipped}${rest}`));
      assert.equal(compare.injectSign(single, a, b, 'exclusiveOr'), BigInt(`0b${mixed}${rest}`));
    }
  });

  it('computes what the processor under JavaScript does, and so does the reference', () => {
    const random = new Random(seed);
    const e: FloatEnvironment = { rounding: rounding.RNE, flags: 0 };
    for (let i = 0; i < 10 * cases; i++) {
      const given = operands(sizes.d, random);
      const [a, b] = given.map(toBigInt) as [bigint, bigint];
      const [x, y] = [numberOf(a), numberOf(b)];
      const check = (name: string, ours: bigint, right: Words, value: number): void => {
        const message = `${name} ${[a, b].map(hex).join(' ')}`;
        assert.equal(hex(ours), hex(patternOf(value)), message);
        assert.equal(hex(toBigInt(right)), hex(patternOf(value)), `reference: ${message}`);
      };
      const theirs = (compute: reference.Arithmetic): Words =>
        compute(sizes.d, ...given, rounding.RNE);
      check('add', arithmetic.add(double, a, b, e), theirs(reference.add), x + y);
      check('subtract', arithmetic.subtract(double, a, b, e), theirs(reference.subtract), x - y);
      check('multiply', arithmetic.multiply(double, a, b, e), theirs(reference.multiply), x * y);
      check('divide', arithmetic.divide(double, a, b, e), theirs(reference.divide), x / y);
      const root = theirs(reference.squareRoot);
      check('squareRoot', arithmetic.squareRoot(double, a, e), root, Math.sqrt(x));
      const narrow = convert.convert(double, single, a, e);
      const theirNarrow = reference.converted(sizes.d, sizes.s, given[0], rounding.RNE);
      const theirWide = reference.converted(sizes.s, sizes.d, theirNarrow, rounding.RNE);
      check('fround', convert.convert(single, double, narrow, e), theirWide, Math.fround(x));
    }
  });

  it('rounds all halves to integers in all modes', () => {
    for (const [, mode] of modes) {
      for (let a = 0; a < 0x10000; a += 7) {
        const e: FloatEnvironment = { rounding: mode, flags: 0 };
        const ours = convert.toInteger(half, BigInt(a), 32, true, e);
        const right = reference.toInteger(sizes.h, words(0, a), 32, true, mode);
        assert.deepEqual({ ...fromBigInt(ours), flags: e.flags }, right, a.toString(16));
      }
    }
  });
});
