/** Instruction counts and state do not depend on how a run is cut into slices. */
import assert from 'node:assert/strict';
import { harness } from '../../differential/harness.ts';
import { runOnOurs } from '../../differential/harness.ts';
import { instructionProgram } from '../../differential/instructions.ts';
import { Random } from '../../differential/random.ts';
import { integerNames } from '../../../src/core/isa/riscv/registers.ts';
import { describeEngines, rig, type Rig } from '../isa/riscv/rig.ts';

/** Calls, loops, memory, traps, CSRs and divisions; ends in a loop of its own. */
const program = `
_start:
  la t0, handler
  csrw mtvec, t0
  la sp, stack
  li s0, 0
  li s1, 0
1: mv a0, s0
  call mix
  add s1, s1, a0
  csrr t1, mscratch
  add t1, t1, a0
  csrw mscratch, t1
  ecall
  addi s0, s0, 1
  li t2, 400
  bltu s0, t2, 1b
2: addi s2, s2, 1
  j 2b
mix:
  addi sp, sp, -16
  sd a0, 0(sp)
  lw a1, 0(sp)
  mul a0, a0, a0
  li a2, 7
  remu a3, a0, a2
  amoadd.d a3, a0, (sp)
  add a0, a0, a3
  xor a0, a0, a1
  addi sp, sp, 16
  ret
handler:
  csrr t3, mepc
  addi t3, t3, 4
  csrw mepc, t3
  mret
  .balign 4096
  .space 4096
stack:
`;

/** Calls from U-mode to S-mode, from there to M-mode, and an instruction that U-mode does not have. */
const modes = `
_start:
  la t0, machine
  csrw mtvec, t0
  la t0, supervisor
  csrw stvec, t0
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, 0x100
  csrw medeleg, t0
  la t0, user
  csrw mepc, t0
  li t0, 0x1800
  csrc mstatus, t0
  mret
user:
1: addi s0, s0, 1
  ecall
  andi t0, s0, 3
  bnez t0, 1b
  csrr t1, mscratch
  addi s4, s4, 1
  j 1b
  .balign 4
supervisor:
  addi s1, s1, 1
  andi t0, s1, 1
  bnez t0, 2f
  ecall
  addi s5, s5, 1
2: csrr t0, sepc
  addi t0, t0, 4
  csrw sepc, t0
  sret
  .balign 4
machine:
  addi s2, s2, 1
  csrr t0, mcause
  add s3, s3, t0
  csrr t0, mepc
  addi t0, t0, 4
  csrw mepc, t0
  mret
`;

function state({ hart, csr, clock }: Rig): unknown {
  return {
    registers: integerNames.map((name) => hart.readRegister(name)),
    pc: hart.pc,
    instructions: hart.instructions,
    clock: clock.instructions,
    counters: ['minstret', 'mcycle', 'mscratch', 'mepc', 'mcause', 'mstatus'].map(csr),
  };
}

/** Runs until so many instructions have retired. */
function runTo(r: Rig, instructions: number, slice: () => number): void {
  while (r.hart.instructions < instructions) {
    const left = instructions - r.hart.instructions;
    const { stop, retired, steps } = r.hart.run(Math.min(left, slice()));
    assert.equal(stop, 'budget');
    assert.ok(retired <= steps);
  }
}

describeEngines('core/engine/exactness', () => {
  it('the same state after the same number of instructions, whatever the slices', () => {
    const total = 12_345;
    const whole = rig(program);
    runTo(whole, total, () => total);
    assert.equal(whole.hart.instructions, total);
    for (const seed of [1, 2, 3]) {
      const random = new Random(seed);
      const cut = rig(program);
      runTo(cut, total, () => 1 + random.below(seed === 1 ? 3 : 300));
      assert.deepEqual(state(cut), state(whole), `seed ${seed}`);
    }
    const single = rig(program);
    runTo(single, total, () => 1);
    assert.deepEqual(state(single), state(whole));
  });

  it('traps are steps that retire nothing, however far a run goes behind them', () => {
    const total = 12_000;
    const run = (slice: () => number): Rig => {
      const r = rig(modes);
      let [retired, steps] = [0, 0];
      while (steps < total) {
        const done = r.hart.run(Math.min(total - steps, slice()));
        assert.equal(done.stop, 'budget');
        retired += done.retired;
        steps += done.steps;
      }
      assert.equal(steps, total);
      assert.equal(r.hart.instructions, retired);
      // In the handlers, or on the way to where they count.
      const counted = Number(r.x('s1') + r.x('s2'));
      assert.ok([0, 1, 2].includes(steps - retired - counted), `${steps - retired}: ${counted}`);
      return r;
    };
    const whole = run(() => total);
    // Of S-mode's calls (9) and illegal instructions (2) that M-mode met; some may be in progress.
    const met = 9n * whole.x('s5') + 2n * whole.x('s4');
    assert.ok([0n, 2n, 9n, 11n].includes(whole.x('s3') - met), `${whole.x('s3')}: ${met}`);
    assert.ok(whole.x('s4') > 50n);
    const random = new Random(6);
    for (const slice of [() => 1, () => 1 + random.below(3), () => 1 + random.below(400)]) {
      assert.deepEqual(state(run(slice)), state(whole));
    }
  });

  it('ways of different length through hot code count what is on them', () => {
    const rounds = 80_000;
    const r = rig(`
_start: li s1, ${rounds}
  la s2, boundary - 4
  csrr s3, minstret
1: andi t0, s0, 7
  beqz t0, 2f
  addi a0, a0, 1
  andi t1, s0, 1
  beqz t1, 3f
  addi a1, a1, 1
  addi a1, a1, 1
  addi a1, a1, 1
  j 4f
2: ld t2, 0(s2)
  addi a2, a2, 1
  j 4f
3: addi a3, a3, 1
4: addi s0, s0, 1
  bltu s0, s1, 1b
  csrr s4, minstret
5: j 5b
  .balign 4096
boundary: .space 4096`);
    const random = new Random(4);
    while (r.x('s4') === 0n) r.hart.run(1 + random.below(2000));
    // Of eight rounds one takes the load, which no region does, four are odd and three even.
    const expected = (rounds / 8) * (7 + 4 * 11 + 3 * 8);
    assert.equal(r.x('s4') - r.x('s3'), 1n + BigInt(expected));
    const ways = ['a0', 'a1', 'a2', 'a3'].map((name) => Number(r.x(name)) / (rounds / 8));
    assert.deepEqual(ways, [7, 12, 1, 3]);
  });

  it('a budget of n retires n instructions and no more', () => {
    const r = rig('_start: addi a0, a0, 1\n j _start');
    let expected = 0;
    for (const budget of [1, 2, 3, 7, 100, 4097, 65_536, 1]) {
      assert.deepEqual(r.hart.run(budget), { stop: 'budget', retired: budget, steps: budget });
      expected += budget;
      assert.equal(r.hart.instructions, expected);
      assert.equal(r.x('a0'), BigInt(Math.ceil(expected / 2)));
    }
  });

  it('a budget of 0 runs nothing', () => {
    const r = rig('_start: addi a0, a0, 1\n j _start');
    assert.equal(r.hart.run(0).retired, 0);
    assert.equal(r.x('a0'), 0n);
  });

  it('minstret counts what retired: an instruction that traps does not', () => {
    const r = rig(`
_start: la t0, handler
  csrw mtvec, t0
  csrr a0, minstret
  nop
  nop
  ecall
  .balign 4
handler: csrr a1, minstret
1: j 1b`);
    r.hart.run(30);
    // Two instructions after the first reading itself.
    assert.equal(r.x('a1') - r.x('a0'), 3n);
  });

  it('a counter that was written reads so at the next instruction', () => {
    const r = rig(`
_start: li t0, 1000
  csrw minstret, t0
  csrr a0, minstret
  nop
  csrr a1, minstret
  csrw mcycle, t0
  csrr a2, mcycle
1: j 1b`);
    r.hart.run(20);
    assert.equal(r.x('a0'), 1000n);
    assert.equal(r.x('a1'), 1002n);
    assert.equal(r.x('a2'), 1000n);
  });

  it('a counter stands still while inhibited, and writes of mcountinhibit lose nothing', () => {
    const r = rig(`
_start: csrr a0, minstret
  csrwi mcountinhibit, 1
  csrwi mcountinhibit, 1
  csrr a1, minstret
  csrwi mcountinhibit, 4
  csrr a2, minstret
  nop
  nop
  csrr a3, minstret
1: j 1b`);
    r.hart.run(20);
    assert.equal(r.x('a1') - r.x('a0'), 3n);
    assert.equal(r.x('a2'), r.x('a3'));
  });

  it('a guest that only traps uses up its budget', () => {
    const r = rig('_start: li t0, 0x10\n csrw mtvec, t0\n ecall');
    const { stop, steps, retired } = r.hart.run(1000);
    assert.deepEqual({ stop, steps }, { stop: 'budget', steps: 1000 });
    assert.ok(retired < 5);
    assert.equal(r.csr('mcause'), 1n);
    assert.equal(r.csr('mepc'), 0x10n);
  });

  it('a random program ends the same in slices of random length', function () {
    this.timeout(60_000);
    const image = instructionProgram(new Random(77), 1500).image(harness());
    const whole = runOnOurs(image);
    const random = new Random(78);
    const cut = runOnOurs(image, () => 1 + random.below(40));
    assert.deepEqual(cut.log, whole.log);
    assert.ok(Buffer.compare(cut.memory, whole.memory) === 0);
  });
});
