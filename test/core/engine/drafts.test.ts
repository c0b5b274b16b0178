/** Drafts: what they keep inside, when they are made and give way. What they compute is compared elsewhere. */
import assert from 'node:assert/strict';
import type { DraftOptions } from '../../../src/core/engine/draft/draftTier.ts';
import { rig, type Rig } from '../isa/riscv/rig.ts';

/** Drafts soon, but when all was executed that belongs to them; they stay drafts. */
const drafts: DraftOptions = { period: 16, ahead: 1 << 30, batch: 1 };

function drafted(source: string, options: DraftOptions = drafts): Rig {
  return rig(source, { translate: { drafts: options } });
}

/** Runs the source, and tells how often a region was entered from the interpreter. */
function entriesOf(source: string, instructions = 1_000_000): number {
  const r = drafted(source);
  r.hart.run(instructions);
  assert.equal(r.hart.instructions, instructions);
  assert.ok(r.translator!.counters.drafts > 0);
  assert.equal(r.translator!.counters.regions, 0);
  return r.translator!.traffic(1).entries;
}

describe('core/engine/drafts', () => {
  it('keep loops inside, with what is skipped in them', () => {
    const source = `
_start: li s0, 0
1: addi s0, s0, 1
  li s1, 9
2: addi s1, s1, -1
  andi t0, s1, 1
  beqz t0, 3f
  add s2, s2, s0
  j 4f
3: xor s2, s2, s1
4: bnez s1, 2b
  j 1b`;
    const entries = entriesOf(source);
    assert.ok(entries < 100, `${entries} entries`);
  });

  it('are entered anew for a loop that begins in its middle, once for each time round', () => {
    const source = `
_start: j 2f
1: addi s0, s0, 1
2: addi s1, s1, 1
  andi t0, s1, 1023
  bnez t0, 1b
  j _start`;
    const r = drafted(source);
    r.hart.run(100_000);
    // By the second draft, which begins at 1, as by one of all would be: s0 says who was where.
    const rounds = Number(r.x('s1'));
    assert.ok(Math.abs(Number(r.x('s0')) - (rounds * 1023) / 1024) < 2);
    assert.ok(r.translator!.traffic(1).entries < rounds / 100);
  });

  it('call one another, and come back', () => {
    const source = `
_start: la sp, _start + 0x4000
1: call f
  addi s0, s0, 1
  la t1, g
  jalr t1
  j 1b
f: addi sp, sp, -16
  sd ra, 0(sp)
  call g
  call g
  ld ra, 0(sp)
  addi sp, sp, 16
  ret
g: addi s1, s1, 1
  ret`;
    const entries = entriesOf(source);
    assert.ok(entries < 200, `${entries} entries`);
  });

  it('have a double where it becomes the bits of a general register', () => {
    const source = `
_start: li t0, 0x2000
  csrs mstatus, t0
  la sp, _start + 0x2000
1: addi s0, s0, 1
  fcvt.d.l fa0, s0
  mv a0, s0
  fmv.x.d a0, fa0
  add s1, s1, a0
  fmv.x.d zero, fa0
  addi a1, s0, 5
  fmv.d.x fa1, a1
  fsd fa1, 0(sp)
  ld a2, 0(sp)
  add s2, s2, a2
  j 1b`;
    const r = rig(source, { isa: 'rv64gc', translate: { drafts } });
    r.hart.run(12 * 100 + 4);
    assert.ok(r.translator!.counters.drafts > 0);
    const view = new DataView(new ArrayBuffer(8));
    let sum = 0n;
    for (let i = 1; i <= 100; i++) {
      view.setFloat64(0, i);
      sum = BigInt.asUintN(64, sum + view.getBigUint64(0));
    }
    assert.equal(r.x('s1'), sum);
    assert.equal(r.x('s2'), BigInt((100 * 101) / 2 + 500));
  });

  it('end with their page, and go on in that of the next', () => {
    const source = `
_start: li s0, 0
1: addi s0, s0, 1
  .fill 1030, 4, 0x00148493
  j 1b`;
    const r = drafted(source);
    r.hart.run(1_000_000);
    const rounds = Number(r.x('s0'));
    const { entries } = r.translator!.traffic(1);
    // Each of at most 300 instructions.
    assert.ok(entries > 3 * rounds && entries < 8 * rounds, `${entries} in ${rounds}`);
  });

  it('are translated in earnest when they went round often enough', () => {
    const source = '_start: addi a0, a0, 1\n xor a1, a1, a0\n j _start';
    const r = rig(source, {
      translate: { drafts: { period: 1, ahead: 1000, batch: 1 }, batch: 1 },
    });
    r.hart.run(2000);
    assert.deepEqual([r.translator!.counters.drafts, r.translator!.counters.regions], [1, 0]);
    r.hart.run(3000);
    assert.deepEqual([r.translator!.counters.drafts, r.translator!.counters.regions], [1, 1]);
    r.hart.run(100_000);
    assert.equal(r.x('a0'), 35_000n);
    assert.ok(r.translator!.traffic(1).entries < 10);
  });

  it('give way to a better region in their middle', () => {
    const source = `
_start: call f
  j _start
f: li t0, 200
1: addi t0, t0, -1
  add s0, s0, t0
  bnez t0, 1b
  addi s1, s1, 1
  ret`;
    const r = rig(source, { translate: { drafts: { period: 1, ahead: 100, batch: 1 }, batch: 1 } });
    r.hart.run(200_000);
    const { entries } = r.translator!.traffic(1);
    r.hart.run(200_000);
    const { drafts: made, regions } = r.translator!.counters;
    assert.ok(regions > 0 && made < 20, `${made} drafts, ${regions} regions`);
    // The calls that the second half makes enter the loop's region, or one of all.
    assert.ok(r.translator!.traffic(1).entries - entries < 3 * 400);
  });

  it('are not made of what cannot be, which is translated when it is hot', () => {
    const source = `
_start: j 1f
1: csrr a1, instret
  addi a0, a0, 1
  j 1b`;
    const r = rig(source, { translate: { period: 64, batch: 1, drafts } });
    r.hart.run(10_000);
    const { drafts: made, regions } = r.translator!.counters;
    assert.deepEqual([made, regions], [0, 1]);
  });

  it('are compiled by whom the options name', () => {
    let modules = 0;
    const compile = (bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module => {
      modules++;
      return new WebAssembly.Module(bytes);
    };
    const r = drafted('_start: addi a0, a0, 1\n j _start', { ...drafts, compile });
    r.hart.run(1000);
    assert.equal(r.translator!.counters.modules, modules);
    assert.equal(modules, 1);
  });
});
