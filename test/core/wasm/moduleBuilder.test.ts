/** What the encoder makes is valid WebAssembly and computes what BigInt arithmetic says. */
import assert from 'node:assert/strict';
import { ByteSink } from '../../../src/core/wasm/byteSink.ts';
import * as wasm from '../../../src/core/wasm/expression.ts';
import type { Expr } from '../../../src/core/wasm/expression.ts';
import { FunctionBuilder } from '../../../src/core/wasm/functionBuilder.ts';
import { ModuleBuilder } from '../../../src/core/wasm/moduleBuilder.ts';
import type { ValueType } from '../../../src/core/wasm/opcodes.ts';
import { Random } from '../../differential/random.ts';

type Value = number | bigint;
type Run = (...args: Value[]) => Value;

function compile(
  module: ModuleBuilder,
  imports: Record<string, Record<string, unknown>> = {},
): Record<string, unknown> {
  const bytes = module.build();
  assert.ok(WebAssembly.validate(new Uint8Array(bytes)), 'invalid module');
  return new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)), imports).exports;
}

function functionOf(
  parameters: readonly ValueType[],
  result: ValueType,
  build: (f: FunctionBuilder, ...parameters: Expr[]) => void,
): Run {
  const f = new FunctionBuilder(parameters, [result]);
  build(f, ...parameters.map((_, i) => f.parameter(i)));
  const module = new ModuleBuilder();
  module.addFunction(f, 'run');
  return compile(module)['run'] as Run;
}

const s64 = (x: bigint): bigint => BigInt.asIntN(64, x);
const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const s32 = (x: bigint): bigint => BigInt.asIntN(32, x);
const u32 = (x: bigint): bigint => BigInt.asUintN(32, x);
const truth = (x: boolean): bigint => (x ? 1n : 0n);

/** Results on operands read as signed; undefined where WebAssembly traps. */
const binary: Record<string, (a: bigint, b: bigint) => bigint | undefined> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  divS: (a, b) => (b === 0n || (a === -(1n << 63n) && b === -1n) ? undefined : a / b),
  divU: (a, b) => (b === 0n ? undefined : u64(a) / u64(b)),
  remS: (a, b) => (b === 0n ? undefined : a % b),
  remU: (a, b) => (b === 0n ? undefined : u64(a) % u64(b)),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << (b & 63n),
  shrS: (a, b) => a >> (b & 63n),
  shrU: (a, b) => u64(a) >> (b & 63n),
  eq: (a, b) => truth(a === b),
  ne: (a, b) => truth(a !== b),
  ltS: (a, b) => truth(a < b),
  ltU: (a, b) => truth(u64(a) < u64(b)),
  gtS: (a, b) => truth(a > b),
  gtU: (a, b) => truth(u64(a) > u64(b)),
  geS: (a, b) => truth(a >= b),
  geU: (a, b) => truth(u64(a) >= u64(b)),
};
const binary32: Record<string, (a: bigint, b: bigint) => bigint | undefined> = {
  add32: (a, b) => a + b,
  sub32: (a, b) => a - b,
  mul32: (a, b) => a * b,
  divS32: (a, b) => (b === 0n || (a === -(1n << 31n) && b === -1n) ? undefined : a / b),
  divU32: (a, b) => (b === 0n ? undefined : u32(a) / u32(b)),
  remS32: (a, b) => (b === 0n ? undefined : a % b),
  remU32: (a, b) => (b === 0n ? undefined : u32(a) % u32(b)),
  and32: (a, b) => a & b,
  or32: (a, b) => a | b,
  shl32: (a, b) => a << (b & 31n),
  shrU32: (a, b) => u32(a) >> (b & 31n),
  shrS32: (a, b) => a >> (b & 31n),
  eq32: (a, b) => truth(a === b),
  ne32: (a, b) => truth(a !== b),
  ltS32: (a, b) => truth(a < b),
  leS32: (a, b) => truth(a <= b),
};

const operators = wasm as unknown as Record<string, (a: Expr, b: Expr) => Expr>;

function checkOperator(
  name: string,
  width: 32 | 64,
  model: (a: bigint, b: bigint) => bigint | undefined,
): void {
  const operator = operators[name]!;
  const type = width === 64 ? 'i64' : 'i32';
  const sample = operator(wasm.local(type, 0), wasm.local(type, 1));
  const run = functionOf([type, type], sample.type, (f, a, b) => operator(a!, b!).emit(f));
  const random = new Random(name.length * 7919 + width);
  const narrow = width === 64 ? s64 : s32;
  const value = (x: bigint): Value => (width === 64 ? x : Number(x));
  const constant = (x: bigint): Expr => (width === 64 ? wasm.i64(x) : wasm.i32(Number(x)));
  for (let i = 0; i < 200; i++) {
    const [a, b] = [narrow(random.operand()), narrow(random.chance(0.1) ? 0n : random.operand())];
    const expected = model(a, b);
    const label = `${name} ${a} ${b}`;
    if (expected === undefined) {
      assert.throws(() => run(value(a), value(b)), /zero|unrepresentable/, label);
      continue;
    }
    const wrapped = sample.type === 'i64' ? s64(expected) : s32(expected);
    assert.equal(BigInt(run(value(a), value(b))), wrapped, label);
    if (i % 8 > 0) continue;
    // Constants fold as they are built; what is folded must be what would have been computed.
    for (const [x, y] of [
      [constant(a), constant(b)],
      [wasm.local(type, 0), constant(b)],
    ] as const) {
      const folded = functionOf([type], sample.type, (f) => operator(x, y).emit(f));
      assert.equal(BigInt(folded(value(a))), wrapped, `${label}, constants`);
    }
  }
}

describe('core/wasm', () => {
  for (const [name, model] of Object.entries(binary))
    it(name, () => checkOperator(name, 64, model));
  for (const [name, model] of Object.entries(binary32))
    it(name, () => checkOperator(name, 32, model));

  it('LEB128 numbers at their edges', () => {
    const signed = [0n, -1n, 63n, 64n, -64n, -65n, 8191n, 8192n, (1n << 63n) - 1n, -(1n << 63n)];
    for (const value of signed) {
      assert.equal(functionOf([], 'i64', (f) => wasm.i64(value).emit(f))(), value);
    }
    for (const value of [0, -1, 63, 64, -64, -65, 2 ** 31 - 1, -(2 ** 31)]) {
      assert.equal(functionOf([], 'i32', (f) => wasm.i32(value).emit(f))(), value);
    }
    const bytes = (n: number): number[] => [...new ByteSink().unsigned(n).result()];
    // core specification, 5.2.2
    assert.deepEqual(bytes(0), [0]);
    assert.deepEqual(bytes(127), [0x7f]);
    assert.deepEqual(bytes(128), [0x80, 0x01]);
    assert.deepEqual(bytes(624485), [0xe5, 0x8e, 0x26]);
    assert.deepEqual(bytes(2 ** 32 - 1), [0xff, 0xff, 0xff, 0xff, 0x0f]);
  });

  it('conversions', () => {
    const random = new Random(4);
    for (let i = 0; i < 100; i++) {
      const x = s64(random.operand());
      const one = (make: (a: Expr) => Expr, type: ValueType, result: ValueType): bigint =>
        BigInt(
          functionOf([type], result, (f, a) => make(a!).emit(f))(
            type === 'i64' ? x : Number(s32(x)),
          ),
        );
      assert.equal(one(wasm.wrap, 'i64', 'i32'), s32(x));
      assert.equal(one(wasm.signExtend, 'i32', 'i64'), s32(x));
      assert.equal(one(wasm.zeroExtend, 'i32', 'i64'), u32(x));
      assert.equal(one(wasm.signExtend32, 'i64', 'i64'), s32(x));
      assert.equal(one(wasm.eqz, 'i64', 'i32'), truth(x === 0n));
      assert.equal(one(wasm.eqz32, 'i32', 'i32'), truth(s32(x) === 0n));
    }
  });

  it('loops, blocks and branches: a sum, and a table', () => {
    const sum = functionOf(['i64'], 'i64', (f, n) => {
      const [i, total] = [f.newLocal('i64'), f.newLocal('i64')];
      const done = f.block();
      const again = f.loop();
      f.branchIf(done, wasm.geU(wasm.local('i64', i), n!));
      f.set(i, wasm.add(wasm.local('i64', i), wasm.i64(1)));
      f.set(total, wasm.add(wasm.local('i64', total), wasm.local('i64', i)));
      f.branch(again);
      f.end();
      f.end();
      wasm.local('i64', total).emit(f);
    });
    assert.equal(sum(1000n), 500500n);
    const choose = functionOf(['i32'], 'i32', (f, x) => {
      const labels = [f.block(), f.block(), f.block()].reverse();
      f.branchTable(x!, labels.slice(0, 2), labels[2]!);
      for (const value of [10, 20]) {
        f.end();
        f.return(wasm.i32(value));
      }
      f.end();
      wasm.i32(30).emit(f);
    });
    assert.deepEqual(
      [0, 1, 2, 99, -1].map((x) => choose(x)),
      [10, 20, 30, 30, 30],
    );
    const either = functionOf(['i32'], 'i64', (f, x) => {
      f.ifValue(x!, 'i64');
      wasm.i64(1).emit(f);
      f.else();
      wasm.i64(2).emit(f);
      f.end();
    });
    assert.deepEqual([either(5), either(0)], [1n, 2n]);
    const selected = functionOf(['i32'], 'i64', (f, x) =>
      wasm.select(wasm.i64(7), wasm.i64(8), x!).emit(f),
    );
    assert.deepEqual([selected(1), selected(0)], [7n, 8n]);
  });

  it('what is kept in a scope is kept there, and its locals serve the next scope', () => {
    const f = new FunctionBuilder(['i64'], ['i64']);
    const total = f.newLocal('i64');
    for (let i = 0; i < 50; i++) {
      f.scope(() => {
        const a = f.keep(wasm.add(f.parameter(0), wasm.i64(i)));
        const b = f.keep(wasm.mul(a, a));
        f.temporary('i64', (t) => {
          f.set(t, wasm.sub(b, a));
          f.set(total, wasm.add(wasm.local('i64', total), wasm.add(wasm.local('i64', t), a)));
        });
      });
    }
    wasm.local('i64', total).emit(f);
    assert.ok(f.newLocal('i64') < 8, 'locals are not used again');
    const module = new ModuleBuilder();
    module.addFunction(f, 'run');
    const run = compile(module)['run'] as Run;
    let expected = 0n;
    for (let i = 0n; i < 50n; i++) expected += (3n + i) * (3n + i);
    assert.equal(run(3n), expected);
  });

  it('imports, memory, loads and stores of every width', () => {
    const module = new ModuleBuilder();
    const add = module.importFunction('host', 'add', ['i32', 'i32'], ['i32']);
    module.importMemory('host', 'memory', 1);
    const stores = [
      'i32.store',
      'i64.store',
      'i32.store16',
      'i64.store8',
      'i64.store16',
      'i64.store32',
    ] as const;
    const loads = [
      'i32.load',
      'i64.load',
      'i32.load8_u',
      'i32.load16_u',
      'i64.load8_s',
      'i64.load8_u',
      'i64.load16_s',
      'i64.load16_u',
      'i64.load32_s',
      'i64.load32_u',
    ] as const;
    for (const name of stores) {
      const type = name.startsWith('i64') ? 'i64' : 'i32';
      const f = new FunctionBuilder(['i32', type], []);
      f.store(name, f.parameter(0), f.parameter(1), 300);
      module.addFunction(f, name);
    }
    for (const name of loads) {
      const f = new FunctionBuilder(['i32'], [name.startsWith('i64') ? 'i64' : 'i32']);
      wasm.load(name, f.parameter(0), 300).emit(f);
      module.addFunction(f, name);
    }
    const caller = new FunctionBuilder(['i32'], ['i32']);
    wasm.callValue('i32', add, caller.parameter(0), wasm.i32(5)).emit(caller);
    module.addFunction(caller, 'call');
    const memory = new WebAssembly.Memory({ initial: 1 });
    const host = { memory, add: (a: number, b: number) => a + b };
    const exports = compile(module, { host }) as Record<string, Run>;
    assert.equal(exports['call']!(37), 42);
    const view = new DataView(memory.buffer);
    view.setBigUint64(301, 0xfedcba9876543210n, true);
    const value = (name: string): bigint => BigInt(exports[name]!(1));
    assert.equal(value('i64.load'), s64(0xfedcba9876543210n));
    assert.equal(value('i64.load32_u'), 0x76543210n);
    assert.equal(value('i32.load16_u'), 0x3210n);
    view.setBigUint64(301, 0x8090a0b0c0d0e0f0n, true);
    assert.equal(value('i64.load8_s'), -16n);
    assert.equal(value('i64.load8_u'), 0xf0n);
    assert.equal(value('i64.load16_s'), s64(BigInt.asIntN(16, 0xe0f0n)));
    assert.equal(value('i64.load32_s'), s32(0xc0d0e0f0n));
    assert.equal(value('i32.load'), s32(0xc0d0e0f0n));
    assert.equal(value('i32.load8_u'), 0xf0n);
    for (const [name, bytes] of [
      ['i64.store8', 1],
      ['i64.store16', 2],
      ['i64.store32', 4],
      ['i64.store', 8],
      ['i32.store16', 2],
      ['i32.store', 4],
    ] as const) {
      view.setBigUint64(300, 0n);
      const wide = name.startsWith('i64');
      exports[name]!(0, wide ? -2n : -2);
      assert.equal(view.getBigUint64(300, true), (1n << BigInt(bytes * 8)) - 2n, name);
    }
  });
});
