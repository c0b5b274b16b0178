/** Steps at instructions that leave for another mode or come back from one, by lines of assembly. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inThisThread, launch, lineOf } from './machine.ts';
import { Transcript } from './transcript.ts';

const source = `
    .globl _start
_start:
    la t0, handler
    csrw mtvec, t0
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    li t0, 0x1800
    csrc mstatus, t0
    li t0, 0x800
    csrs mstatus, t0
    la t0, kernel
    csrw mepc, t0
    mret                    # into the kernel
kernel:
    li a0, 1
    ecall                   # of the kernel
    addi a0, a0, 10
    csrr a1, mhartid        # emulated
    addi a0, a0, 100
    la t0, program
    csrw sepc, t0
    li t0, 0x100
    csrc sstatus, t0
    sret                    # into the program
program:
    addi a0, a0, 1000
    ecall                   # of the program
    li a2, 5
1:  j 1b
    .balign 4
handler:
    addi s0, s0, 1          # first of the handler
    csrr t1, mepc
    addi t1, t1, 4
    csrw mepc, t1
    mret                    # back
`;

describe('steps into another world and back', () => {
  let folder = '';
  let file = '';
  let t: Transcript;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'trapline-'));
    file = path.join(folder, 'worlds.S');
    writeFileSync(file, source);
    const link = ['-nostdlib', '-Wl,-Ttext=0x80000000', '-Wl,--no-relax,-n,--build-id=none', '-o'];
    const target = ['-march=rv64g_zicsr', '-mabi=lp64d', '-g'];
    execFileSync('riscv64-unknown-elf-gcc', [...target, ...link, `${folder}/worlds.elf`, file]);
  });
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(() => (t = new Transcript(inThisThread)));
  // What is asked is where each step ends, which the tests look at themselves.
  afterEach(() => t.close(false));

  const line = (text: string) => lineOf(file, text);

  async function stopAt(text: string): Promise<void> {
    await launch(t, { program: path.join(folder, 'worlds.elf'), mode: 'machine' });
    const breakpoints = [{ line: line(text) }];
    await t.request('setBreakpoints', { source: { path: file }, breakpoints });
    await t.request('configurationDone');
    await t.event('stopped');
    await t.request('setBreakpoints', { source: { path: file }, breakpoints: [] });
  }

  /** One step; the line that it ends on, and the mode. */
  async function step(command: string, granularity = 'line'): Promise<[number, string]> {
    await t.request(command, { threadId: 1, granularity });
    const { reason } = await t.event('stopped', 'terminated');
    assert.equal(reason, 'step');
    const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
    const { threads } = await t.request('threads');
    return [stackFrames[0].line, /\w+-mode/.exec(threads[0].name)?.[0] ?? threads[0].name];
  }

  async function value(register: string): Promise<number> {
    const { result } = await t.request('evaluate', {
      expression: `$${register}`,
      context: 'watch',
    });
    return Number(/0x[0-9a-f]+/.exec(result)?.[0]);
  }

  for (const command of ['next', 'stepIn']) {
    for (const granularity of ['line', 'instruction']) {
      it(`${command} by ${granularity} at mret and sret ends on the other side`, async () => {
        await stopAt('# into the kernel');
        assert.deepEqual(await step(command, granularity), [line('li a0, 1'), 'HS-mode']);
        const breakpoints = [{ line: line('# into the program') }];
        await t.request('setBreakpoints', { source: { path: file }, breakpoints });
        await t.request('continue', { threadId: 1 });
        await t.event('stopped');
        assert.deepEqual(await step(command, granularity), [line('addi a0, a0, 1000'), 'U-mode']);
      });
    }
  }

  for (const granularity of ['line', 'instruction']) {
    it(`next by ${granularity} goes over an ecall, from either world`, async () => {
      await stopAt('# of the kernel');
      assert.deepEqual(await step('next', granularity), [line('a0, 10'), 'HS-mode']);
      assert.equal(await value('s0'), 1);
    });

    it(`stepIn by ${granularity} shows its handler`, async () => {
      await stopAt('# of the program');
      const first = line('# first of the handler');
      assert.deepEqual(await step('stepIn', granularity), [first, 'M-mode']);
    });
  }

  it('a step through a handler by lines comes back behind the ecall', async () => {
    await stopAt('# of the program');
    await step('stepIn');
    for (let i = 0; i < 4; i++) assert.equal((await step('next'))[1], 'M-mode');
    assert.deepEqual(await step('next'), [line('li a2, 5'), 'U-mode']);
  });

  for (const command of ['next', 'stepIn']) {
    it(`${command} passes through a trap that the line does not ask for`, async () => {
      await stopAt('# emulated');
      assert.deepEqual(await step(command), [line('a0, 100'), 'HS-mode']);
      assert.equal(await value('s0'), 2);
    });
  }
});
