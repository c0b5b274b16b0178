/**
 * What the host asks for modules of WebAssembly, as JSON: microseconds of processor time for each
 * function to be compiled, put into a table and called for the first time. The functions are all
 * different, and like those that the kernel `rewrite` makes; so many are in a module.
 */
import {
  add,
  i64,
  load,
  local,
  mul,
  shrU,
  sub,
  xor,
  type Expr,
} from '../../../src/core/wasm/expression.ts';
import { FunctionBuilder } from '../../../src/core/wasm/functionBuilder.ts';
import { ModuleBuilder } from '../../../src/core/wasm/moduleBuilder.ts';

const [functions = 0, batch = 1] = process.argv.slice(2).map(Number);
const instructions = 24;
const memory = new WebAssembly.Memory({ initial: 1 });
const table = new WebAssembly.Table({ initial: 256, element: 'anyfunc' });

/** Below a limit, the same in every run (xorshift32). */
let seed = 11;
function random(limit: number): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) % limit;
}

/** f(base): a0 of the registers there becomes what instructions make of it, one by one. */
function made(): FunctionBuilder {
  const f = new FunctionBuilder(['i32'], []);
  const [a0, a1] = [f.newLocal('i64'), f.newLocal('i64')];
  const [first, second] = [local('i64', a0), local('i64', a1)];
  f.set(a0, load('i64.load', f.parameter(0), 80));
  f.set(a1, load('i64.load', f.parameter(0), 88));
  const forms: readonly (() => Expr)[] = [
    () => add(first, second),
    () => sub(first, second),
    () => xor(first, second),
    () => mul(first, second),
    () => shrU(first, i64(1 + random(31))),
    () => xor(first, i64(1 + random(2046))),
    () => add(first, i64(1 + random(2046))),
  ];
  for (let i = 0; i < instructions; i++) f.set(a0, forms[random(forms.length)]!());
  f.store('i64.store', f.parameter(0), first, 80);
  return f;
}

const modules = Array.from({ length: Math.ceil(functions / batch) }, () => {
  const module = new ModuleBuilder();
  module.importMemory('host', 'memory', 1);
  module.importTable('host', 'table', 1);
  for (let i = 0; i < batch; i++) module.addElement(i, module.addFunction(made()));
  return module.build() as Uint8Array<ArrayBuffer>;
});

const begin = process.cpuUsage();
for (const bytes of modules) {
  new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory, table } });
  for (let i = 0; i < batch; i++) (table.get(i) as (base: number) => void)(0);
}
const { user, system } = process.cpuUsage(begin);
console.log(JSON.stringify({ microseconds: (user + system) / (modules.length * batch) }));
