/**
 * gdb and lldb as Debian ships them, each on a guest behind the stub: they attach, break, step, read
 * control registers, watch, write and go on, and say what the source makes one expect.
 */
import assert from 'node:assert/strict';
import { lineOf } from '../dap/machine.ts';
import { gdb, lldb, sample, serve, type Serving } from './serving.ts';

const main = 'media/samples/hello-dbcn/main.c';
const elf = sample('hello-dbcn');

/** What comes in this order, with anything between. */
function inOrder(text: string, expected: readonly RegExp[]): void {
  let rest = text;
  for (const pattern of expected) {
    const found = pattern.exec(rest);
    assert.ok(found, `${pattern} is not in\n${rest}\nof\n${text}`);
    rest = rest.slice(found.index + found[0].length);
  }
}

describe('debuggers on the stub', () => {
  let serving: Serving;
  const start = async (attributes: object = {}) => {
    serving = await serve({ program: elf, ...attributes });
  };
  afterEach(() => serving.close());

  describe('gdb-multiarch', () => {
    const attached = (commands: readonly string[]) =>
      gdb(elf, [`target remote 127.0.0.1:${serving.port}`, ...commands]);

    it('attaches, breaks, steps, unwinds and goes on to the end', async () => {
      await start();
      const text = await attached([
        'break factorial if n == 2',
        'continue',
        'backtrace',
        'finish',
        'next',
        'stepi',
        'info line *$pc',
        'delete',
        'continue',
      ]);
      inOrder(text, [
        /0x0+80200000 in _start|_start \(\) at/,
        /Breakpoint 1, factorial \(n=.*2\) at .*main\.c:\d+/,
        /#0 {2}factorial \(n=[^]*#3 {2}0x\w+ in factorial \(n=.*5\)[^]*in kernel_main/,
        /in factorial \(n=.*3\) at [^]*Value returned is \$1 = 2/,
        /\[Inferior 1 \(Remote target\) exited normally\]/,
      ]);
      assert.match(serving.output(), /5! = 120/);
    });

    it('reads control registers with their fields, and the mode', async () => {
      await start();
      const text = await attached([
        'break run_planets',
        'continue',
        'print/x $vsatp',
        'print $vsatp',
        'print $hgatp',
        'info registers priv virt',
        'print/x $stvec & 1',
        'set $sscratch = 0x1234',
        'print/x $sscratch',
        'info registers fcsr',
        'print $fa0.double',
      ]);
      inOrder(text, [
        /\$1 = 0x8[0-9a-f]{15}\n/,
        /\$2 = \[ MODE=Sv39 .*PPN=\d+ \]/,
        /\$3 = \[ MODE=Sv39x4 VMID=1 PPN=\d+ \]/,
        /priv +0x1\s+prv:1 \[Supervisor\]\nvirt +0x1/,
        /\$4 = 0x0/,
        /\$5 = 0x1234/,
        /fcsr +0x0/,
        /\$6 = 0\n/,
      ]);
    });

    it('watches and writes memory', async () => {
      await start();
      const text = await attached([
        'watch timer_ticks',
        'continue',
        'print $pc',
        'info line *$pc',
        'continue',
        'delete',
        'rwatch timer_ticks',
        'continue',
        'delete',
        'print timer_ticks = 77',
        'print timer_ticks',
        'x/2wx &timer_ticks',
        'detach',
      ]);
      inOrder(text, [
        /Hardware watchpoint 1: timer_ticks/,
        /Old value = 0\nNew value = 1/,
        /Old value = 1\nNew value = 2/,
        /Hardware read watchpoint 2: timer_ticks[^]*Value = 2/,
        /\$2 = 77\n\$3 = 77\n/,
        /<timer_ticks>:\t0x0000004d\t0x0{8}/,
        /Inferior 1 .*detached/,
      ]);
    });

    it('goes back: by instructions, to breakpoints, to who wrote a variable, to the start', async () => {
      await start();
      const text = await attached([
        'break factorial',
        'continue',
        'continue',
        'continue',
        'stepi',
        'stepi',
        'reverse-stepi',
        'reverse-stepi',
        'printf "n is %d at %d\\n", $a0, $pc == factorial',
        'reverse-continue',
        'reverse-continue',
        'delete',
        'finish',
        'watch timer_ticks',
        'continue',
        'continue',
        'continue',
        'reverse-continue',
        'reverse-continue',
        'delete',
        'reverse-continue',
        'printf "at the start: %d\\n", $pc == _start',
        'continue',
      ]);
      inOrder(text, [
        /factorial \(n=n@entry=5\)/,
        /factorial \(n=n@entry=4\)/,
        /factorial \(n=n@entry=3\)/,
        /Breakpoint 1, factorial \(n=n@entry=3\)/,
        /n is 3 at 1/,
        /Breakpoint 1, factorial \(n=n@entry=4\)/,
        /Breakpoint 1, factorial \(n=n@entry=5\)/,
        /Value returned is \$1 = 120/,
        /Old value = 0\nNew value = 1/,
        /Old value = 1\nNew value = 2/,
        /Old value = 2\nNew value = 3/,
        /Old value = 3\nNew value = 2/,
        /Old value = 2\nNew value = 1/,
        /No more reverse-execution history/,
        /at the start: 1/,
        /exited normally/,
      ]);
    });

    it('knows harts as threads, interrupts, detaches and comes again', async () => {
      await start({ harts: 2 });
      const text = await attached([
        'info threads',
        'break kernel_main',
        'continue',
        'thread 2',
        'disconnect',
      ]);
      inOrder(text, [
        /Thread 1 "hart 0" \(VS-mode\)/,
        /Thread 2 "hart 1"/,
        /Thread 1 "hart 0" hit Breakpoint 1, kernel_main/,
        /Switching to thread 2/,
      ]);
      const again = await attached(['info breakpoints', 'info threads', 'backtrace', 'detach']);
      inOrder(again, [/No breakpoints or watchpoints/, /Thread 2 "hart 1"/, /#0 {2}kernel_main/]);
    });

    it('restarts and asks the monitor', async () => {
      await start();
      const text = await gdb(elf, [
        `target extended-remote 127.0.0.1:${serving.port}`,
        'break kernel_main',
        'continue',
        'monitor help',
        'monitor phys on',
        'run',
        'kill',
      ]);
      inOrder(text, [
        /Breakpoint 1, kernel_main/,
        /^help .*this list/m,
        /Addresses are physical/,
        /Breakpoint 1, kernel_main/,
      ]);
      assert.equal(serving.killed(), false);
    });

    it('debugs the 32-bit processor', async () => {
      const program = 'test/guests/rv32-supervisor.elf';
      serving = await serve({ program, isa: 'rv32gc' });
      const text = await gdb(program, [
        `target remote 127.0.0.1:${serving.port}`,
        'show architecture',
        'info registers pc',
        'print sizeof($sp)',
        'print sizeof($sstatus)',
        'stepi',
        'detach',
      ]);
      inOrder(text, [/riscv:rv32/, /pc +0x80\w+/, /\$1 = 4/, /\$2 = 4/, /Inferior 1 .*detached/]);
    });
  });

  describe('lldb', () => {
    const attached = (commands: readonly string[]) =>
      lldb(elf, [`gdb-remote 127.0.0.1:${serving.port}`, ...commands]);

    it('attaches, breaks, steps, unwinds, reads control registers and goes on', async () => {
      await start();
      const line = lineOf(main, 'return n * factorial');
      const text = await attached([
        `breakpoint set -f main.c -l ${line}`,
        'continue',
        'bt',
        'frame variable n',
        'register read vsatp',
        'register read priv pc',
        'breakpoint delete -f',
        'next',
        'stepi',
        'step',
        'memory read -f x -s 4 -c 1 &timer_ticks',
        'detach',
      ]);
      inOrder(text, [
        /stop reason = signal SIGTRAP/,
        /stop reason = breakpoint 1\.1/,
        /frame #0: .*factorial\(n=5\)[^]*frame #1: .*kernel_main/,
        /\(unsigned int\) n = 5/,
        /vsatp = 0x8[0-9a-f]{15}\s+= \(MODE = Sv39/,
        /priv = 0x01/,
        /stop reason = (step over|instruction step over)/,
        /stop reason = instruction step (into|over)/,
        /stop reason = step in/,
        /Process 1 detached/,
      ]);
    });

    it('watches and writes memory and registers', async () => {
      await start();
      const text = await attached([
        'watchpoint set variable timer_ticks',
        'continue',
        'continue',
        'watchpoint delete -f',
        'expression -- timer_ticks = 77',
        'memory read -f u -s 4 -c 1 &timer_ticks',
        'register write sscratch 0x1234',
        'register read sscratch',
        'thread list',
        'process kill',
      ]);
      inOrder(text, [
        /Watchpoint created/,
        /old value: 0[^]*new value: 1/,
        /old value: 1[^]*new value: 2/,
        /77/,
        /sscratch = 0x0000000000001234/,
        /thread #1/,
      ]);
    });
  });
});
