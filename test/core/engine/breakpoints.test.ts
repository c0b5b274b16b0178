import assert from 'node:assert/strict';
import { assemble } from '../../differential/assemble.ts';
import { describeEngines, ramBase, rig, romBase } from '../isa/riscv/rig.ts';

const loop = `
_start: addi a0, a0, 1
  addi a1, a1, 1
  addi a2, a2, 1
  j _start`;
const at = (offset: number): bigint => BigInt(ramBase + offset);

describeEngines('core/engine/breakpoints', () => {
  it('stops before the instruction, with exact counts', () => {
    const r = rig(`.option norvc\n${loop}`);
    r.hart.setBreakpoints([at(4)]);
    assert.deepEqual(r.hart.run(100), { stop: 'breakpoint', retired: 1, steps: 1 });
    assert.equal(r.hart.pc, at(4));
    assert.equal(r.x('a1'), 0n);
  });

  it('stops again where it stands, unless told to skip it once', () => {
    const r = rig(`.option norvc\n${loop}`);
    r.hart.setBreakpoints([at(4)]);
    r.hart.run(100);
    assert.deepEqual(r.hart.run(100), { stop: 'breakpoint', retired: 0, steps: 0 });
    for (let round = 1; round <= 5; round++) {
      r.hart.skipBreakpointOnce();
      assert.deepEqual(r.hart.run(100), { stop: 'breakpoint', retired: 4, steps: 4 });
      assert.equal(r.x('a1'), BigInt(round));
    }
  });

  it('a skip is for the place where it was asked for', () => {
    const r = rig(`.option norvc\n${loop}`);
    r.hart.setBreakpoints([at(4), at(12)]);
    r.hart.run(100);
    r.hart.skipBreakpointOnce();
    assert.equal(r.hart.run(100).stop, 'breakpoint');
    assert.equal(r.hart.pc, at(12));
  });

  it('a skip of nothing does not concern a breakpoint that comes later', () => {
    const r = rig(`.option norvc\n${loop}`);
    r.hart.skipBreakpointOnce();
    r.hart.run(2);
    r.hart.setBreakpoints([at(0)]);
    assert.deepEqual(r.hart.run(100), { stop: 'breakpoint', retired: 2, steps: 2 });
  });

  it('an instruction that jumps to itself stops each time', () => {
    const r = rig('_start: j _start');
    r.hart.setBreakpoints([at(0)]);
    assert.equal(r.hart.run(10).stop, 'breakpoint');
    r.hart.skipBreakpointOnce();
    assert.deepEqual(r.hart.run(10), { stop: 'breakpoint', retired: 1, steps: 1 });
  });

  it('on a compressed instruction, and on one in two pages', () => {
    const r = rig(
      '_start: c.nop\n c.addi a0, 1\n j 1f\n .space 4096 - 2 - 8\n1: .option norvc\n addi a0, a0, 1\n2: j 2b',
    );
    r.hart.setBreakpoints([at(2)]);
    assert.deepEqual(r.hart.run(10), { stop: 'breakpoint', retired: 1, steps: 1 });
    const straddling = BigInt(ramBase + 4096) - 2n;
    const s = rig('_start: nop');
    s.memory.load(
      ramBase + 4094,
      assemble('_start: .option norvc\n addi a0, a0, 1\n1: j 1b', ramBase),
    );
    s.hart.pc = straddling;
    s.hart.setBreakpoints([straddling]);
    assert.deepEqual(s.hart.run(10), { stop: 'breakpoint', retired: 0, steps: 0 });
    s.hart.skipBreakpointOnce();
    assert.deepEqual(s.hart.run(1), { stop: 'budget', retired: 1, steps: 1 });
    assert.equal(s.x('a0'), 1n);
  });

  it('in code that has run before, and no more after it was taken away', () => {
    const r = rig(loop);
    r.hart.run(1000);
    r.hart.setBreakpoints([at(2)]);
    const { stop, retired } = r.hart.run(1000);
    assert.equal(stop, 'breakpoint');
    assert.ok(retired < 4);
    r.hart.setBreakpoints([]);
    assert.deepEqual(r.hart.run(1000), { stop: 'budget', retired: 1000, steps: 1000 });
  });

  it('in ROM', () => {
    const r = rig('_start: j _start');
    r.memory.load(romBase, assemble('_start: nop\n nop\n1: j 1b', romBase));
    r.hart.pc = BigInt(romBase);
    r.hart.setBreakpoints([BigInt(romBase) + 2n]);
    assert.deepEqual(r.hart.run(10), { stop: 'breakpoint', retired: 1, steps: 1 });
  });

  it('is a virtual address: before paging and after', () => {
    // A gigapage maps 0 onto RAM, and one RAM onto itself.
    const r = rig(`
_start: la t0, table
  li t1, (0x80000000 >> 12 << 10) | 0xcf
  sd t1, 0(t0)
  sd t1, 16(t0)
  srli t0, t0, 12
  li t1, 8
  slli t1, t1, 60
  or t0, t0, t1
  csrw satp, t0
  li t1, 0x800
  csrw mstatus, t1
  la t1, code
  li t2, 0x7fffffff
  and t1, t1, t2
  csrw mepc, t1
  csrw pmpaddr0, t2
  li t2, 0x1f
  csrw pmpcfg0, t2
  mret
  .balign 256
code: nop
  nop
1: j 1b
  .balign 4096
table:`);
    r.hart.setBreakpoints([0x102n, at(0x102)]);
    assert.equal(r.hart.run(100).stop, 'breakpoint');
    assert.equal(r.hart.pc, 0x102n);
    assert.equal(r.hart.modeName, 'HS-mode');
  });

  it('belongs to the hart that it was given to', () => {
    const r = rig(loop, { harts: 2 });
    const [first, second] = r.harts;
    second!.setBreakpoints([at(2)]);
    assert.equal(first!.run(100).stop, 'budget');
    assert.equal(second!.run(100).stop, 'breakpoint');
    assert.equal(second!.pc, at(2));
    assert.equal(first!.run(100).stop, 'budget');
  });
});
