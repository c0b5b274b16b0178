import assert from 'node:assert/strict';
import { machineOnTestEngine } from '../../engine.ts';
import type { Machine } from '../../../src/core/machine/machine.ts';
import { assemble } from '../../differential/assemble.ts';

const base = 0x8000_0000;

function machine(source: string, harts = 1): Machine {
  const program = assemble(source, base);
  return machineOnTestEngine(
    {
      board: 'virt',
      mode: 'machine',
      isa: '',
      program: 'a.bin',
      harts,
      memory: 16 << 20,
      loadFiles: [],
      calls: [],
      engine: 'auto',
      time: 'virtual',
    },
    new Map([['a.bin', program]]),
  );
}

/** Runs so many instructions in slices of `slice`. */
function run(m: Machine, instructions: number, slice: number): void {
  while (m.instructions < instructions) {
    const { kind } = m.run(Math.min(slice, instructions - m.instructions));
    assert.equal(kind, 'budget');
  }
}

/** Sets MTIMECMP a hundred ticks ahead after a while, and counts in a0 until the interrupt. */
const timer = `
_start: la t0, handler
  csrw mtvec, t0
  li t0, 0x80
  csrw mie, t0
  csrsi mstatus, 8
  li t1, 3000
1: addi t1, t1, -1
  bnez t1, 1b
  li t0, 0x0200bff8
  ld t2, 0(t0)
  addi t2, t2, 100
  li t0, 0x02004000
  sd t2, 0(t0)
1: addi a0, a0, 1
  j 1b
  .balign 4
handler: csrr a1, minstret
1: addi a2, a2, 1
  j 1b`;

describe('core/machine/bareMachine', () => {
  it('a device timer set within a slice interrupts when it is due, whatever the slices', () => {
    const seen = [1_000_000, 20_000, 777, 1].map((slice) => {
      const m = machine(timer);
      run(m, 30_000, slice);
      const hart = m.harts[0]!;
      return ['a0', 'a1', 'a2', 'mepc'].map((name) => hart.readRegister(name));
    });
    // A hundred ticks are a thousand instructions, the loop has two.
    const rounds = Number(seen[0]![0]);
    assert.ok(rounds > 480 && rounds <= 500, `${rounds} rounds`);
    for (const other of seen.slice(1)) assert.deepEqual(other, seen[0]);
  });

  it('harts share a lock of LR and SC, in turns cut anywhere', () => {
    // Each hart adds 1 to a counter a thousand times, under a spin lock, with a load and a store.
    const source = `
_start: la s0, lock
  la s1, counter
  li s2, 1000
1: li t0, 1
2: lr.w t1, (s0)
  bnez t1, 2b
  sc.w t1, t0, (s0)
  bnez t1, 2b
  ld t2, 0(s1)
  addi t2, t2, 1
  sd t2, 0(s1)
  amoswap.w x0, x0, (s0)
  addi s2, s2, -1
  bnez s2, 1b
  la s3, done
  li t0, 1
  amoadd.w x0, t0, (s3)
3: lw t0, 0(s3)
  li t1, 4
  bne t0, t1, 3b
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
4: j 4b
  .balign 64
lock: .dword 0
counter: .dword 0
done: .dword 0
`;
    for (const slice of [1_000_000, 1013, 1]) {
      const m = machine(source, 4);
      let stop = m.run(slice);
      while (stop.kind === 'budget' && m.instructions < 3_000_000) stop = m.run(slice);
      assert.equal(stop.kind, 'ended', `slices of ${slice}`);
      const s1 = Number(m.harts[0]!.readRegister('s1'));
      assert.equal(m.memory.read64(s1), 4000n);
    }
  });

  it('a reservation does not outlive the turn of another hart', () => {
    // Hart 0 reserves and waits for hart 1, which stores what was there; the SC must fail.
    const source = `
_start: csrr t0, mhartid
  la s0, word
  la s1, flag
  bnez t0, other
  lr.d t1, (s0)
1: ld t2, 0(s1)
  beqz t2, 1b
  sc.d a0, t1, (s0)
2: j 2b
other: ld t1, 0(s0)
  sd t1, 0(s0)
  li t2, 1
  sd t2, 0(s1)
3: j 3b
  .balign 64
word: .dword 5
flag: .dword 0
`;
    const m = machine(source, 2);
    run(m, 200_000, 1_000_000);
    assert.equal(m.harts[0]!.readRegister('a0'), 1n);
  });

  it('a reservation does not outlive a step of another hart alone', () => {
    const source = `
_start: csrr t0, mhartid
  la s0, word
  bnez t0, other
  lr.w t1, (s0)
  li a1, 1
  sc.w a0, t1, (s0)
  li a1, 2
1: j 1b
other: li t1, 5
  sw t1, 0(s0)
  li a1, 1
2: j 2b
  .balign 64
word: .word 0
`;
    const m = machine(source, 2);
    const until = (hart: number, a1: bigint) => {
      while (m.harts[hart]!.readRegister('a1') !== a1) m.run(1, hart);
    };
    until(0, 1n);
    until(1, 1n);
    until(0, 2n);
    assert.equal(m.harts[0]!.readRegister('a0'), 1n, 'the SC fails');
    assert.equal(m.memory.read32(Number(m.harts[0]!.readRegister('s0'))), 5);
  });

  it('a hart that only traps does not keep the others from running', () => {
    const m = machine(
      `
_start: csrr t0, mhartid
  bnez t0, other
  li t0, 0x10
  csrw mtvec, t0
  ecall
other: addi a0, a0, 1
  j other`,
      2,
    );
    assert.equal(m.run(100_000).kind, 'budget');
    assert.ok(m.harts[1]!.readRegister('a0')! > 10_000n);
  });

  it('skips to a timer when every hart waits', () => {
    const m = machine(`
_start: li t0, 0x80
  csrw mie, t0
  li t0, 0x0200bff8
  ld t1, 0(t0)
  li t2, 1000000
  add t1, t1, t2
  li t2, 0x02004000
  sd t1, 0(t2)
  wfi
  ld a0, 0(t0)
1: j 1b`);
    m.run(1000);
    assert.ok(m.harts[0]!.readRegister('a0')! >= 1_000_000n);
    assert.ok(m.instructions <= 1000);
  });

  it('says idle when nothing can wake a hart', () => {
    const m = machine('_start: wfi\n j _start');
    assert.equal(m.run(1000).kind, 'idle');
    assert.equal(m.hartState(0), 'waiting');
  });
});
