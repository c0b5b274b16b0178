/** The code that V8 made of the program in an earlier run: kept, used, and never in the way. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { draftedGuest } from './draftedGuest.ts';
import { assemble, scratchFolder } from './trapline.ts';

describe('trapline: kept code', () => {
  const scratch = scratchFolder();
  let folders = 0;

  /** What a command prints, with its code kept in a folder. */
  function trapline(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
    const run = spawnSync(process.execPath, [path.resolve('dist/cli.cjs'), ...args], {
      encoding: 'utf8',
      env: { ...process.env, NODE_COMPILE_CACHE: folder, ...env },
    });
    assert.equal(run.stderr, '');
    assert.equal(run.status, 0);
    return run.stdout;
  }

  const calls = (folder: string, env?: NodeJS.ProcessEnv): string =>
    trapline(folder, ['calls', 'DBCN'], env);

  /** Files with code of bundles; the interpreter has its own. */
  const keptIn = (folder: string): string[] =>
    readdirSync(path.join(folder, 'trapline')).filter((name) => !name.startsWith('interpreter-'));

  /** A folder that has what one run kept, the file of that, and what the run printed. */
  function afterOneRun(): { folder: string; file: string; printed: string } {
    const folder = path.join(scratch, String(folders++));
    const printed = calls(folder);
    const [name, ...others] = keptIn(folder);
    assert.ok(name !== undefined && others.length === 0);
    return { folder, file: path.join(folder, 'trapline', name), printed };
  }

  it('is written once, readable for its user alone', () => {
    const { folder, file, printed } = afterOneRun();
    const before = statSync(file);
    assert.match(printed, /0x4442434e/);
    assert.equal(calls(folder), printed);
    const after = statSync(file);
    assert.deepEqual([after.mtimeMs, after.ino], [before.mtimeMs, before.ino]);
    if (process.platform !== 'win32') assert.equal(after.mode & 0o077, 0);
  });

  it('is made again after a day', () => {
    const { folder, file, printed } = afterOneRun();
    const yesterday = Date.now() / 1000 - 25 * 60 * 60;
    utimesSync(file, yesterday, yesterday);
    assert.equal(calls(folder), printed);
    assert.ok(statSync(file).mtimeMs > Date.now() - 60_000);
  });

  it('is made again by a run that calls much else, and has that besides', () => {
    const { folder, file, printed } = afterOneRun();
    const first = statSync(file);
    const another = ['dis', path.resolve('test/bench/kernels/fib.elf')];
    const listing = trapline(folder, another);
    const second = statSync(file);
    assert.ok(second.size > first.size * 1.02, `${first.size} and ${second.size} bytes`);
    // Either run finds what it calls from now on.
    assert.equal(calls(folder), printed);
    assert.equal(trapline(folder, another), listing);
    assert.ok(statSync(file).size > second.size * 0.99);
  });

  it('is made again by the first run that translates', () => {
    const folder = path.join(scratch, 'translates');
    const image = path.resolve('test/bench/kernels/fib.elf');
    const limits = ['--max-instructions', '300000'];
    const sizes = ['interpreter', 'interpreter', 'jit', 'jit', 'interpreter'].map((engine) => {
      const args = ['run', '--mode', 'machine', '--engine', engine, ...limits, image];
      const { status } = spawnSync(process.execPath, [path.resolve('dist/cli.cjs'), ...args], {
        env: { ...process.env, NODE_COMPILE_CACHE: folder },
      });
      assert.equal(status, 124);
      const names = keptIn(folder);
      assert.equal(names.length, 1);
      return statSync(path.join(folder, 'trapline', names[0]!)).size;
    });
    const [before, again, ...later] = sizes;
    assert.ok(again! < before! * 1.02, `${before} and ${again} bytes`);
    // The last run translates nothing, and leaves what the one before it has added.
    for (const size of later) assert.ok(size > before! * 1.05, `${before} and ${size} bytes`);
  });

  it('is used again by a run with drafts, which change settings of V8', () => {
    const folder = path.join(scratch, 'drafts');
    const image = assemble(scratch, 'drafts', draftedGuest, 0x8000_0000);
    const run = ['run', '--mode', 'machine', '--engine', 'jit', '--json', image];
    const outcomes = [1, 2, 3].map(() => {
      assert.match(trapline(folder, run), /"drafts":64,/);
      const [name, ...others] = keptIn(folder);
      assert.ok(name !== undefined && others.length === 0);
      return statSync(path.join(folder, 'trapline', name)).ino;
    });
    // What V8 refuses would be made anew each time.
    assert.equal(outcomes[2], outcomes[1]);
  });

  it('of two weeks ago goes when other code is kept', () => {
    const { folder, file } = afterOneRun();
    const old = path.join(folder, 'trapline', 'run-v20.0.0-x64-00000000.code');
    const recent = path.join(folder, 'trapline', 'run-v20.0.0-x64-11111111.code');
    for (const [name, days] of [
      [old, 15],
      [recent, 13],
    ] as const) {
      writeFileSync(name, '');
      const time = Date.now() / 1000 - days * 24 * 60 * 60;
      utimesSync(name, time, time);
    }
    const another = path.join(folder, 'trapline', 'traps.code');
    writeFileSync(another, '');
    utimesSync(another, 0, 0);
    writeFileSync(file, '');
    calls(folder);
    const left = readdirSync(path.join(folder, 'trapline')).sort();
    const expected = [recent, another, file].map((each) => path.basename(each));
    assert.deepEqual(left, expected.sort());
  });

  it('is nowhere in the folder that the user is in', () => {
    const cwd = path.join(scratch, 'present');
    mkdirSync(cwd);
    const { NODE_COMPILE_CACHE: _, ...others } = process.env;
    const run = spawnSync(process.execPath, [path.resolve('dist/cli.cjs'), 'calls', 'DBCN'], {
      cwd,
      encoding: 'utf8',
      env: { ...others, XDG_CACHE_HOME: 'caches', HOME: '.', LOCALAPPDATA: 'caches' },
    });
    assert.deepEqual([run.status, run.stderr], [0, '']);
    assert.deepEqual(readdirSync(cwd), []);
  });

  it('is kept of the debug adapter, too', () => {
    const folder = path.join(scratch, 'adapter');
    const start = () =>
      spawnSync(process.execPath, [path.resolve('dist/adapter.cjs')], {
        input: '',
        encoding: 'utf8',
        env: { ...process.env, NODE_COMPILE_CACHE: folder },
      });
    for (const _ of [1, 2]) {
      const { status, stderr } = start();
      assert.deepEqual([status, stderr], [0, '']);
      const names = keptIn(folder);
      assert.deepEqual([names.length, names[0]?.split('-')[0]], [1, 'adapter.bundle']);
    }
  });

  const damages: Record<string, (file: string, size: number) => void> = {
    'a changed byte': (file, size) => {
      const bytes = readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(size >> 1) ^ 0x55, size >> 1);
      writeFileSync(file, bytes);
    },
    'a missing end': (file, size) => truncateSync(file, size >> 1),
    'no content': (file) => truncateSync(file, 0),
    'other content': (file, size) => writeFileSync(file, Buffer.alloc(size, 0xa5)),
  };
  for (const [name, damage] of Object.entries(damages)) {
    it(`with ${name} is not used but made again`, () => {
      const { folder, file, printed } = afterOneRun();
      const whole = readFileSync(file);
      damage(file, whole.length);
      const damaged = readFileSync(file);
      assert.equal(calls(folder), printed);
      assert.notDeepEqual(readFileSync(file), damaged);
      assert.ok(readFileSync(file).length > whole.length / 2);
    });
  }

  it('that V8 refuses, as with other flags, is made again', () => {
    const { folder, file, printed } = afterOneRun();
    const before = statSync(file).ino;
    assert.equal(calls(folder, { NODE_OPTIONS: '--interpreted-frames-native-stack' }), printed);
    assert.notEqual(statSync(file).ino, before);
  });

  it('is not there when it is not wanted or cannot be', () => {
    const unwanted = path.join(scratch, 'unwanted');
    const printed = calls(unwanted, { NODE_DISABLE_COMPILE_CACHE: '1' });
    assert.throws(() => statSync(unwanted), { code: 'ENOENT' });
    // A file where the folder would be: nobody, not even root, makes a folder below it.
    const occupied = path.join(scratch, 'occupied');
    writeFileSync(occupied, '');
    assert.equal(calls(occupied), printed);
  });
});
