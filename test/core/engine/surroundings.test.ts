/** Interrupts, attention and timers reach the hart at the right instruction; TLBs follow the regime. */
import assert from 'node:assert/strict';
import { describeEngines, deviceBase, ramBase, rig } from '../isa/riscv/rig.ts';
import { PageTables } from './pageTables.ts';
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

  for (const register of ['satp', 'vsatp', 'hgatp'] as const) {
    it(`${register} may change without a fence when the roots differ`, () => {
      const r = rig();
      // Address 0 is one page or the other: each counts in a register of its own, and by a load.
      const roots = [0, 1].map((which) => {
        const tables = new PageTables(r, which, register === 'hgatp' ? 'guestPhysical' : 'host');
        const code = ramBase + 0x4000 + which * 0x1000;
        const data = ramBase + 0x8000 + which * 0x1000;
        tables.map(0, code);
        tables.map(0x1000, data);
        r.memory.write32(code, encode('addi', { rd: 10 + which, rs1: 10 + which, imm: 1 }));
        r.memory.write32(code + 4, encode('ld', { rd: 12, rs1: 13, imm: 0 }));
        r.memory.write32(code + 8, encode('add', { rd: 14, rs1: 14, rs2: 12 }));
        r.memory.write32(code + 12, encode('jal', { rd: 0, imm: -12 }));
        r.memory.write64(data, which === 0 ? 1n : 1000n);
        return tables.register(3);
      });
      r.setCsr('pmpaddr0', (1n << 54n) - 1n);
      r.setCsr('pmpcfg0', 0x1fn);
      r.hart.privilege = 1;
      r.hart.virtualized = register !== 'satp';
      r.hart.pc = 0n;
      r.hart.writeRegister('a3', 0x1000n);
      const rounds = 20;
      for (let round = 0; round < rounds; round++) {
        r.setCsr(register, roots[round & 1]!);
        assert.equal(r.hart.run(40).retired, 40);
      }
      assert.equal(r.x('a0'), 100n);
      assert.equal(r.x('a1'), 100n);
      assert.equal(r.x('a4'), 100n * 1001n);
    });
  }

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
