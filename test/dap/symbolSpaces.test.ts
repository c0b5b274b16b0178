/** Two programs at the same virtual addresses: which symbols count is the address space's to say. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launch, lineOf, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

/** In M-mode, under two tables with a page of two MiB each: every call gives the other its turn. */
const kernel = `
    .macro each_register op
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    \\op x\\n, (\\n * 8)(x31)
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
    # The root's second entry leads to a table whose first is the program, for U-mode.
    .macro space root, middle, program
    la t0, \\middle
    srli t1, t0, 2
    ori t1, t1, 1
    la t2, \\root
    sd t1, 8(t2)
    la t1, \\program
    srli t1, t1, 2
    ori t1, t1, 0xdf
    sd t1, 0(t0)
    srli t2, t2, 12
    .endm
    space root_two, middle_two, two
    li t1, (8 << 60) | (2 << 44)
    or s1, t1, t2
    space root_one, middle_one, one
    li t1, (8 << 60) | (1 << 44)
    or t1, t1, t2
    csrw satp, t1
    la t0, contexts
    sd s1, (256 + 248)(t0)
    li t1, 0x40000000
    sd t1, 256(t0)
    csrw mepc, t1
    csrw mscratch, t0
    li t0, 0x1800
    csrc mstatus, t0
    mret
    .balign 4
handler:
    csrrw x31, mscratch, x31
    each_register sd
    csrr t0, mepc
    addi t0, t0, 4
    sd t0, 0(x31)
    csrr t0, satp
    sd t0, 248(x31)
    la t0, contexts
    bne t0, x31, 1f
    addi t0, t0, 256
1:  mv x31, t0
    ld t0, 0(x31)
    csrw mepc, t0
    ld t0, 248(x31)
    csrw satp, t0
    each_register ld
    csrrw x31, mscratch, x31
    mret
    .balign 4096
root_one: .zero 4096
middle_one: .zero 4096
root_two: .zero 4096
middle_two: .zero 4096
contexts: .zero 512
    .balign 0x200000
one: .incbin "one.bin"
    .balign 0x200000
two: .incbin "two.bin"
    .balign 0x200000
`;

const start = `
__asm__(".section .start,\\"ax\\"\\n.globl _start\\n_start: lui sp, 0x40100\\nj main\\n.text");
static void yield(void) { __asm__ volatile("ecall" ::: "memory"); }
`;

const one = `
int work(int apples)
{
  int eaten = apples + 1; /* in the first */
  return eaten;
}
${start}
int main(void)
{
  int day = 0;
  for (;;) {
    day = work(day); /* calls of the first */
    yield();
  }
}
`;

const two = `
int work(int pears)
{
  volatile int basket[40];
  basket[pears & 31] = pears; /* first of the second */
  int left = basket[pears & 31] + 1000; /* in the second */
  return left - 990;
}
${start}
int main(void)
{
  int year = 0;
  for (;;) {
    year = work(year); /* calls of the second */
    yield();
  }
}
`;

describe('symbols chosen by address space', () => {
  let folder = '';
  const file = (name: string) => path.join(folder, name);
  const line = (name: string, text: string) => lineOf(file(name), text);

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'trapline-'));
    const gcc = (...args: string[]) =>
      execFileSync('riscv64-unknown-elf-gcc', [
        ...['-march=rv64g_zicsr', '-mabi=lp64d', '-mcmodel=medany', '-g', '-O0', '-nostdlib'],
        ...['-ffreestanding', '-Wl,--build-id=none,--no-relax,-n', ...args],
      ], { cwd: folder }); // prettier-ignore
    for (const [name, source] of Object.entries({ one, two })) {
      writeFileSync(file(`${name}.c`), source);
      gcc(
        '-Wl,--section-start=.start=0x40000000,-Ttext=0x40000010',
        '-o',
        `${name}.elf`,
        `${name}.c`,
      );
      execFileSync('riscv64-unknown-elf-objcopy', [
        '-O',
        'binary',
        file(`${name}.elf`),
        file(`${name}.bin`),
      ]);
    }
    writeFileSync(file('kernel.S'), kernel);
    gcc('-Wl,-Ttext=0x80000000', '-o', 'kernel.elf', 'kernel.S');
  });
  after(() => rmSync(folder, { recursive: true }));

  const rules = {
    'by the code that is there': { rule: ['matching', 'matching'], golden: 'symbolSpacesMatching' },
    'by their identifiers': { rule: [{ asid: 1 }, { asid: 2 }], golden: 'symbolSpacesIds' },
  };
  const attributes = ([first, second]: readonly unknown[]) => ({
    program: file('kernel.elf'),
    mode: 'machine',
    stopOnEntry: true,
    symbolFiles: [
      { file: file('one.elf'), addressSpace: first },
      { file: file('two.elf'), addressSpace: second },
    ],
  });

  async function begin(t: Transcript, rule: readonly unknown[]): Promise<void> {
    await launch(t, attributes(rule));
    await t.request('configurationDone');
    await t.event('stopped');
  }
  const toLine = (t: Transcript, name: string, text: string) =>
    t.request('setBreakpoints', {
      source: { path: file(name) },
      breakpoints: text === '' ? [] : [{ line: line(name, text) }],
    });
  /** Goes on; where it stops, as frames' names and places. */
  async function go(t: Transcript, command: string) {
    await t.request(command, { threadId: 1 });
    const { reason } = await t.event('stopped', 'terminated');
    const { stackFrames } = await t.request('stackTrace', { threadId: 1 });
    const frames = stackFrames.map(
      ({ name, source, line }: { name: string; source: { name: string }; line: number }) =>
        `${name} ${source.name}:${line}`,
    );
    return [reason, ...frames];
  }
  const value = async (t: Transcript, expression: string) => {
    const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
    const frameId = stackFrames[0].id;
    return (await t.request('evaluate', { expression, frameId, context: 'watch' })).result;
  };

  for (const [name, { rule, golden }] of Object.entries(rules)) {
    it(`${name}: source, frames, variables and breakpoints`, () =>
      withTranscript(async (t) => {
        await begin(t, rule);
        const caller = (of: string, word: string) =>
          `main ${of}.c:${line(`${of}.c`, `calls of the ${word}`)}`;
        const second = [
          'breakpoint',
          `work two.c:${line('two.c', 'in the second')}`,
          caller('two', 'second'),
        ];
        await toLine(t, 'two.c', 'in the second');
        for (const pears of ['0', '10', '20']) {
          assert.deepEqual(await go(t, 'continue'), second);
          assert.equal(await value(t, 'pears'), pears);
        }
        assert.equal(await value(t, 'apples').catch(() => undefined), undefined);
        await toLine(t, 'two.c', '');
        await toLine(t, 'one.c', 'in the first');
        const first = [
          'breakpoint',
          `work one.c:${line('one.c', 'in the first')}`,
          caller('one', 'first'),
        ];
        assert.deepEqual(await go(t, 'continue'), first);
        assert.equal(await value(t, 'apples'), '3');
        await toLine(t, 'one.c', '');
        const { breakpoints } = await t.request('setFunctionBreakpoints', {
          breakpoints: [{ name: 'work' }],
        });
        assert.equal(breakpoints[0].verified, true);
        const entry = [
          'function breakpoint',
          `work two.c:${line('two.c', 'first of the second')}`,
          caller('two', 'second'),
        ];
        assert.deepEqual(await go(t, 'continue'), entry);
        const again = ['function breakpoint', ...first.slice(1)];
        assert.deepEqual(await go(t, 'continue'), again);
        t.check(golden, folder);
      }));
  }

  it('a step over a call to the kernel stays in its space', () =>
    withTranscript(async (t) => {
      await begin(t, rules['by the code that is there'].rule);
      await toLine(t, 'two.c', 'calls of the second');
      await go(t, 'continue');
      await toLine(t, 'two.c', '');
      for (let year = 10; year <= 30; year += 10) {
        const yields = ['step', `main two.c:${line('two.c', 'calls of the second') + 1}`];
        assert.deepEqual(await go(t, 'next'), yields);
        assert.equal(await value(t, 'year'), String(year));
        const calls = ['step', `main two.c:${line('two.c', 'calls of the second')}`];
        assert.deepEqual(await go(t, 'next'), calls);
      }
      t.check('symbolSpacesSteps', folder);
    }));

  it('only identifiers that the harts have', () =>
    withTranscript(async (t) => {
      await t.requestQuietly('initialize', { adapterID: 'trapline', clientID: 'test' });
      for (const rule of ['some', {}, { asid: -1 }, { asid: '1' }, { pcid: 1 }, 1]) {
        const answer = await t.request('launch', attributes([rule, 'matching']));
        assert.equal(answer['failed'], true);
      }
      t.check('symbolSpacesRefused', folder);
    }));
});
