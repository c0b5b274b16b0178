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

/**
 * The same by the AIA: the APLIC sends source 10 as identity 26 to the interrupt file of hart 0,
 * whose driver takes it from stopei. An IPI to hart 1, as Linux sends them, comes back as another.
 */
const messages = `
  .equ uart, 0x10000000
  .equ aplic, 0xd000000
  .equ imsic, 0x28000000
  .equ data, 0x80300000
  bnez a0, other
  la t0, handler
  csrw stvec, t0
  csrwi 0x150, 0x0
  li t0, 0x70
  csrw 0x150, t0           # siselect: eidelivery
  csrwi 0x151, 1
  li t0, 0xc0
  csrw 0x150, t0           # eie0
  li t1, (1 << 26) | (1 << 5)
  csrs 0x151, t1
  li t0, aplic
  li t1, 6
  sw t1, 40(t0)            # sourcecfg[10]: level, high
  li t1, aplic + 0x3028
  li t2, 26
  sw t2, 0(t1)             # target[10]: hart 0, identity 26
  li t1, aplic + 0x1edc
  li t2, 10
  sw t2, 0(t1)             # setienum
  li t1, 0x100
  sw t1, 0(t0)             # domaincfg.IE
  li t0, uart
  li t1, 1
  sb t1, 1(t0)             # IER: receive
  li t1, 1 << 9
  csrs sie, t1
  csrsi sstatus, 2
  li t0, ${'HARTS'}
  beqz t0, 1f
  li a0, 1
  la a1, other
  call 0x48534d, 0
1: wfi
  j 1b
  .align 2
handler:
  csrr s4, 0xdb0           # stopi
  csrrw s1, 0x15c, zero    # stopei
  srli s1, s1, 16
  li s3, data
  li t0, 5
  beq s1, t0, ipi
  li t0, uart
  sd s1, 0(s3)
  sd s4, 8(s3)
  lbu s2, 0(t0)
  addi s2, s2, 1
  sb s2, 0(t0)
  li t2, aplic + 0x2000
  li t1, 10
  sw t1, 0(t2)             # setipnum_le: again if the line is still high
  li t3, 'Z' + 1
  bne s2, t3, 2f
  li t3, 0x100000
  li t4, 0x5555
  sw t4, 0(t3)
2: sret
ipi:
  ld t1, 16(s3)
  addi t1, t1, 1
  sd t1, 16(s3)
  li t0, imsic + 0x1000
  li t1, 9
  sw t1, 0(t0)             # identity 9 of hart 1
  sret
other:
  li t0, 0x70
  csrw 0x150, t0
  csrwi 0x151, 1
  li t0, 0xc0
  csrw 0x150, t0
  li t1, 1 << 9
  csrs 0x151, t1
  li t1, 1 << 9
  csrs sie, t1
  li s3, data
  li s5, imsic
  li t1, 5
  sw t1, 0(s5)
3: wfi
  csrrw s1, 0x15c, zero
  sd s1, 24(s3)
  beqz s1, 3b
4: wfi
  j 4b
`;

describe('virt as a guest, with AIA', () => {
  for (const guests of [0, 2]) {
    for (const harts of [1, 2]) {
      const files = guests === 0 ? 'emulated interrupt files' : 'guest interrupt files';
      it(`the UART interrupts by message, ${files}, ${harts} harts`, () => {
        const source = messages.replace('HARTS', `${harts - 1}`);
        const machine = launch(assemble(source, 0x8020_0000), {
          ...{ harts, aia: { controllers: 'aplic-imsic', guests } },
        });
        const uart = listen(machine, 'uart0');
        assert.equal(machine.run(1_000_000).kind, 'idle', 'waits for input');
        uart.console.feed(bytesOf('HAL'));
        assert.equal(machine.run(100_000).kind, 'idle');
        assert.equal(uart.output(), 'IBM');
        const host = machine.guestToHost(0x8030_0000n) ?? 0;
        const [identity, stopi, ipis, last] = [0, 8, 16, 24].map((at) =>
          machine.memory.read64(host + at),
        );
        assert.deepEqual([identity, stopi], [26n, 0x9_0001n]);
        assert.deepEqual([ipis, last], harts === 1 ? [0n, 0n] : [1n, 0x9_0009n]);
        // With files of its own the guest takes interrupts without us.
        const counts = machine.exitCounts;
        if (guests === 0) assert((counts['csr'] ?? 0) >= 5, JSON.stringify(counts));
        else assert.equal(counts['csr'], undefined, JSON.stringify(counts));
        // Its page is among the mappings then, and has a name.
        const { rows } = machine.harts[0]!.mappings('guest', 100);
        const page = rows.find((row) => row.input === 0x2800_0000n);
        assert.equal(page?.output, guests === 0 ? undefined : 0x2800_1000n);
        assert.equal(machine.backingName(0x2800_0000), 'imsic0');
        uart.console.feed(bytesOf('Z'));
        const stop = machine.run(100_000);
        assert(stop.kind === 'ended');
        assert.equal(stop.end.reason, 'shutdown');
      });
    }
  }
});

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
