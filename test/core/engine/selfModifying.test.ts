/** Stores to code are seen by the next fetch, wherever code and store are. */
import assert from 'node:assert/strict';
import { describeEngines, rig, ramBase } from '../isa/riscv/rig.ts';
import { encode } from '../../differential/encode.ts';

const word = (imm: number): number => encode('addi', { rd: 10, rs1: 10, imm });

/** Runs `_start`, which calls `target` twice and writes a1 over it at t0 between; a0 is the sum. */
function patched(target: string, store: string, patch: bigint): bigint {
  const r = rig(`
_start:
  la t1, target
  la t0, patch
  jalr t1
  jalr t1
  ${store}
  jalr t1
1: j 1b
${target}
`);
  r.hart.setX(11, patch);
  r.hart.run(60);
  return r.x('a0');
}

const near = '.balign 4\ntarget:\npatch: addi a0, a0, 1\n ret';
const nextPage = `.balign 4096\n${near}`;
/** The instruction at `target` has its halves in two pages. */
const straddling = '.balign 4096\n.space 4094\ntarget: .option norvc\n addi a0, a0, 1\n ret\n';
const added = BigInt(word(100));

describeEngines('core/engine/selfModifying', () => {
  it('a store to the page that executes', () => {
    assert.equal(patched(near, 'sw a1, 0(t0)', added), 102n);
  });
  it('a store to another page', () => {
    assert.equal(patched(nextPage, 'sw a1, 0(t0)', added), 102n);
  });
  it('byte by byte, and with an AMO', () => {
    assert.equal(
      patched(
        near,
        'sb a1, 0(t0)\n srli a1, a1, 8\n sb a1, 1(t0)\n srli a1, a1, 8\n sb a1, 2(t0)\n srli a1, a1, 8\n sb a1, 3(t0)',
        added,
      ),
      102n,
    );
    assert.equal(patched(near, 'amoswap.w x0, a1, (t0)', added), 102n);
    assert.equal(patched(nextPage, '1: lr.w t2, (t0)\n sc.w t2, a1, (t0)', added), 102n);
  });
  it('the second half of an instruction in two pages', () => {
    // The upper half of ADDI holds the immediate.
    const source = straddling.replace('ret', 'ret\n.set patch, target + 2');
    assert.equal(patched(source, 'sh a1, 0(t0)', added >> 16n), 102n);
  });
  it('the first half of an instruction in two pages', () => {
    const source = straddling.replace('ret', 'ret\n.set patch, target');
    const other = BigInt(encode('andi', { rd: 10, rs1: 10, imm: 1 }) & 0xffff);
    assert.equal(patched(source, 'sh a1, 0(t0)', other), 0n);
  });
  it('a store that straddles two pages of code', () => {
    const source = straddling.replace('ret', 'ret\n.set patch, target');
    assert.equal(patched(source, 'sw a1, 0(t0)', added), 102n);
  });
  it('the instruction behind the store, in a straight line', () => {
    const r = rig(`
_start: la t0, 1f
  li a1, ${word(5)}
  sw a1, 0(t0)
  .option norvc
1: addi a0, a0, 1
2: j 2b`);
    r.hart.run(20);
    assert.equal(r.x('a0'), 5n);
  });
  it('an instruction of two bytes becomes one of four', () => {
    const r = rig(`
_start: li s0, 2
1: addi s0, s0, -1
  la t0, target
target: c.nop
  c.nop
  li a1, ${word(7)}
  sw a1, 0(t0)
  bnez s0, 1b
2: j 2b`);
    r.hart.run(40);
    assert.equal(r.x('a0'), 7n);
  });
  it('what another hart stores', () => {
    const r = rig(
      `
_start: csrr t0, mhartid
  la t1, target
  li a1, ${word(9)}
  bnez t0, other
1: jal target
  j 1b
other: sw a1, 0(t1)
2: j 2b
  .balign 4096
target: .option norvc
  addi a0, a0, 1
  ret`,
      { harts: 2 },
    );
    const [first, second] = r.harts;
    first!.run(100);
    second!.run(100);
    const before = first!.getX(10);
    while (first!.pc !== BigInt(ramBase + 4096)) first!.run(1);
    first!.run(1);
    assert.ok(first!.getX(10) - before >= 9n);
  });
  it('the debugger and loaders', () => {
    const r = rig('_start: .option norvc\n addi a0, a0, 1\n j _start');
    r.hart.run(10);
    r.memory.write32(ramBase, word(64));
    const before = r.x('a0');
    r.hart.run(2);
    assert.equal(r.x('a0') - before, 64n);
  });
});
