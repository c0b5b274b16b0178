/** The translator against the interpreter on the same programs: state and counts after any slice. */
import assert from 'node:assert/strict';
import { integerNames } from '../../../src/core/isa/riscv/registers.ts';
import { Random } from '../../differential/random.ts';
import { ramBase, rig, type Rig } from '../isa/riscv/rig.ts';
import { draftedTranslation, eagerDrafts, eagerTranslation } from '../../engine.ts';

/** Nested loops, calls, a jump table, recursion, atomics, floating point, a system call at times. */
const program = `
  .option arch, +d
_start:
  la t0, handler
  csrw mtvec, t0
  li t0, 0x6000
  csrs mstatus, t0
  la sp, stack
  li s0, 0
  li s5, 3
  fcvt.d.l fs0, s5
outer:
  li s1, 0
inner:
  mv a0, s1
  call mix
  add s2, s2, a0
  andi a1, s1, 3
  slli a1, a1, 2
  la a2, table
  add a1, a1, a2
  jr a1
table:
  .option push
  .option norvc
  j case0
  j case1
  j case2
  j case3
  .option pop
case0: addi s3, s3, 1
  j joined
case1: fcvt.d.l fa0, s1
  fdiv.d fa0, fa0, fs0
  fmadd.d fs1, fa0, fs0, fs1
  j joined
case2: li a0, 6
  call fib
  add s3, s3, a0
  j joined
case3: sub s3, s3, s2
joined:
  addi s1, s1, 1
  li a0, 37
  bltu s1, a0, inner
  ecall
  addi s0, s0, 1
  j outer
mix:
  addi sp, sp, -16
  sd a0, 0(sp)
  lw a1, 1(sp)
  mul a0, a0, a0
  li a2, 7
  remu a3, a0, a2
  amoadd.d a3, a0, (sp)
1: lr.w a4, (sp)
  addi a4, a4, 1
  sc.w a5, a4, (sp)
  bnez a5, 1b
  add a0, a0, a4
  xor a0, a0, a1
  addi sp, sp, 16
  ret
fib:
  li a1, 2
  bltu a0, a1, 1f
  addi sp, sp, -32
  sd ra, 0(sp)
  sd s0, 8(sp)
  sd s1, 16(sp)
  mv s0, a0
  addi a0, a0, -1
  call fib
  mv s1, a0
  addi a0, s0, -2
  call fib
  add a0, a0, s1
  ld ra, 0(sp)
  ld s0, 8(sp)
  ld s1, 16(sp)
  addi sp, sp, 32
1: ret
  .balign 4
handler:
  csrr t3, mepc
  addi t3, t3, 4
  csrw mepc, t3
  mret
  .balign 4096
  .space 4096
stack:
`;

/** The same for RV32, whose interpreter and regions are made with another width. */
const narrowProgram = program
  .replaceAll('sd ', 'sw ')
  .replaceAll('ld ', 'lw ')
  .replace('amoadd.d', 'amoadd.w')
  .replaceAll('fcvt.d.l', 'fcvt.d.w');

function state({ hart, memory, csr }: Rig): unknown {
  return {
    registers: integerNames.map((name) => hart.readRegister(name)),
    floats: Array.from({ length: 32 }, (_, i) => hart.state.getF(i)),
    pc: hart.pc,
    instructions: hart.instructions,
    csrs: ['mstatus', 'fcsr', 'minstret', 'mepc', 'mcause'].map(csr),
    memory: Buffer.from(memory.view8(ramBase, 0x4000)!).toString('base64'),
  };
}

/** As on a host that has no more than version 2.0 of WebAssembly. */
const noFeatures = { tailCalls: false, simd: false, fusedMultiplyAdd: false, memory64: false };

const onlyDrafts = {
  period: 1 << 20,
  drafts: { period: 1, ahead: 1 << 30, batch: 1 },
} as const;

describe('core/engine/translator', () => {
  for (const [name, translate] of [
    ['as in use', {}],
    ['every jump hot', eagerTranslation],
    ['every jump hot, what was executed', { period: 1, batch: 1 }],
    ['short regions', { period: 2, batch: 3, limits: { instructions: 9, blockInstructions: 3 } }],
    ['no features of the host', { ...eagerTranslation, features: noFeatures }],
    ['no room', { ...eagerTranslation, capacity: 2 }],
    ['drafts and better', draftedTranslation],
    ['drafts alone', onlyDrafts],
    ['drafts of code that was not executed', eagerDrafts],
    ['no room for drafts', { ...onlyDrafts, capacity: 2 }],
  ] as const) {
    it(`is where the interpreter is after any number of instructions: ${name}`, () => {
      const random = new Random(5);
      const interpreted = rig(program);
      const translated = rig(program, { translate });
      for (let i = 0; i < 300; i++) {
        const slice = 1 + random.below(i % 3 === 0 ? 20 : 3000);
        assert.deepEqual(translated.hart.run(slice), interpreted.hart.run(slice));
        assert.equal(translated.hart.pc, interpreted.hart.pc);
      }
      assert.deepEqual(state(translated), state(interpreted));
      const { regions, drafts } = translated.translator!.counters;
      assert.ok('drafts' in translate ? drafts > 0 : regions > 0);
      assert.equal(regions > 0, !('drafts' in translate) || translate === draftedTranslation);
    });
  }

  it('is where the interpreter is on RV32', () => {
    const random = new Random(6);
    const isa = 'rv32gc_zicsr';
    const interpreted = rig(narrowProgram, { isa });
    const translated = rig(narrowProgram, { isa, translate: eagerTranslation });
    for (let i = 0; i < 300; i++) {
      const slice = 1 + random.below(i % 3 === 0 ? 20 : 3000);
      assert.deepEqual(translated.hart.run(slice), interpreted.hart.run(slice));
      assert.equal(translated.hart.pc, interpreted.hart.pc);
    }
    assert.deepEqual(state(translated), state(interpreted));
    assert.ok(translated.translator!.counters.regions > 0);
    // It got somewhere: to the recursion and back, again and again.
    assert.ok(interpreted.x('s0') > 2n);
  });

  it('throws regions away when there is no room for more, and goes on', () => {
    const r = rig(program, { translate: { ...eagerTranslation, capacity: 2 } });
    r.hart.run(50_000);
    const { evictions, regions } = r.translator!.counters;
    assert.ok(evictions > 0 && regions > 2);
  });

  it('runs hot code in regions: few of its instructions are left to the interpreter', () => {
    const r = rig('_start: addi a0, a0, 1\n xor a1, a1, a0\n j _start', { translate: {} });
    r.hart.run(1_000_000);
    const { entries, leaves } = r.translator!.traffic(1);
    assert.ok(entries > 0 && entries < 20 && leaves < 20, `${entries} entries, ${leaves} leaves`);
    assert.equal(r.translator!.counters.invalidated, 0);
  });

  it('gives up regions whose code is stored to, and no others', () => {
    const r = rig(
      `
_start: la t0, patched
  lw t1, 0(t0)
  li s0, 100
1: call patched
  addi s0, s0, -1
  bnez s0, 1b
  sw t1, 0(t0)
2: j 2b
  .balign 64
patched: .option norvc
  addi a0, a0, 1
  ret`,
      { translate: eagerTranslation },
    );
    r.hart.run(1000);
    assert.equal(r.x('a0'), 100n);
    const { invalidated, regions } = r.translator!.counters;
    assert.ok(invalidated >= 1 && invalidated < regions, `${invalidated} of ${regions}`);
  });

  it('tests a group of accesses once, and interprets those that reach into another page', () => {
    const source = `
_start: la s0, near
  la s1, far
  li s2, 300
1: mv a0, s0
  call touch
  mv a0, s1
  call touch
  addi s2, s2, -1
  bnez s2, 1b
2: j 2b
touch: ld a1, 0(a0)
  ld a2, 8(a0)
  lw a3, 20(a0)
  addi a1, a1, 1
  addi a2, a2, 3
  sd a1, 0(a0)
  sh a2, 8(a0)
  sb a3, 23(a0)
  ld a0, 16(a0)
  add a4, a4, a0
  ret
  .balign 4096
near: .dword 1, 2, 3
  .space 4096 - 24 - 12
far: .dword 4, 5, 6`;
    const [interpreted, translated] = [rig(source), rig(source, { translate: eagerTranslation })];
    for (let i = 0; i < 40; i++) {
      interpreted.step(1 + i * 7);
      translated.step(1 + i * 7);
      assert.deepEqual(state(translated), state(interpreted));
    }
    assert.equal(interpreted.x('s2') < 300n, true);
  });

  it('is where the interpreter is while breakpoints elsewhere come and go', () => {
    const [interpreted, translated] = [rig(program), rig(program, { translate: eagerTranslation })];
    for (let i = 0; i < 200; i++) {
      const elsewhere = i % 2 === 0 ? [BigInt(ramBase + 0x3000 + i * 2)] : [];
      for (const { hart } of [interpreted, translated]) hart.setBreakpoints(elsewhere);
      assert.deepEqual(translated.hart.run(100), interpreted.hart.run(100));
    }
    assert.deepEqual(state(translated), state(interpreted));
  });

  it('stops at a breakpoint set in the middle of a region that was running', () => {
    const source = `
_start: .option norvc
  li a0, 0
1: addi a0, a0, 1
  addi a1, a1, 2
  j 1b`;
    const r = rig(source, { translate: eagerTranslation });
    r.hart.run(3001);
    assert.ok(r.translator!.counters.regions > 0);
    r.hart.setBreakpoints([BigInt(ramBase + 8)]);
    assert.equal(r.hart.run(1000).stop, 'breakpoint');
    assert.equal(r.hart.pc, BigInt(ramBase + 8));
    r.hart.setBreakpoints([]);
    assert.deepEqual(r.hart.run(3000), { stop: 'budget', retired: 3000, steps: 3000 });
  });
});
