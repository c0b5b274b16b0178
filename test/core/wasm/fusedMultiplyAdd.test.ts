/** The host's multiply-add is used exactly where it rounds once. */
import assert from 'node:assert/strict';
import { FunctionBuilder } from '../../../src/core/wasm/functionBuilder.ts';
import { fusesMultiplyAdd, multiplyAdd } from '../../../src/core/wasm/fusedMultiplyAdd.ts';
import { ModuleBuilder } from '../../../src/core/wasm/moduleBuilder.ts';
import { Random } from '../../differential/random.ts';

describe('core/wasm/fusedMultiplyAdd', () => {
  it('knows what exact arithmetic says of the host', () => {
    const f = new FunctionBuilder(['f64', 'f64', 'f64'], ['f64']);
    multiplyAdd(f.parameter(0), f.parameter(1), f.parameter(2)).emit(f);
    const module = new ModuleBuilder();
    module.addFunction(f, 'run');
    const bytes = new Uint8Array(module.build());
    assert.equal(fusesMultiplyAdd(), WebAssembly.validate(bytes) && isExact(bytes));
  });
});

function isExact(bytes: Uint8Array<ArrayBuffer>): boolean {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const run = instance.exports['run'] as (...operands: number[]) => number;
  const random = new Random(5);
  const integer = (): bigint => random.bits64() >> 11n;
  for (let i = 0; i < 10_000; i++) {
    // What the product of integers lacks of its rounded value is an integer of 53 bits too.
    const [a, b] = [integer(), integer()];
    const rounded = Number(a * b);
    const rest = Number(a * b - BigInt(rounded));
    if (run(Number(a), Number(b), -rounded) !== rest) return false;
  }
  return true;
}
