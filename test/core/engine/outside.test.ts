/**
 * What regions have TypeScript do without being left: control registers and devices, in functions
 * that other regions call. The same as interpreted, after each single instruction.
 */
import assert from 'node:assert/strict';
import { deviceBase, eagerTranslation, ramBase, rig, type Rig } from '../isa/riscv/rig.ts';
import { allState } from './rigState.ts';

const start = `
.option norvc
_start: la t0, handler
  csrw mtvec, t0
  li sp, ${ramBase + 0x8000}
  li s11, ${deviceBase}
  la s10, word
  li t0, 0x6000
  csrs mstatus, t0
  li t0, 0x800
  csrw mie, t0
  csrsi mstatus, 8
  csrsi fflags, 1
  li s7, 3
  fcvt.d.l fs0, s7
  li s7, 2
  fcvt.d.l fs3, s7
1: call function
  add s2, s2, a0
  fdiv.d fs1, fs3, fs0
  fadd.d fs2, fs1, fs0
  fmv.x.d a1, fs2
  add s3, s3, a1
  j 1b
`;
const end = `
  .balign 64
handler: addi s8, s8, 1
  csrr t3, mcause
  bltz t3, 2f
  csrr t4, mepc
  addi t4, t4, 4
  csrw mepc, t4
2: sw x0, 12(s11)
  mret
  .balign 8
word: .dword 0x1234
`;

/** What the function does, with its answer in a0. */
const functions: Readonly<Record<string, string>> = {
  'reads and writes control registers': `
    csrrw a0, mscratch, s2
    csrr a2, instret
    csrrsi a3, mscratch, 5
    xor a0, a0, a2
    add a0, a0, a3`,
  'traps where there is no such register': `
    addi s4, s4, 7
    csrr a0, 0x7c1
    addi a0, s4, 1`,
  'clears flags that its caller has seen raised': `
    addi s4, s4, 1
    andi a0, s4, 7
    bnez a0, 1f
    csrw fflags, x0
    1: frflags a0`,
  'rounds otherwise now and then': `
    addi s4, s4, 1
    andi a0, s4, 3
    fsrm a0, a0`,
  'changes how memory is accessed': `
    li a0, 0x20000
    csrs mstatus, a0
    ld a2, (s10)
    csrc mstatus, a0
    add a0, a0, a2`,
  'enables an interrupt that is pending': `
    csrci mstatus, 8
    sw s4, 8(s11)
    addi s4, s4, 1
    csrsi mstatus, 8
    mv a0, s4`,
  'loads from a device and from memory at one place': `
    addi s4, s4, 1
    andi a0, s4, 3
    mv t1, s10
    bnez a0, 1f
    addi t1, s11, 20
    1: lw a0, (t1)
    sw s4, (t1)`,
  'has a device raise an interrupt': `
    addi s4, s4, 1
    sw s4, 8(s11)
    lb a0, 3(s11)
    sd s4, 16(s11)`,
  'stores to code by an instruction that stores to a device as well': `
    addi s4, s4, 1
    la t2, 2f
    lw t3, (t2)
    andi a0, s4, 3
    mv t1, t2
    bnez a0, 1f
    addi t1, s11, 20
    1: sw t3, (t1)
    fence.i
    2: addi a0, a0, 1`,
};

function make(body: string, translate: typeof eagerTranslation | undefined): Rig {
  const source = `${start}\nfunction: addi s5, s5, 1\n${body}\n  ret\n${end}`;
  const r = rig(source, { translate });
  r.onDeviceWrite = (offset) => {
    if (offset === 12) r.hart.setInterruptInput(11, false);
    if (offset === 8) r.hart.setInterruptInput(11, (r.x('s4') & 1n) === 1n);
  };
  return r;
}

/** Runs for so many steps, of which traps are some. */
function run(r: Rig, steps: number): void {
  for (let left = steps; left > 0;) left -= r.hart.run(left).steps;
}

describe('core/engine/outside', () => {
  for (const [name, body] of Object.entries(functions)) {
    it(`a function that ${name}`, () => {
      const [one, other] = [make(body, undefined), make(body, eagerTranslation)];
      for (const r of [one, other]) run(r, 3000);
      assert.deepEqual(allState(other), allState(one));
      for (let steps = 1; steps < 60; steps++) {
        for (const r of [one, other]) run(r, steps);
        assert.deepEqual(allState(other), allState(one), `${steps} steps`);
      }
      assert.ok(one.x('s5') > 50n, 'it was called');
      assert.ok(other.translator!.traffic(1).entries > 20, 'regions ran');
    });
  }

  it('a function of a mode that may access a register, called in one that may not', () => {
    const source = `
.option norvc
_start: la t0, handler
  csrw mtvec, t0
1: call function
  addi s9, s9, 1
  andi a1, s9, 3
  bnez a1, 1b
  la t0, function
  csrw mepc, t0
  li t0, 0x1800
  csrc mstatus, t0
  mret
function: addi s5, s5, 1
  csrrw s2, sscratch, s9
  csrrsi a0, mscratch, 3
  addi s6, s6, 1
  ret
handler: addi s8, s8, 1
  csrr s4, mepc
  la t4, 1b
  csrw mepc, t4
  li t0, 0x1800
  csrs mstatus, t0
  mret`;
    const [one, other] = [undefined, eagerTranslation].map((translate) => {
      const r = rig(source, { translate });
      r.setCsr('pmpaddr0', (1n << 54n) - 1n);
      r.setCsr('pmpcfg0', 0x1fn);
      return r;
    }) as [Rig, Rig];
    for (let steps = 1; steps < 120; steps++) {
      for (const r of [one, other]) run(r, steps);
      assert.deepEqual(allState(other), allState(one), `${steps} steps`);
    }
    assert.ok(one.x('s8') > 50n, 'it trapped');
    assert.ok(one.x('s6') > 3n * one.x('s8'), 'it returned');
  });

  it('registers that are nothing but memory are accessed inside', () => {
    const body =
      'csrrw a0, mscratch, s2\ncsrrsi a2, mscratch, 5\ncsrr a3, mepc\ncsrrc a4, mtval, a2';
    const r = make(body, eagerTranslation);
    run(r, 5000);
    const before = { done: r.hart.work.hostInstructions, calls: r.x('s5') };
    run(r, 5000);
    assert.ok(r.x('s5') - before.calls > 200n);
    assert.equal(r.hart.work.hostInstructions, before.done);
  });

  it('asks devices and registers without leaving the region', () => {
    const r = make('lw a0, 4(s11)\nsw a0, 12(s11)\ncsrr a0, instret', eagerTranslation);
    run(r, 5000);
    const before = { ...r.translator!.traffic(1), calls: r.x('s5') };
    run(r, 5000);
    const after = { ...r.translator!.traffic(1), calls: r.x('s5') };
    assert.ok(after.calls - before.calls > 300n);
    assert.ok(after.leaves - before.leaves <= 2, `${after.leaves - before.leaves} leaves`);
  });
});
