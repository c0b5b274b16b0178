/** Calls that are answered while the hart runs leave everything as those that are taken as traps. */
import assert from 'node:assert/strict';
import type { Cpu } from '../../../../src/core/isa/cpu.ts';
import { riscvIsa } from '../../../../src/core/isa/riscv/riscv.ts';
import { assemble, ram, realGuest, type RealGuest } from './realGuest.ts';

const source = `
    la t0, handler
    csrw stvec, t0
    li t0, (1 << 1) | (1 << 5)
    csrs sie, t0
    csrsi sstatus, 2
    li s0, 4
    li s1, ${ram + 0x10000}
  again:
    li a0, 0x10
    call 0x10, 3
    lr.d t1, (s1)
    li a0, -1
    call 0x54494d45, 0
    sc.d t2, t1, (s1)
    sd t2, 8(s1)
    li a0, 1
    li a1, 0
    call 0x735049, 0
    li a1, -1
    call 0x52464e43, 0
    call 0x09000007, 1
    rdtime a0
    addi a0, a0, 20
    call 0x54494d45, 0
    wfi
    call 0x12345, 9
    addi s0, s0, -1
    bnez s0, again
    shutdown 0
    .balign 4
  handler:
    csrr t3, scause
    add s2, s2, t3
    csrci sip, 2
    li a0, -1
    call 0x54494d45, 0
    sret
`;

const names = [
  ...riscvIsa(64).registers.map(({ name }) => name),
  ...riscvIsa(64).controlRegisters.map(({ name }) => name),
  ...['priv', 'virt'],
];

/** Exceptions, environment calls and traps out of a guest, as mhpmevent selects them. */
const counted = { mhpmevent3: 0x20001n, mhpmevent4: 0x20005n, mhpmevent5: 0x20007n };

function started(asTraps: boolean): { g: RealGuest; hart: Cpu } {
  const g = realGuest(assemble(source));
  const hart = g.machine.harts[0]!;
  for (const [name, value] of Object.entries(counted)) hart.writeRegister(name, value);
  // No trap says this, but whoever might have to stop at a call has it taken as one.
  if (asTraps) hart.setTrapStops?.([{ kind: 'ecall', text: 'says nothing of the kind' }]);
  return { g, hart };
}

function stateOf({ g, hart }: { g: RealGuest; hart: Cpu }) {
  const registers = names.map((name) => [name, hart.readRegister(name)]);
  const { instructions, exitCounts, virtualMilliseconds } = g.machine;
  const memory = [g.word(ram + 0x10000), g.word(ram + 0x10008)];
  return { registers, instructions, exitCounts, virtualMilliseconds, memory };
}

describe('calls while the hart runs', () => {
  it('leave registers, counters, time and memory as traps do, step by step', () => {
    const [fast, slow] = [started(false), started(true)];
    let steps = 0;
    for (; steps < 5000; steps++) {
      const [a, b] = [fast.g.machine.run(1), slow.g.machine.run(1)];
      assert.deepEqual(a, b);
      assert.deepEqual(stateOf(fast), stateOf(slow), `step ${steps}`);
      if (a.kind === 'ended') break;
    }
    assert.ok(steps > 200 && steps < 5000, `${steps}`);
    assert.ok(fast.hart.readRegister('mhpmcounter4')! > 30n, 'calls are counted');
  });

  for (const budget of [7, 50, 100_000]) {
    it(`in runs of ${budget}`, () => {
      const [fast, slow] = [started(false), started(true)];
      let a = fast.g.machine.run(budget);
      let b = slow.g.machine.run(budget);
      for (let i = 0; i < 5000 && a.kind === 'budget'; i++) {
        assert.deepEqual(stateOf(fast), stateOf(slow), `run ${i}`);
        a = fast.g.machine.run(budget);
        b = slow.g.machine.run(budget);
      }
      assert.equal(a.kind, 'ended');
      assert.deepEqual(a, b);
      assert.deepEqual(stateOf(fast), stateOf(slow));
    });
  }

  it('stop at a breakpoint behind a call, and step over the call as one instruction', () => {
    const { g, hart } = started(false);
    const calls: bigint[] = [];
    while (calls.length < 3) {
      const pc = hart.pc;
      g.machine.run(1);
      if (g.machine.exitCounts['sbi'] === calls.length + 1) {
        assert.equal(hart.pc, pc + 4n);
        calls.push(pc);
      }
    }
    const again = started(false);
    again.hart.setBreakpoints(calls.map((pc) => pc + 4n));
    for (const pc of calls) {
      assert.equal(again.g.machine.run(10_000).kind, 'breakpoint');
      assert.equal(again.hart.pc, pc + 4n);
      again.hart.skipBreakpointOnce();
    }
  });

  it('stop once for each call that is wanted as a trap and as an exit', () => {
    const { g, hart } = started(false);
    g.machine.exitStops = [{ kind: 'ecall' }, { kind: 'sbi' }];
    hart.setTrapStops?.(g.machine.exitStops);
    let events = 0;
    for (let i = 0; i < 100 && events < 4; i++) {
      if (g.machine.run(3).kind === 'event') events++;
      assert.equal(events, g.machine.exitCounts['sbi'] ?? 0);
    }
    assert.equal(events, 4);
  });
});
