/** Interrupts, attention and timers reach the hart at the right instruction; TLBs follow the regime. */
import assert from 'node:assert/strict';
import { describeEngines, deviceBase, ramBase, rig } from '../isa/riscv/rig.ts';
import { encode } from '../../differential/encode.ts';

const interruptBit = 1n << 63n;
const setup = `
_start: la t0, handler
  csrw mtvec, t0
  li t0, ${deviceBase}
  li t1, 0x8a0
  csrw mie, t1
  csrsi mstatus, 8
`;
const counting = `
1: addi a0, a0, 1
  j 1b
  .balign 4
handler: csrr a1, mepc
2: j 2b`;

describeEngines('core/engine/surroundings', () => {
  it('an interrupt that a store raises is taken at the next instruction', () => {
    const r = rig(`${setup}
  sw x0, 0(t0)
next: ${counting}`);
    r.onDeviceWrite = () => r.hart.setInterruptInput(11, true);
    r.hart.run(1000);
    assert.equal(r.csr('mcause'), interruptBit | 11n);
    assert.equal(r.x('a0'), 0n);
    const before = Number(r.x('a1')) - 4;
    assert.equal(r.memory.read32(before), encode('sw', { rs1: 5, rs2: 0, imm: 0 }));
  });

  it('and so when the store comes late in a long slice, with exact counts', () => {
    const r = rig(`${setup}
  li t2, 500
3: addi t2, t2, -1
  bnez t2, 3b
  sw x0, 0(t0)
${counting}`);
    let instructions = 0;
    r.onDeviceWrite = () => {
      instructions = r.hart.instructions;
      r.hart.setInterruptInput(7, true);
    };
    r.hart.run(5000);
    assert.equal(r.csr('mcause'), interruptBit | 7n);
    assert.equal(r.x('a0'), 0n);
    assert.ok(instructions > 1000 && instructions < 1020, `${instructions}`);
  });

  it('enabling a pending interrupt takes it before the next instruction', () => {
    const r = rig(`
_start: la t0, handler
  csrw mtvec, t0
  li t1, 2
  csrw mie, t1
  csrw mip, t1
  csrsi mstatus, 8
after:${counting}`);
    r.hart.run(100);
    assert.equal(r.csr('mcause'), interruptBit | 1n);
    assert.equal(r.x('a0'), 0n);
  });

  it('attention ends the run after the instruction that asks', () => {
    const r = rig(`${setup}\n  sw x0, 0(t0)\n${counting}`);
    r.onDeviceWrite = () => r.hart.requestAttention();
    const { stop, retired } = r.hart.run(1000);
    assert.equal(stop, 'budget');
    assert.equal(r.memory.read32(Number(r.hart.pc) - 4), encode('sw', { rs1: 5, rs2: 0, imm: 0 }));
    assert.equal(r.hart.run(100).retired, 100);
    assert.ok(retired < 20);
  });

  it('stimecmp interrupts at exactly the instruction at which time reaches it', () => {
    for (const slice of [1, 3, 10_000]) {
      const r = rig(`
_start: la t0, handler
  csrw mtvec, t0
  li t1, 1
  slli t1, t1, 63
  csrw menvcfg, t1
  li t1, 0x20
  csrw mie, t1
  li t1, 50
  csrw stimecmp, t1
  csrsi mstatus, 8
${counting.replace('mepc', 'minstret')}`);
      while (r.hart.instructions < 2000) r.hart.run(slice);
      assert.equal(r.csr('mcause'), interruptBit | 5n);
      // Ten instructions are a tick: 500 retire, then the handler reads their number.
      assert.equal(r.x('a1'), 500n, `slices of ${slice}`);
    }
  });

  it('a timer moved forward within a slice is minded', () => {
    const r = rig(`
_start: la t0, handler
  csrw mtvec, t0
  li t1, 1
  slli t1, t1, 63
  csrw menvcfg, t1
  li t1, 0x20
  csrw mie, t1
  csrsi mstatus, 8
  li t1, 5000
  csrw stimecmp, t1
  nop
  li t1, 10
  csrw stimecmp, t1
${counting}`);
    r.hart.run(5000);
    const loops = Number(r.x('a0'));
    assert.ok(loops > 30 && loops < 50, `${loops} rounds`);
  });

  it('WFI waits, and says so, until an interrupt is pending', () => {
    const r = rig(`${setup}\n csrci mstatus, 8\n wfi\n${counting}`);
    const first = r.hart.run(1000);
    assert.equal(first.stop, 'waiting');
    assert.deepEqual(r.hart.run(1000), { stop: 'waiting', retired: 0, steps: 0 });
    assert.equal(r.hart.wouldWake, false);
    r.hart.setInterruptInput(11, true);
    assert.equal(r.hart.wouldWake, true);
    // With interrupts off it goes on behind WFI.
    assert.equal(r.hart.run(10).retired, 10);
    assert.equal(r.x('a0'), 5n);
  });

  it('satp may change without a fence when the roots differ', () => {
    const r = rig('_start: j _start', { ramBytes: 4 << 20 });
    // Two roots map gigapage 0 to two halves by way of different second levels.
    const base = ramBase + 0x100000;
    const pages = [base, base + 0x1000, base + 0x2000, base + 0x3000].map(BigInt);
    const pointer = (to: bigint): bigint => ((to >> 12n) << 10n) | 1n;
    const leaf = (to: bigint): bigint => ((to >> 12n) << 10n) | 0xcfn;
    r.memory.write64(Number(pages[0]), pointer(pages[1]!));
    r.memory.write64(Number(pages[2]), pointer(pages[3]!));
    r.memory.write64(Number(pages[1]), leaf(BigInt(ramBase)));
    r.memory.write64(Number(pages[3]), leaf(BigInt(ramBase + 0x200000)));
    const store = encode('addi', { rd: 10, rs1: 10, imm: 1 });
    const jump = encode('jal', { rd: 0, imm: -4 });
    const other = encode('addi', { rd: 11, rs1: 11, imm: 1 });
    r.memory.write32(ramBase, store);
    r.memory.write32(ramBase + 4, jump);
    r.memory.write32(ramBase + 0x200000, other);
    r.memory.write32(ramBase + 0x200004, jump);
    r.setCsr('pmpaddr0', (1n << 54n) - 1n);
    r.setCsr('pmpcfg0', 0x1fn);
    const satp = (root: bigint): bigint => (8n << 60n) | (root >> 12n);
    r.hart.privilege = 1;
    r.hart.pc = 0n;
    for (let round = 0; round < 20; round++) {
      r.setCsr('satp', satp(pages[round & 1 ? 2 : 0]!));
      assert.equal(r.hart.run(10).retired, 10);
    }
    assert.equal(r.x('a0'), 50n);
    assert.equal(r.x('a1'), 50n);
  });

  it('more regimes than there are TLB sets', () => {
    const r = rig('_start: j _start');
    r.setCsr('pmpaddr0', (1n << 54n) - 1n);
    r.setCsr('pmpcfg0', 0x1fn);
    const roots = Array.from({ length: 20 }, (_, i) => ramBase + 0x100000 + i * 0x4000);
    roots.forEach((root, i) => {
      const data = ramBase + 0x300000 + i * 0x1000;
      const pte = (to: number, bits: number): bigint => (BigInt(to / 4096) << 10n) | BigInt(bits);
      r.memory.write64(root, pte(root + 0x1000, 1));
      r.memory.write64(root + 0x1000, pte(root + 0x2000, 1));
      r.memory.write64(root + 0x2000, pte(ramBase, 0xcf));
      r.memory.write64(root + 0x2008, pte(data, 0xc7));
      r.memory.write64(data, BigInt(i * 1000 + 7));
    });
    r.memory.write32(ramBase, encode('ld', { rd: 10, rs1: 11, imm: 0 }));
    r.memory.write32(ramBase + 4, encode('jal', { rd: 0, imm: -4 }));
    r.hart.privilege = 1;
    r.hart.setX(11, 0x1000n);
    for (let round = 0; round < 100; round++) {
      const i = (round * 7) % 20;
      r.hart.pc = 0n;
      r.setCsr('satp', (8n << 60n) | BigInt(roots[i]! / 4096));
      r.hart.run(4);
      assert.equal(r.x('a0'), BigInt(i * 1000 + 7));
    }
  });

  it('a store inline to a page that later becomes code is no longer inline', () => {
    const r = rig(`
_start: la t0, target
  li a1, ${encode('addi', { rd: 10, rs1: 10, imm: 3 })}
  li s0, 3
1: sw a1, 0(t0)
  jal target
  addi s0, s0, -1
  addi a1, a1, 0
  li t2, 0x100000
  add a1, a1, t2
  bnez s0, 1b
2: j 2b
  .balign 4096
target: nop
  nop
  ret`);
    // The immediate of ADDI grows by one each round: 3 + 4 + 5.
    r.hart.run(60);
    assert.equal(r.x('a0'), 12n);
  });
});
