/** The interpreter's machine code of an earlier run: used by the V8 that made it, else never there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { assemble, scratchFolder } from './trapline.ts';

/** Counts down for some tenths of a second, in a loop too short to be left to the translator. */
const countdown = (rounds: number): string => `
  li t0, ${rounds}
1: addi t0, t0, -1; bnez t0, 1b
  li t0, 0x100000; li t1, 0x5555; sw t1, 0(t0); j .`;

interface Outcome {
  readonly instructions: number;
  readonly keptInterpreter: boolean;
}

describe('trapline: kept interpreter', () => {
  const scratch = scratchFolder();
  const isKnown = process.versions.v8.startsWith('13.6.');
  const long = assemble(scratch, 'long', countdown(100_000_000), 0x8000_0000);
  const short = assemble(scratch, 'short', countdown(1), 0x8000_0000);

  function run(folder: string, image: string, options: readonly string[] = []): Outcome {
    const [cli, machine] = [path.resolve('dist/cli.cjs'), ['--mode', 'machine', '--json']];
    const args = [...options, cli, 'run', '--engine', 'interpreter', ...machine, image];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: { ...process.env, NODE_COMPILE_CACHE: path.join(scratch, folder) },
    });
    assert.deepEqual([status, stderr], [0, '']);
    return JSON.parse(stdout) as Outcome;
  }

  function keptFile(folder: string): string | undefined {
    const inside = path.join(scratch, folder, 'trapline');
    const name = readdirSync(inside).find((each) => each.startsWith('interpreter-'));
    return name && path.join(inside, name);
  }

  it('is there where V8 can keep it, and the guest does the same with it', () => {
    const first = run('known', long);
    assert.equal(first.keptInterpreter, false);
    const file = keptFile('known');
    assert.equal(file !== undefined, isKnown);
    const second = run('known', long);
    assert.equal(second.keptInterpreter, isKnown);
    assert.equal(second.instructions, first.instructions);
    if (!file) return;
    const { ino, mode } = statSync(file);
    if (process.platform !== 'win32') assert.equal(mode & 0o077, 0);
    assert.equal(run('known', short).keptInterpreter, true);
    assert.equal(statSync(file).ino, ino, 'a run that adds nothing writes nothing');
  });

  it('is not made of a run in which V8 optimized nothing', () => {
    assert.equal(run('nothing', short).keptInterpreter, false);
    assert.equal(keptFile('nothing'), undefined);
  });

  it('is made again where it is damaged, or of a V8 with other settings', () => {
    run('damaged', long);
    const file = keptFile('damaged');
    assert.equal(file !== undefined, isKnown);
    if (!file) return;
    const whole = readFileSync(file);
    const damaged = Uint8Array.from(whole);
    damaged[whole.length >> 1]! ^= 0x55;
    for (const [content, options] of [
      [damaged, []],
      [whole.subarray(0, whole.length >> 1), []],
      [whole, ['--no-wasm-bounds-checks']],
    ] as const) {
      writeFileSync(file, content);
      const { ino } = statSync(file);
      assert.equal(run('damaged', long, options).keptInterpreter, false);
      assert.notEqual(statSync(file).ino, ino);
    }
  });

  it('is not written where code of strings is not allowed', () => {
    const options = ['--disallow-code-generation-from-strings'];
    assert.equal(run('strict', long, options).keptInterpreter, false);
    assert.equal(keptFile('strict'), undefined);
  });
});
