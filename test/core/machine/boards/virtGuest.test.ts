import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { LaunchConfig } from '../../../../src/core/machine/launchConfig.ts';
import type { Machine } from '../../../../src/core/machine/machine.ts';
import { machineOnTestEngine } from '../../../engine.ts';
import { assemble } from '../../hypervisor/riscv/realGuest.ts';

const bytesOf = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

function launch(program: Uint8Array, more: Partial<LaunchConfig> = {}): Machine {
  const config: LaunchConfig = {
    program: 'guest',
    mode: 'guest',
    board: 'virt',
    isa: '',
    harts: 1,
    memory: 64 << 20,
    loadFiles: [],
    calls: [],
    engine: 'auto',
    time: 'virtual',
    ...more,
  };
  return machineOnTestEngine(config, new Map([['guest', program]]));
}

function listen(machine: Machine, name: string) {
  const console = machine.consoles.find((c) => c.name === name);
  assert(console);
  let text = '';
  console.output.on((bytes) => (text += String.fromCharCode(...bytes)));
  return { console, output: () => text };
}

/** The UART's receive interrupt through the PLIC, as a driver takes it: wait, claim, read, complete. */
const echo = `
  .equ uart, 0x10000000
  .equ plic, 0xc000000
  la t0, handler
  csrw stvec, t0
  li t0, plic
  li t1, 1
  sw t1, 40(t0)            # priority of source 10
  li t2, plic + 0x2000
  li t1, 1 << 10
  sw t1, 0(t2)             # enable for the first context, S-mode of hart 0
  li t2, plic + 0x200000
  sw zero, 0(t2)           # threshold
  li t0, uart
  li t1, 1
  sb t1, 1(t0)             # IER: receive
  li t1, 1 << 9
  csrs sie, t1
  csrsi sstatus, 2
1: wfi
  j 1b
  .align 2
handler:
  lw s1, 4(t2)             # claim
  lbu s2, 0(t0)
  addi s2, s2, 1
  sb s2, 0(t0)
  sw s1, 4(t2)             # complete
  li t3, 'Z' + 1
  bne s2, t3, 2f
  li t3, 0x100000
  li t4, 0x5555
  sw t4, 0(t3)             # the test device switches off
2: sret
`;

describe('virt as a guest', () => {
  for (const trapInstruction of ['transformed', 'zero'] as const) {
    it(`the UART interrupts through PLIC and VSEIP, htinst ${trapInstruction}`, () => {
      const machine = launch(assemble(echo, 0x8020_0000), { trapInstruction });
      const uart = listen(machine, 'uart0');
      assert.equal(machine.run(100_000).kind, 'idle', 'waits for input');
      assert.equal(machine.hartState(0), 'waiting');
      uart.console.feed(bytesOf('HAL'));
      assert.equal(machine.run(100_000).kind, 'idle');
      assert.equal(uart.output(), 'IBM');
      uart.console.feed(bytesOf('Z'));
      const stop = machine.run(100_000);
      assert(stop.kind === 'ended');
      assert.deepEqual([stop.end.reason, stop.end.code], ['shutdown', 0]);
    });
  }

  it('the sample guest runs to its end, twice alike', () => {
    const elf = new Uint8Array(readFileSync('media/samples/hello-dbcn/hello-dbcn.elf'));
    const run = () => {
      const machine = launch(elf);
      const sbi = listen(machine, 'sbi');
      sbi.console.feed(bytesOf('Ada\r'));
      const stop = machine.run(100_000_000);
      assert(stop.kind === 'ended', stop.kind);
      assert.equal(stop.end.code, 0);
      assert.match(sbi.output(), /What is your name\? [^]*Ada!/);
      const rows = machine.harts[0]?.mappings('guest', 100).rows;
      assert(rows && rows.length >= 2);
      return { output: sbi.output(), instructions: machine.instructions, rows };
    };
    assert.deepEqual(run(), run());
  });
});
