/** `trapline run --dump`: files about what was translated that agree with each other. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { assemble, scratchFolder, trapline } from './trapline.ts';

const loop = `
  li t0, 300000
1: addi t0, t0, -1
  xor t1, t1, t0
  bnez t0, 1b
  li t0, 0x100000; li t1, 0x5555; sw t1, 0(t0); j .`;
const start = 0x80000000n;

/** The compiler is told of no more of WebAssembly than the core uses. */
function exportsOf(bytes: Uint8Array<ArrayBuffer>): readonly { readonly name: string }[] {
  const { exports } = WebAssembly.Module as unknown as {
    exports(module: WebAssembly.Module): { readonly name: string }[];
  };
  return exports(new WebAssembly.Module(bytes));
}

describe('trapline run --dump', () => {
  const folder = scratchFolder();
  const run = (name: string, ...options: readonly string[]) => {
    const image = assemble(folder, name, loop, Number(start));
    return trapline(['run', '--mode', 'machine', ...options, image]);
  };

  it('writes blocks, map, and modules in both forms', () => {
    const dir = path.join(folder, 'all');
    const all = ['--engine', 'jit', '--dump', 'blocks,wat,wasm,map', '--dump-dir', dir];
    assert.equal(run('all', ...all).code, 0);
    const files = readdirSync(dir).sort();
    assert.ok(files.includes('blocks.txt') && files.includes('map.txt'));
    const modules = files.filter((file) => file.endsWith('.wasm'));
    assert.ok(modules.length > 0);

    const blocks = readFileSync(path.join(dir, 'blocks.txt'), 'utf8');
    assert.match(blocks, /^module0000 \S+: entry 0x8000\S+, \d+ blocks, \d+ instructions$/m);
    assert.match(blocks, /block 0x8000\S+: 3 instructions, end branch/);
    assert.match(blocks, /^ {4}0x8000\S+ {2}xor t1, t1, t0$/m);

    const functions = new Set<string>();
    for (const module of modules) {
      const bytes = readFileSync(path.join(dir, module));
      for (const { name } of exportsOf(bytes)) {
        functions.add(`${path.basename(module, '.wasm')} ${name}`);
        const text = readFileSync(path.join(dir, module.replace('.wasm', '.wat')), 'utf8');
        assert.ok(text.includes(`(export "${name}"`));
      }
    }
    const rows = readFileSync(path.join(dir, 'map.txt'), 'utf8').trimEnd().split('\n');
    for (const row of rows) {
      const [module, name, from, to] = row.split(' ');
      assert.ok(functions.has(`${module} ${name}`), row);
      assert.ok(start <= BigInt(from!) && BigInt(from!) < BigInt(to!), row);
    }
  });

  it('writes only what was asked for', () => {
    const dir = path.join(folder, 'map');
    assert.equal(run('map', '--engine', 'jit', '--dump', 'map', '--dump-dir', dir).code, 0);
    assert.deepEqual(readdirSync(dir), ['map.txt']);
  });

  it('refuses what it does not know, and the interpreter, which makes nothing', () => {
    const unknown = run('unknown', '--dump', 'ir');
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /--dump wants blocks, wat, wasm, map, not 'ir'/);
    const interpreted = run('interpreted', '--engine', 'interpreter', '--dump', 'map');
    assert.equal(interpreted.code, 2);
    assert.match(interpreted.stderr, /--engine jit or lockstep/);
  });
});
