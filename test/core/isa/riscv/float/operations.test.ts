/**
 * Every operation, format and rounding mode against the slow reference, on operands biased to the
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
import { integer, operand, operands, Random } from './operands.ts';
import * as reference from './reference.ts';
import { sizes, type Outcome } from './reference.ts';

const cases = Number(process.env['TRAPLINE_FLOAT_CASES'] ?? 10000);
const seed = Number(process.env['TRAPLINE_SEED'] ?? Date.now() % 1e9);
const formats = { h: half, s: single, d: double } as const;
const suffixes = ['h', 's', 'd'] as const;
type Suffix = (typeof suffixes)[number];
const modes = Object.entries(rounding);

const hex = (x: bigint): string => `${x < 0n ? '-' : ''}0x${(x < 0n ? -x : x).toString(16)}`;

/** Runs the cases of one operation in all modes; `one` gives what we say and what is right. */
function inAllModes(
  name: string,
  one: (random: Random, e: FloatEnvironment) => { given: bigint[]; ours: bigint; right: Outcome },
  perMode = cases,
): void {
  for (const [modeName, mode] of modes) {
    const random = new Random(seed);
    for (let i = 0; i < perMode; i++) {
      const e: FloatEnvironment = { rounding: mode, flags: 0 };
      const { given, ours, right } = one(random, e);
      if (ours === right.value && e.flags === right.flags) continue;
      assert.fail(
        `${name} ${modeName} ${given.map(hex).join(' ')} (seed ${seed}): ` +
          `${hex(ours)} flags ${e.flags}, not ${hex(right.value)} flags ${right.flags}`,
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
      sub: (o: bigint[], e: FloatEnvironment) => subtract(f, o[0]!, o[1]!, e),
      mul: (o: bigint[], e: FloatEnvironment) => multiply(f, o[0]!, o[1]!, e),
      div: (o: bigint[], e: FloatEnvironment) => divide(f, o[0]!, o[1]!, e),
      sqrt: (o: bigint[], e: FloatEnvironment) => squareRoot(f, o[0]!, e),
      fma: (o: bigint[], e: FloatEnvironment) => fuse(f, o[0]!, o[1]!, o[2]!, e),
    };
    for (const [op, ours] of Object.entries(operations)) {
      it(`computes ${op}.${suffix} exactly, then rounds once`, () => {
        inAllModes(`${op}.${suffix}`, (random, e) => {
          const given = operands(size, random);
          // An addend that nearly cancels the product.
          if (op === 'fma' && random.below(3) === 0) {
            const product = multiply(f, given[0], given[1], { rounding: rounding.RNE, flags: 0 });
            given[2] = BigInt.asUintN(f.bits, (product ^ f.sign) + BigInt(random.below(5) - 2));
          }
          const value = ours(given, e);
          const name = op as reference.Operation;
          return {
            given,
            ours: value,
            right: reference.arithmetic(name, size, given, e.rounding, value),
          };
        });
      });
    }

    it(`compares and classifies ${suffix}`, () => {
      const relations = [
        ['equal', (o: number) => o === 0],
        ['less', (o: number) => o < 0],
        ['lessOrEqual', (o: number) => o <= 0],
      ] as const;
      for (const [relation, holds] of relations) {
        for (const quiet of [false, true]) {
          inAllModes(`${relation}.${suffix}`, (random, e) => {
            const [a, b] = operands(size, random);
            const ours = compare.compare(f, a, b, relation, quiet, e) ? 1n : 0n;
            return { given: [a, b], ours, right: reference.relation(size, a, b, holds, quiet) };
          });
        }
      }
      inAllModes(`class.${suffix}`, (random) => {
        const a = operand(size, random);
        const right = { value: reference.classOf(size, a), flags: 0 };
        return { given: [a], ours: compare.classify(f, a), right };
      });
    });

    it(`chooses minimum and maximum of ${suffix}`, () => {
      for (const which of ['minimum', 'maximum'] as const) {
        for (const nanWins of [false, true]) {
          const choose = nanWins ? compare.chooseOrNaN : compare.choose;
          inAllModes(`${which}.${suffix}`, (random, e) => {
            const [a, b] = operands(size, random);
            const right = reference.minimumOrMaximum(size, a, b, which, nanWins);
            return { given: [a, b], ours: choose(f, a, b, which, e), right };
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
            return { given: [a], ours: convert.toInteger(f, a, width, signed, e), right };
          });
          inAllModes(`${name} to ${suffix}`, (random, e) => {
            const bits = integer(width, random);
            const value = signed ? BigInt.asIntN(width, bits) : bits;
            const ours = convert.fromInteger(f, value, e);
            const right = reference.ofInteger(size, value, e.rounding, ours);
            return { given: [value], ours, right };
          });
        }
      }
    });

    it(`rounds ${suffix} to integral values`, () => {
      for (const raises of [false, true]) {
        inAllModes(`round.${suffix}`, (random, e) => {
          const a = operand(size, random);
          const right = reference.toIntegral(size, a, raises, e.rounding);
          return { given: [a], ours: convert.roundToIntegral(f, a, raises, e), right };
        });
      }
    });

    it(`converts ${suffix} to the other formats`, () => {
      for (const other of suffixes.filter((o): o is Suffix => o !== suffix)) {
        inAllModes(`${suffix} to ${other}`, (random, e) => {
          const a = operand(size, random);
          const ours = convert.convert(f, formats[other], a, e);
          const right = reference.converted(size, sizes[other], a, e.rounding, ours);
          return { given: [a], ours, right };
        });
      }
    });
  }

  it('converts modulo 2^32 with the flags of the conversion that saturates', () => {
    inAllModes('fcvtmod.w.d', (random, e) => {
      const a = operand(sizes.d, random);
      const right = reference.toIntegerModular(sizes.d, a);
      return { given: [a], ours: convert.toIntegerModular(double, a, e), right };
    });
  });

  it('injects signs into any pattern', () => {
    const random = new Random(seed);
    for (let i = 0; i < cases; i++) {
      const [a, b] = operands(sizes.s, random);
      const sign = (x: bigint): string => x.toString(2).padStart(32, '0')[0]!;
      const rest = a.toString(2).padStart(32, '0').slice(1);
      const flipped = sign(b) === '1' ? '0' : '1';
      const mixed = sign(a) === sign(b) ? '0' : '1';
      assert.equal(compare.injectSign(single, a, b, 'same'), BigInt(`0b${sign(b)}${rest}`));
      assert.equal(compare.injectSign(single, a, b, 'opposite'), BigInt(`0b${flipped}${rest}`));
      assert.equal(compare.injectSign(single, a, b, 'exclusiveOr'), BigInt(`0b${mixed}${rest}`));
    }
  });

  it('computes what the processor under JavaScript does', () => {
    const random = new Random(seed);
    const e: FloatEnvironment = { rounding: rounding.RNE, flags: 0 };
    const check = (ours: bigint, value: number, name: string, given: bigint[]): void =>
      assert.equal(hex(ours), hex(patternOf(value)), `${name} ${given.map(hex).join(' ')}`);
    for (let i = 0; i < 10 * cases; i++) {
      const [a, b] = operands(sizes.d, random);
      const [x, y] = [numberOf(a), numberOf(b)];
      check(arithmetic.add(double, a, b, e), x + y, 'add', [a, b]);
      check(arithmetic.subtract(double, a, b, e), x - y, 'subtract', [a, b]);
      check(arithmetic.multiply(double, a, b, e), x * y, 'multiply', [a, b]);
      check(arithmetic.divide(double, a, b, e), x / y, 'divide', [a, b]);
      check(arithmetic.squareRoot(double, a, e), Math.sqrt(x), 'squareRoot', [a]);
      const narrowed = convert.convert(double, single, a, e);
      check(convert.convert(single, double, narrowed, e), Math.fround(x), 'fround', [a]);
    }
  });

  it('rounds all halves to integers in all modes', () => {
    for (const [, mode] of modes) {
      for (let a = 0n; a < 0x10000n; a += 7n) {
        const e: FloatEnvironment = { rounding: mode, flags: 0 };
        const ours = convert.toInteger(half, a, 32, true, e);
        const right = reference.toInteger(sizes.h, a, 32, true, mode);
        assert.deepEqual({ value: ours, flags: e.flags }, right, hex(a));
      }
    }
  });
});
