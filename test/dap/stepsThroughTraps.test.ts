/**
 * Steps over code that takes traps whose handlers come back somewhere else: a timer that changes
 * tasks, fix-ups, signals, jumps out of a function, a task that is given up.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inThisThread, launch, lineOf } from './machine.ts';
import { Transcript } from './transcript.ts';

/** Two tasks on stacks of their own, the first of which asks for what the test wants. */
const source = `
#define context(task) (task * 256)
    .macro each_register op
    .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \\op x\\n, (\\n * 8)(sp)
    .endr
    .endm

    .globl _start
_start:
    la t0, handler
    csrw mtvec, t0
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    la t0, tasks
    csrw mscratch, t0
    la t1, second
    sd t1, (256 + 0)(t0)
    la t1, second_stack
    sd t1, (256 + 16)(t0)
    la sp, first_stack
    call set_timer
    li t0, 0x80
    csrw mie, t0
    li t0, 0x1800
    csrc mstatus, t0
    li t0, MPP | 0x80
    csrs mstatus, t0
    la t0, first
    csrw mepc, t0
    mret

first:
    li s1, 1
    j PROGRAM
second:
    li s1, 2
    j SECOND

work:
    addi s2, s2, 1          # line 1
    addi sp, sp, -16        # line 2
    sd s2, 0(sp)            # line 3
    call leaf               # line 4
    ld s3, 0(sp)            # line 5
    addi sp, sp, 16         # line 6
    j work                  # line 7
leaf:
    li t1, 30
1:  addi t1, t1, -1
    bnez t1, 1b
    ret

fixed:
    li a0, 1                # before the fault
    lw a0, 0(zero)          # faults
    li a0, 2                # not executed
fixup:
    li a0, 3                # mended
1:  j 1b

signalled:
    li a0, 1
    unimp                   # raises a signal
    li a0, 4                # behind the signal
1:  j 1b
signal_handler:
    addi s4, s4, 1
    li a7, 2
    ecall

jumping:
    addi sp, sp, -16
    call deep
    li a0, 9
landing:
    addi sp, sp, 16         # landed
1:  j 1b
deep:
    addi sp, sp, -64
    lw a0, 8(zero)          # leaves its function
    addi sp, sp, 64
    ret

killed:
    li a0, 1
    lw a0, 4(zero)          # the end of the task
    li a0, 5
1:  j 1b
leaving:
    li a7, 93
    ecall                   # never comes back
    li a0, 6
waiting:
#if MPP
    wfi
#endif
    j waiting

set_timer:
    li t1, 0x0200bff8
    ld t0, 0(t1)
    la t1, period
    ld t1, 0(t1)
    add t0, t0, t1
    li t1, 0x02004000
    sd t0, 0(t1)
    ret

    .balign 4
handler:
    csrrw sp, mscratch, sp
    each_register sd
    csrr t0, mepc
    sd t0, 0(sp)
    csrr t0, mscratch
    sd t0, 16(sp)
    csrr t0, mcause
    bltz t0, other
    li t1, 5
    beq t0, t1, faulted
    li t1, 7
    beq t0, t1, faulted
    li t1, 2
    beq t0, t1, signal
    ld t0, 136(sp)
    li t1, 93
    beq t0, t1, gone
    # The end of a signal's handler: as it was when it was raised, behind the instruction.
    la t1, saved
    ld t0, 0(t1)
    addi t0, t0, 4
    sd t0, 0(sp)
    ld t0, 8(t1)
    sd t0, 16(sp)
    j back
faulted:
    csrr t0, mtval
    li t1, 8
    beq t0, t1, jump
    bnez t0, other
    la t0, fixup
    sd t0, 0(sp)
    j back
signal:
    la t1, saved
    ld t0, 0(sp)
    sd t0, 0(t1)
    ld t0, 16(sp)
    sd t0, 8(t1)
    addi t0, t0, -128
    sd t0, 16(sp)
    la t0, signal_handler
    sd t0, 0(sp)
    j back
jump:
    ld t0, 16(sp)
    addi t0, t0, 64
    sd t0, 16(sp)
    la t0, landing
    sd t0, 0(sp)
    j back
other:
    csrr t0, mcause
    bltz t0, 1f
gone:
    # Who dies makes room for the second task for ever, and there is little to do.
    la t0, dead
    li t1, 1
    sd t1, 0(t0)
    la t0, period
    li t1, 1000000
    sd t1, 0(t0)
1:  call set_timer
    la t0, tasks
    la t1, dead
    ld t1, 0(t1)
    bnez t1, 2f
    bne t0, sp, 3f
2:  addi t0, t0, 256
3:  mv sp, t0
back:
    ld t0, 0(sp)
    csrw mepc, t0
    ld t0, 16(sp)
    csrw mscratch, t0
    each_register ld
    csrrw sp, mscratch, sp
    mret

    .balign 16
tasks:
    .zero 512
saved:
    .zero 16
dead:
    .zero 8
period:
    .dword 11
    .balign 16
    .zero 1024
first_stack:
    .zero 1024
second_stack:
    .zero 16
`;

describe('steps through traps that come back elsewhere', () => {
  let folder = '';
  let file = '';
  let t: Transcript;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'trapline-'));
    file = path.join(folder, 'tasks.S');
    writeFileSync(file, source);
  });
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(() => (t = new Transcript(inThisThread)));
  // What is asked is where each step ends, which the tests look at themselves.
  afterEach(() => t.close(false));

  const line = (text: string) => lineOf(file, text);

  function build(first: string, second: string, mode: 'U' | 'M'): string {
    const built = path.join(folder, `${first}-${second}-${mode}.elf`);
    const link = ['-nostdlib', '-Wl,-Ttext=0x80000000', '-Wl,--no-relax,-n,--build-id=none', '-o'];
    const target = ['-march=rv64g_zicsr', '-mabi=lp64d', '-g'];
    const tasks = [
      `-DPROGRAM=${first}`,
      `-DSECOND=${second}`,
      `-DMPP=${mode === 'U' ? 0 : 0x1800}`,
    ];
    execFileSync('riscv64-unknown-elf-gcc', [...target, ...tasks, ...link, built, file]);
    return built;
  }

  async function stopAt(program: string, text: string): Promise<void> {
    await launch(t, { program, mode: 'machine' });
    const breakpoints = [{ line: line(text) }];
    await t.request('setBreakpoints', { source: { path: file }, breakpoints });
    await t.request('configurationDone');
    await t.event('stopped');
    await t.request('setBreakpoints', { source: { path: file }, breakpoints: [] });
  }

  /** One step; why it ended and on which line. */
  async function step(command: string, granularity = 'line'): Promise<[string, number]> {
    await t.request(command, { threadId: 1, granularity });
    const { reason } = await t.event('stopped', 'terminated');
    const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
    return [reason, stackFrames[0].line];
  }

  async function value(register: string): Promise<number> {
    const { result } = await t.request('evaluate', {
      expression: `$${register}`,
      context: 'watch',
    });
    return Number(/0x[0-9a-f]+/.exec(result)?.[0]);
  }

  for (const mode of ['U', 'M'] as const) {
    describe(`taken from ${mode}-mode`, () => {
      for (const command of ['next', 'stepIn'] as const) {
        it(`${command} stays with its task while a timer gives the hart to another in the same code`, async () => {
          await stopAt(build('work', 'work', mode), '# line 1');
          const task = await value('s1');
          let round = await value('s2');
          const lines = ['1', '2', '3', '4', '5', '6', '7'].map((n) => line(`# line ${n}`));
          for (let i = 1; i <= 70; i++) {
            let [reason, at] = await step(command);
            assert.equal(reason, 'step');
            if (at === line('li t1, 30')) [reason, at] = await step('stepOut');
            // Out of a function is behind its call, which a line of its own begins with.
            const expected = lines[i % 7]!;
            assert.equal(at, expected, `step ${i}`);
            assert.equal(await value('s1'), task, `step ${i}`);
            if (i % 7 === 1) assert.equal(await value('s2'), ++round);
          }
        });
      }

      for (const command of ['next', 'stepIn'] as const) {
        it(`${command} at a fault ends where the handler mends it`, async () => {
          await stopAt(build('fixed', 'waiting', mode), '# faults');
          assert.deepEqual(await step(command), ['step', line('# mended')]);
        });

        it(`${command} at what raises a signal ends behind it`, async () => {
          await stopAt(build('signalled', 'waiting', mode), '# raises a signal');
          assert.deepEqual(await step(command), ['step', line('# behind the signal')]);
          assert.equal(await value('s4'), 1, 'the handler has run');
        });

        it(`${command} at what gives its task up ends, and says why`, async () => {
          await stopAt(build('killed', 'waiting', mode), '# the end of the task');
          await t.request(command, { threadId: 1 });
          const stopped = await t.event('stopped', 'terminated');
          assert.equal(stopped.reason, 'exception');
          const inTime = 'and nobody has come back within 2 s of the guest';
          const way = mode === 'U' ? 'further out on the stack' : inTime;
          const said = `left by the fault at 0x8[0-9a-f]+: its handler went on at 0x8[0-9a-f]+,? ${way}`;
          assert.match(stopped.text, new RegExp(said));
          // Nothing of the step is left.
          assert.equal((await step('stepIn', 'instruction'))[0], 'step');
        });
      }

      it('next over a call that does not come back can be paused', async () => {
        await stopAt(build('leaving', 'work', mode), '# never comes back');
        await t.request('next', { threadId: 1 });
        await t.request('pause', { threadId: 1 });
        assert.equal((await t.event('stopped', 'terminated')).reason, 'pause');
      });
    });
  }

  it('a handler that jumps out of the function ends the step where it lands', async () => {
    await stopAt(build('jumping', 'waiting', 'U'), '# leaves its function');
    assert.deepEqual(await step('next'), ['exception', line('# landed')]);
  });
});
