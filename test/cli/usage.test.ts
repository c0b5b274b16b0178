import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { scratchFolder, trapline } from './trapline.ts';

const sample = 'media/samples/hello-dbcn/hello-dbcn.elf';

/** Wrong usage ends with 2, says so once on standard error and leaves standard output alone. */
function refused(args: readonly string[], message: RegExp): void {
  const { code, stdout, stderr } = trapline(args);
  assert.equal(code, 2, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, message);
  const messages = stderr.split('\n').filter((line) => line.startsWith('trapline: '));
  assert.equal(messages.length, 1, stderr);
}

describe('trapline: usage', () => {
  it('names its version', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    assert.deepEqual(trapline(['--version']), {
      code: 0,
      stdout: `trapline ${version}\n`,
      stderr: '',
    });
  });

  it('says what of WebAssembly the host has', () => {
    const { code, stdout } = trapline(['--version', '--verbose']);
    assert.equal(code, 0);
    assert.match(stdout, /^Node \d+\.\d+\.\d+, V8 \d+/m);
    for (const name of ['tailCalls', 'simd', 'fusedMultiplyAdd', 'memory64']) {
      assert.match(stdout, new RegExp(`^  ${name}: (yes|no)$`, 'm'));
    }
  });

  it('lists its commands', () => {
    const { code, stdout } = trapline(['--help']);
    assert.equal(code, 0);
    for (const name of ['run', 'debug', 'dis', 'dwarf', 'fdt', 'calls']) {
      assert.match(stdout, new RegExp(`^  trapline ${name}\\b`, 'm'));
    }
  });

  it('explains every option of run', () => {
    const { code, stdout } = trapline(['run', '--help']);
    assert.equal(code, 0);
    const options = `mode board isa harts aia aia-guests memory firmware initrd dtb bootargs console engine time
      max-instructions timeout trace trace-file json signature signature-granularity`;
    for (const name of options.split(/\s+/)) assert.match(stdout, new RegExp(`^  --${name} `, 'm'));
  });

  it('explains run where there is no memory for a machine', () => {
    const limited = ['--wasm-max-mem-pages=1000', path.resolve('dist/cli.cjs'), 'run', '--help'];
    const run = spawnSync(process.execPath, limited, { encoding: 'utf8' });
    assert.deepEqual([run.status, run.stderr], [0, '']);
    assert.match(run.stdout, /--max-instructions/);
  });

  it('no command', () => refused([], /no command given/));
  it('an unknown command', () => refused(['fly'], /unknown command 'fly'/));
  it('an unknown option', () => refused(['run', '--wings', sample], /--wings/));
  it('an option without its value', () => refused(['run', sample, '--memory'], /--memory/));
  it('no image', () => refused(['run'], /no image given/));
  it('two images', () => refused(['run', sample, 'other'], /other/));
  it('a bad mode', () => refused(['run', '--mode', 'sideways', sample], /mode.*sideways/));
  it('a bad board', () => refused(['run', '--board', 'skate', sample], /board.*skate/s));
  it('a bad size of memory', () => refused(['run', '--memory', 'much', sample], /memory.*much/));
  it('no harts', () => refused(['run', '--harts', '0', sample], /harts.*0/));
  it('a bad engine', () => refused(['run', '--engine', 'steam', sample], /engine.*steam/));
  it('a bad time', () => refused(['run', '--time', 'tea', sample], /time.*tea/));
  it('a bad trace', () => refused(['run', '--trace', 'exits,dust', sample], /dust/));
  it('a trace file without a trace', () =>
    refused(['run', '--trace-file', 'x', sample], /--trace/));
  it('a bad console', () => refused(['run', '--console', 'gramophone', sample], /gramophone/));
  it('a bad limit', () => refused(['run', '--max-instructions', '-5', sample], /max-instructions/));
  it('a bad granularity', () => {
    refused(['run', '--signature', 'x', '--signature-granularity', '3', sample], /granularity.*3/);
  });
  it('debug without a protocol', () => refused(['debug'], /--dap/));
});

describe('trapline: images that cannot be used', () => {
  const folder = scratchFolder();
  const file = (name: string, bytes: Uint8Array) => {
    const path_ = path.join(folder, name);
    writeFileSync(path_, bytes);
    return path_;
  };

  it('a file that is not there', () => refused(['run', 'no/such.elf'], /no\/such\.elf/));
  it('a folder', () => refused(['run', 'media'], /media/));
  it('an ELF file for another machine', () => refused(['run', process.execPath], /RISC-V/i));
  it('a truncated ELF file', () => {
    refused(['run', file('cut.elf', readFileSync(sample).subarray(0, 400))], /cut\.elf/);
  });
  it('an image larger than memory', () => {
    const large = file('large.bin', new Uint8Array(20 << 20));
    refused(['run', '--memory', '16M', large], /large\.bin.*memory|memory.*large\.bin/s);
  });
  it('a missing initrd', () => refused(['run', '--initrd', 'no/initrd', sample], /initrd/));
});
