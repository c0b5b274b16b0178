/** Functions that others have taken in, and calls through registers; gdb says where they are. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadProgramSymbols } from '../../src/core/debug/symbols/programSymbols.ts';
import { inThisThread, launch, lineOf } from './machine.ts';
import { Transcript } from './transcript.ts';

const source = `
volatile int sink;
static inline __attribute__((always_inline)) int nowhere(int x) { sink = x + 3; return x * 2; }
int somewhere(int x) { sink = x + 5; return x + 1; }
__attribute__((noinline)) int first(int x) { return nowhere(x) + somewhere(x); }
__attribute__((noinline)) int second(int x)
{
  int sum = 0;
  for (int i = 0; i < x; i++) sum += nowhere(sum + sink);
  return sum;
}
int (*volatile chosen)(int) = second;
void start(void)
{
  int (*call)(int) = chosen;
  sink = first(2);
  sink = call(3); /* through a register */
  for (;;) sink = somewhere(1);
}
__asm__(".section .start,\\"ax\\"\\n.globl _start\\n_start: lui sp, 0x80100\\n slli sp, sp, 32\\n srli sp, sp, 32\\n j start\\n.text");
`;

describe('functions that others have taken in', () => {
  let folder = '';
  let file = '';
  let program = '';
  let t: Transcript;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'trapline-'));
    file = path.join(folder, 'inlined.c');
    program = path.join(folder, 'inlined.elf');
    writeFileSync(file, source);
    execFileSync('riscv64-unknown-elf-gcc', [
      '-Wl,--no-warn-rwx-segments,--no-relax',
      ...['-march=rv64g', '-mabi=lp64d', '-mcmodel=medany', '-O2', '-g', '-ffreestanding'],
      ...[
        '-nostdlib',
        '-Wl,--section-start=.start=0x80000000,-Ttext=0x80000020,--build-id=none,-n',
        '-o',
        program,
        file,
      ],
    ]);
  });
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(() => (t = new Transcript(inThisThread)));
  // What is asked is which places there are, which the tests look at themselves.
  afterEach(() => t.close(false));

  /** Where gdb's breakpoint by the name stands. */
  function gdbPlaces(name: string): bigint[] {
    const commands = ['set confirm off', `break ${name}`, 'info breakpoints'];
    const text = execFileSync('gdb-multiarch', [
      ...['-nx', '-batch'],
      ...commands.flatMap((command) => ['-ex', command]),
      program,
    ]).toString();
    const places = [...text.matchAll(/^[\d.]+ .*\b(0x[0-9a-f]{16}) in /gm)];
    return places.map(([, address]) => BigInt(address!)).sort((a, b) => Number(a - b));
  }

  const linesOf = async (count: number) => {
    const lines = [];
    for (let i = 0; i < count; i++) {
      await t.request('continue', { threadId: 1 });
      const { reason } = await t.event('stopped', 'terminated');
      assert.equal(reason, 'function breakpoint');
      const { stackFrames } = await t.request('stackTrace', { threadId: 1 });
      lines.push(stackFrames.map(({ name }: { name: string }) => name).join(' < '));
    }
    return lines;
  };

  for (const [name, places] of [
    [
      'nowhere',
      ['nowhere < first < start', 'nowhere < second < start', 'nowhere < second < start'],
    ],
    ['somewhere', ['somewhere < first < start', 'somewhere < start']],
  ] as const) {
    it(`a breakpoint at ${name} stops where gdb's does, in who took it in`, async () => {
      await launch(t, { program, mode: 'machine', stopOnEntry: true });
      await t.request('configurationDone');
      await t.event('stopped');
      const { breakpoints } = await t.request('setFunctionBreakpoints', {
        breakpoints: [{ name }],
      });
      assert.equal(breakpoints[0].verified, true);
      assert.deepEqual(await linesOf(places.length), places);
      const symbols = loadProgramSymbols([{ name: program, bytes: readFileSync(program) }]);
      const [own, inlined] = [symbols.functionsNamed(name), symbols.inlinedInstances(name)];
      const gdb = gdbPlaces(name);
      assert.equal(own.length + inlined.length, gdb.length);
      // Where a function's own beginning ends is compared elsewhere.
      assert.deepEqual(
        gdb.filter((place) => inlined.includes(place)),
        inlined,
      );
    });
  }

  it('a call through a register is among the targets to step into, and stepped into', async () => {
    await launch(t, { program, mode: 'machine' });
    const breakpoints = [{ line: lineOf(file, 'through a register') }];
    await t.request('setBreakpoints', { source: { path: file }, breakpoints });
    await t.request('configurationDone');
    await t.event('stopped');
    const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
    const { targets } = await t.request('stepInTargets', { frameId: stackFrames[0].id });
    assert.deepEqual(
      targets.map(({ label }: { label: string }) => label),
      ['second'],
    );
    await t.request('stepIn', { threadId: 1, targetId: targets[0].id });
    assert.equal((await t.event('stopped')).reason, 'step');
    const entered = await t.request('stackTrace', { threadId: 1, levels: 1 });
    assert.match(entered['stackFrames'][0].name, /second/);
  });
});
