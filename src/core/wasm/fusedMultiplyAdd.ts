/**
 * Multiply-add of doubles that rounds once, where the host has it: `f64x2.relaxed_madd` (relaxed
 * SIMD) either fuses or rounds twice, always the same on one host, which is found out by trying.
 */
import { defined } from '../base/assert.ts';
import type { Expr } from './expression.ts';
import { FunctionBuilder } from './functionBuilder.ts';
import { ModuleBuilder } from './moduleBuilder.ts';
import { op, simd } from './opcodes.ts';

/** a × b + c, rounded once if `fusesMultiplyAdd`. */
export const multiplyAdd = (a: Expr, b: Expr, c: Expr): Expr => ({
  type: 'f64',
  emit: (f) => {
    for (const operand of [a, b, c]) {
      operand.emit(f);
      f.code.byte(op.simd).unsigned(simd.f64x2Splat);
    }
    f.code.byte(op.simd).unsigned(simd.f64x2RelaxedMadd);
    f.code.byte(op.simd).unsigned(simd.f64x2ExtractLane).byte(0);
  },
});

let answer: boolean | undefined;

/** Whether this host has `multiplyAdd`, and it is fused. */
export function fusesMultiplyAdd(): boolean {
  answer ??= tryIt();
  return answer;
}

/** Whether this host has vectors, which `multiplyAdd` is made of. */
export function usesSimd(): boolean {
  const f = new FunctionBuilder(['f64'], ['f64']);
  f.parameter(0).emit(f);
  f.code.byte(op.simd).unsigned(simd.f64x2Splat);
  f.code.byte(op.simd).unsigned(simd.f64x2ExtractLane).byte(0);
  const module = new ModuleBuilder();
  module.addFunction(f, 'run');
  return WebAssembly.validate(module.build() as Uint8Array<ArrayBuffer>);
}

function tryIt(): boolean {
  const f = new FunctionBuilder(['f64', 'f64', 'f64'], ['f64']);
  multiplyAdd(f.parameter(0), f.parameter(1), f.parameter(2)).emit(f);
  const module = new ModuleBuilder();
  module.addFunction(f, 'run');
  const bytes = module.build() as Uint8Array<ArrayBuffer>;
  if (!WebAssembly.validate(bytes)) return false;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const run = defined(exports['run'], 'run') as (a: number, b: number, c: number) => number;
  return discriminating.every(([a, b, c, fused]) => run(a, b, c) === fused);
}

/** Operands whose product, rounded by itself, would give another result. */
const discriminating = [
  [1 + 2 ** -30, 1 - 2 ** -30, -1, -(2 ** -60)],
  [1 + 2 ** -52, 1 + 2 ** -52, -1 - 2 ** -51, 2 ** -104],
  [2 ** 27 + 1, 2 ** 27 + 1, -(2 ** 54), 2 ** 28 + 1],
  [-(2 ** 600) * (1 + 2 ** -40), 2 ** 300 * (1 + 2 ** -40), 2 ** 900, -(2 ** 861) - 2 ** 820],
] as const;
