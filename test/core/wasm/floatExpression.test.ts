/** Floating-point operators compute what JavaScript's numbers do, and keep NaNs' bits where they must. */
import assert from 'node:assert/strict';
import type { Expr } from '../../../src/core/wasm/expression.ts';
import * as wasm from '../../../src/core/wasm/floatExpression.ts';
import { f32, f64, type FloatOperators } from '../../../src/core/wasm/floatExpression.ts';
import { FunctionBuilder } from '../../../src/core/wasm/functionBuilder.ts';
import { ModuleBuilder } from '../../../src/core/wasm/moduleBuilder.ts';
import type { ValueType } from '../../../src/core/wasm/opcodes.ts';

type Value = number | bigint;

function functionOf(
  parameters: readonly ValueType[],
  build: (...parameters: Expr[]) => Expr,
): (...args: Value[]) => Value {
  const result = build(
    ...parameters.map((_, i) => new FunctionBuilder(parameters, []).parameter(i)),
  );
  const f = new FunctionBuilder(parameters, [result.type]);
  result.emit(f);
  const module = new ModuleBuilder();
  module.addFunction(f, 'run');
  const compiled = new WebAssembly.Module(new Uint8Array(module.build()));
  return new WebAssembly.Instance(compiled).exports['run'] as (...args: Value[]) => Value;
}

const values = [0, -0, 1, -1, 0.5, 1.5, 2.5, -2.5, 0.1, 1 / 3, 7e-40, 3e38, 5e-324, 1e308].concat([
  2 ** 31,
  2 ** 53 + 2,
  -(2 ** 63),
  Infinity,
  -Infinity,
  NaN,
]);

/** Ties go to the even neighbour. */
function nearest(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  const result = rest > 0 && up ? floor + 1 : floor;
  return result === 0 && (x < 0 || Object.is(x, -0)) ? -0 : result;
}

const unary: Record<string, (x: number) => number> = {
  abs: Math.abs,
  neg: (x) => -x,
  ceil: Math.ceil,
  floor: Math.floor,
  trunc: Math.trunc,
  nearest,
  sqrt: Math.sqrt,
};
const binary: Record<string, (x: number, y: number) => number | boolean> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  min: Math.min,
  max: Math.max,
  copysign: (x, y) => (Object.is(y, -0) || y < 0 ? -Math.abs(x) : Math.abs(x)),
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  lt: (x, y) => x < y,
  gt: (x, y) => x > y,
  le: (x, y) => x <= y,
  ge: (x, y) => x >= y,
};

describe('core/wasm/floatExpression', () => {
  for (const [ops, rounded] of [
    [f64, (x: number) => x],
    [f32, Math.fround],
  ] as const) {
    const operator = (name: string): ((...operands: Expr[]) => Expr) =>
      ops[name as keyof FloatOperators] as (...operands: Expr[]) => Expr;
    const inRange = values.map(rounded);

    for (const [name, model] of Object.entries(unary)) {
      it(`${ops.type}.${name}`, () => {
        const run = functionOf([ops.type], (x) => operator(name)(x!));
        for (const x of inRange) assert.equal(run(x), rounded(model(x)), `${x}`);
      });
    }
    for (const [name, model] of Object.entries(binary)) {
      it(`${ops.type}.${name}`, () => {
        const run = functionOf([ops.type, ops.type], (x, y) => operator(name)(x!, y!));
        for (const x of inRange) {
          for (const y of inRange) {
            const right = model(x, y);
            const value = typeof right === 'boolean' ? Number(right) : rounded(right);
            assert.equal(run(x, y), value, `${x} ${y}`);
          }
        }
      });
    }
    it(`${ops.type} constants`, () => {
      for (const x of inRange) assert.equal(functionOf([], () => ops.constant(x))(), x);
    });
  }

  it('conversions between the formats and with integers', () => {
    const narrow = functionOf(['f64'], (x) => wasm.demote(x!));
    const widen = functionOf(['f32'], (x) => wasm.promote(x!));
    for (const x of values) {
      assert.equal(narrow(x), Math.fround(x));
      assert.equal(widen(Math.fround(x)), Math.fround(x));
    }
    const odd = 2n ** 63n - 1n;
    for (const [make, unsigned, rounded] of [
      [wasm.f64OfI64, false, Number],
      [wasm.f64OfU64, true, Number],
      [wasm.f32OfI64, false, Math.fround],
      [wasm.f32OfU64, true, Math.fround],
    ] as const) {
      const run = functionOf(['i64'], (x) => make(x!));
      for (const x of [0n, 1n, -1n, 16777217n, odd, -odd]) {
        const value = unsigned ? BigInt.asUintN(64, x) : x;
        assert.equal(run(x), rounded(Number(value) as never), `${value}`);
      }
    }
    assert.equal(functionOf(['i32'], (x) => wasm.f64OfI32(x!))(-5), -5);
    assert.equal(functionOf(['i32'], (x) => wasm.f64OfU32(x!))(-5), 2 ** 32 - 5);
    assert.equal(functionOf(['f64'], (x) => wasm.i64OfF64(x!))(-7.9), -7n);
    assert.equal(functionOf(['f64'], (x) => wasm.u64OfF64(x!))(2 ** 63), -(2n ** 63n));
  });

  it('bits are taken as they are, those of a signaling NaN too', () => {
    const signaling = 0x7ff0_0000_dead_beefn;
    const there = functionOf(['i64'], (x) => wasm.doubleBits(wasm.asDouble(x!)));
    assert.equal(there(signaling), signaling);
    const single = functionOf(['i32'], (x) => wasm.singleBits(wasm.asSingle(x!)));
    assert.equal(single(0x7f80_beef), 0x7f80_beef);
    // A double that is at hand is not made from its bits again.
    const value = f64.constant(2);
    assert.equal(wasm.asDouble(wasm.doubleBits(value)), value);
  });
});
