/** Counters: what they count and when, overflow and its interrupt (Sscofpmf, Smcntrpmf). */
import assert from 'node:assert/strict';
import { rig, ramBase, type Rig } from '../rig.ts';

const isa = 'rv64gch_sscofpmf_smcntrpmf_shlcofideleg';
const OF = 1n << 63n;
const MINH = 1n << 62n;
const UINH = 1n << 60n;
const VSINH = 1n << 59n;
const LCOFI = 1n << 13n;
const instructions = 2n;
const nops = '.option norvc\n.rept 64\n nop\n.endr\n';

/** All counters stand still and hold 0. */
function stopped(source: string): Rig {
  const r = rig(source, { isa });
  r.setCsr('mcountinhibit', 0xffff_ffffn);
  for (const name of ['mcycle', 'minstret', 'mhpmcounter3']) r.setCsr(name, 0n);
  return r;
}

describe('counters', () => {
  it('of cycles and instructions count what retires, and stand still where they are inhibited', () => {
    const r = stopped(nops);
    r.step(3);
    assert.equal(r.csr('minstret'), 0n);
    r.setCsr('mcountinhibit', 1n);
    r.step(5);
    assert.equal(r.csr('minstret'), 5n);
    assert.equal(r.csr('mcycle'), 0n);
    assert.equal(r.csr('instret'), 5n);
  });

  it('have, behind an instruction that writes one, the value written', () => {
    const r = rig('.option norvc\n li t0, 100\n csrw minstret, t0\n csrr t1, minstret\n nop', {
      isa,
    });
    r.step(3);
    // "the written value takes effect after the writing instruction otherwise completes".
    assert.equal(r.x('t1'), 100n);
  });

  it('count events that a selector names; other codes select nothing', () => {
    const exceptions = 0x2_0001n;
    const r = stopped(`
      .option norvc
      la t0, handler
      csrw mtvec, t0
      ecall
      ebreak
      nop
      .balign 4
    handler:
      csrr t0, mepc
      addi t0, t0, 4
      csrw mepc, t0
      mret`);
    r.setCsr('mhpmevent3', exceptions);
    r.setCsr('mhpmevent4', 0x20005n);
    r.setCsr('mhpmevent5', 0xabcden);
    r.setCsr('mcountinhibit', 0n);
    // Two traps and their handlers.
    r.hart.run(3 + 1 + 4 + 1 + 4 + 1);
    assert.equal(r.csr('mhpmcounter3'), 2n);
    assert.equal(r.csr('mhpmcounter4'), 1n, 'environment calls');
    assert.equal(r.csr('hpmcounter3'), 2n);
    assert.equal(r.csr('mhpmevent5'), 0n);
    assert.equal(r.csr('mhpmcounter5'), 0n);
  });

  it('of a mode that a filter names do not count it', () => {
    // Three instructions lead from M-mode to U-mode, the third of which is MRET.
    const source = `.option norvc\n la t0, user\n csrw mepc, t0\n mret\nuser: ${nops}`;
    for (const [event, filter, expected] of [
      ['mhpmevent3', 0n, 4n + 5n],
      ['mhpmevent3', MINH, 5n],
      ['mhpmevent3', UINH, 4n],
      ['mhpmevent3', VSINH, 4n + 5n],
      ['minstretcfg', MINH, 5n],
      ['minstretcfg', UINH, 4n],
      ['mcyclecfg', MINH | UINH, 0n],
    ] as const) {
      const r = stopped(source);
      r.setCsr('pmpaddr0', (1n << 54n) - 1n);
      r.setCsr('pmpcfg0', 0x1fn);
      r.setCsr(event, event === 'mhpmevent3' ? filter | instructions : filter);
      r.setCsr('mcountinhibit', 0n);
      r.step(4 + 5);
      const counter = { mhpmevent3: 'mhpmcounter3', minstretcfg: 'minstret', mcyclecfg: 'mcycle' };
      assert.equal(r.csr(counter[event]), expected, `${event} 0x${filter.toString(16)}`);
      assert.equal(r.hart.privilege, 0);
    }
  });

  it('interrupt when they overflow while OF is 0, to the instruction', () => {
    const r = stopped(nops);
    const vector = BigInt(ramBase + 0x80);
    r.setCsr('mtvec', vector);
    r.setCsr('mie', LCOFI);
    r.setCsr('mhpmevent3', instructions);
    r.setCsr('mhpmcounter3', (1n << 64n) - 3n);
    r.setCsr('mcountinhibit', 0n);
    r.setCsr('mstatus', 8n);
    assert.equal(r.csr('mip') & LCOFI, 0n);
    // Three retire, the interrupt is taken, and the fourth instruction is the handler's.
    r.hart.run(3 + 1 + 1);
    assert.equal(r.csr('mcause'), (1n << 63n) | 13n);
    assert.equal(r.csr('mepc'), BigInt(ramBase + 3 * 4));
    assert.equal(r.hart.pc, vector + 4n);
    assert.equal(r.csr('mhpmevent3'), OF | instructions);
    assert.equal(r.csr('scountovf'), 8n);
    assert.equal(r.csr('mip') & LCOFI, LCOFI);
    // "If the OF bit is one, then no interrupt request is generated."
    r.setCsr('mip', 0n);
    r.setCsr('mhpmcounter3', (1n << 64n) - 1n);
    r.step(3);
    assert.equal(r.csr('mip') & LCOFI, 0n);
    assert.equal(r.csr('mhpmcounter3'), 2n);
  });

  it('interrupt where they overflowed, in a mode too that they do not count', () => {
    for (const filter of [0n, UINH]) {
      const r = stopped(`
        .option norvc
        csrw mhpmcounter3, s0
        csrw mcountinhibit, zero
        nop
        mret
        .align 6
        nop
        nop
        .align 7
        1: j 1b`);
      r.setCsr('mtvec', BigInt(ramBase + 0x80));
      r.setCsr('mepc', BigInt(ramBase + 0x40));
      r.setCsr('mie', LCOFI);
      r.setCsr('pmpaddr0', (1n << 54n) - 1n);
      r.setCsr('pmpcfg0', 0x1fn);
      r.setCsr('mhpmevent3', filter | instructions);
      // Of the last two in M-mode.
      r.hart.setX(8, (1n << 64n) - 2n);
      r.hart.run(30);
      assert.equal(r.csr('mcause'), (1n << 63n) | 13n);
      assert.equal(r.csr('mepc'), BigInt(ramBase + 0x40));
    }
  });

  it('interrupt to the instruction when software has written them', () => {
    const r = stopped(`
      .option norvc
      csrw mcountinhibit, zero
      csrw mhpmcounter3, s0
      ${nops}`);
    r.setCsr('mtvec', BigInt(ramBase + 0x80));
    r.setCsr('mie', LCOFI);
    r.setCsr('mstatus', 8n);
    r.setCsr('mhpmevent3', instructions);
    r.hart.setX(8, (1n << 64n) - 2n);
    r.hart.run(30);
    assert.equal(r.csr('mcause'), (1n << 63n) | 13n);
    assert.equal(r.csr('mepc'), BigInt(ramBase + 4 * 4));
  });

  it('overflow by events as by instructions', () => {
    const r = stopped(
      '.option norvc\n la t0, 1f\n csrw mtvec, t0\n ecall\n .balign 4\n1: nop\n nop',
    );
    r.setCsr('mhpmevent3', 0x20001n);
    r.setCsr('mhpmcounter3', (1n << 64n) - 1n);
    r.setCsr('mcountinhibit', 0n);
    r.hart.run(3 + 1 + 1);
    assert.equal(r.csr('mhpmevent3') & OF, OF);
    assert.equal(r.csr('mip') & LCOFI, LCOFI);
  });

  it('do not overflow by being written', () => {
    const r = stopped(nops);
    r.setCsr('mhpmevent3', instructions);
    r.setCsr('mcountinhibit', 0n);
    r.setCsr('mhpmcounter3', (1n << 64n) - 1n);
    r.setCsr('mhpmcounter3', 0n);
    r.step(5);
    assert.equal(r.csr('mhpmevent3') & OF, 0n);
    assert.equal(r.csr('mhpmcounter3'), 5n);
  });

  it('show S-mode the OF bits of those counters alone that it may read', () => {
    const r = stopped(nops);
    for (const i of [3, 4, 5]) r.setCsr(`mhpmevent${i}`, OF);
    r.setCsr('mcounteren', 0x18n);
    r.setCsr('hcounteren', 0x28n);
    assert.equal(r.csr('scountovf'), 0x38n);
    r.hart.privilege = 1;
    assert.equal(r.csr('scountovf'), 0x18n);
    r.hart.virtualized = true;
    assert.equal(r.csr('scountovf'), 0x08n);
  });

  it('leave their interrupt to a guest where hideleg says so (Shlcofideleg)', () => {
    const r = stopped(nops);
    r.setCsr('mip', LCOFI);
    r.setCsr('mideleg', LCOFI);
    assert.equal(r.csr('sip'), LCOFI);
    assert.equal(r.csr('vsip'), 0n);
    r.setCsr('hideleg', LCOFI);
    assert.equal(r.csr('vsip'), LCOFI);
    r.setCsr('vsie', LCOFI);
    assert.equal(r.csr('mie'), LCOFI);
    r.setCsr('vsip', 0n);
    assert.equal(r.csr('mip') & LCOFI, 0n);
  });
});

describe('mseccfg', () => {
  it('keeps MML and MMWP once set, and RLB at 0 while an entry is locked', () => {
    const r = rig('nop', { isa: 'rv64gc_smepmp' });
    const [MML, MMWP, RLB] = [1n, 2n, 4n];
    r.setCsr('mseccfg', RLB);
    assert.equal(r.csr('mseccfg'), RLB);
    r.setCsr('mseccfg', MMWP);
    r.setCsr('mseccfg', MML);
    assert.equal(r.csr('mseccfg'), MML | MMWP);
    r.setCsr('mseccfg', RLB);
    assert.equal(r.csr('mseccfg'), MML | MMWP | RLB);
    r.setCsr('pmpcfg0', 0x80n);
    r.setCsr('mseccfg', 0n);
    r.setCsr('mseccfg', RLB);
    assert.equal(r.csr('mseccfg'), MML | MMWP);
  });
});
