/** Zawrs: when a hart stalls, what ends it, and who is refused (unprivileged manual, Zawrs). */
import assert from 'node:assert/strict';
import { encode } from '../../../differential/encode.ts';
import type { Privilege } from '../../../../src/core/isa/riscv/riscvHart.ts';
import { machineOnTestEngine } from '../../../engine.ts';
import { assemble } from '../../../differential/assemble.ts';
import { rig } from './rig.ts';

const isa = 'rv64imach_zawrs_sstc';
const TW = 1n << 21n;
const VTW = 1n << 21n;
const VM = { privilege: 1, virtualized: true } as const;

/** `lr.w` of RAM, then the instruction, then nops. */
function made(mnemonic: string, reserve = true, harts = 1) {
  const machine = rig(
    `la a0, 1f
     ${reserve ? 'lr.w a1, (a0)' : 'lw a1, (a0)'}
     .word 0x${encode(mnemonic).toString(16)}
     nop
     nop
     .balign 64
  1: .word 1`,
    { isa, harts },
  );
  machine.setCsr('pmpaddr0', -1n);
  machine.setCsr('pmpcfg0', 0x1fn);
  const { hart } = machine;
  /** Up to the instruction. */
  const begin = (privilege: Privilege = 3, virtualized = false): void => {
    hart.privilege = privilege;
    hart.virtualized = virtualized;
    machine.step(3);
  };
  return { ...machine, begin };
}

describe('core/isa/riscv/waiting for a reservation', () => {
  for (const mnemonic of ['wrs.nto', 'wrs.sto']) {
    it(`${mnemonic} goes on at once without a reservation`, () => {
      const { begin, step } = made(mnemonic, false);
      begin();
      step(2);
    });

    it(`${mnemonic} waits, and goes on when the reservation is lost`, () => {
      const { begin, hart } = made(mnemonic);
      begin();
      const { stop, retired } = hart.run(10);
      assert.deepEqual([stop, retired], ['waiting', 1]);
      assert.equal(hart.wouldWake, false);
      assert.equal(hart.run(10).stop, 'waiting');
      hart.loseReservation();
      assert.equal(hart.wouldWake, true);
      assert.deepEqual(hart.run(2), { stop: 'budget', retired: 2, steps: 2 });
    });

    it(`${mnemonic} ends by itself: nobody may hang for want of a store`, () => {
      const { begin, hart, clock } = made(mnemonic);
      begin();
      assert.equal(hart.run(10).stop, 'waiting');
      const end = hart.nextTimer();
      assert.ok(end !== undefined && end > clock.ticks());
      clock.skipTo(end);
      assert.equal(hart.wouldWake, true);
      assert.equal(hart.run(2).stop, 'budget');
      assert.equal(hart.nextTimer(), undefined);
    });

    it(`${mnemonic} goes on for an interrupt that is enabled, whether or not it is taken`, () => {
      const { begin, hart, setCsr } = made(mnemonic);
      setCsr('mie', 8n);
      begin();
      assert.equal(hart.run(10).stop, 'waiting');
      hart.setInterruptInput(3, true);
      assert.equal(hart.wouldWake, true);
      assert.equal(hart.run(2).stop, 'budget');
    });

    it(`${mnemonic} goes on at once where an enabled interrupt is pending`, () => {
      const { begin, hart, setCsr } = made(mnemonic);
      setCsr('mie', 8n);
      hart.setInterruptInput(3, true);
      begin();
      assert.equal(hart.run(2).stop, 'budget');
    });

    it(`${mnemonic} may be used in every mode`, () => {
      for (const privilege of [0, 1] as const) {
        const { begin, hart } = made(mnemonic);
        begin(privilege);
        assert.equal(hart.run(2).stop, 'waiting');
        assert.equal(hart.privilege, privilege);
      }
      const { begin, step } = made(mnemonic);
      begin(VM.privilege, VM.virtualized);
      // The hypervisor would not know what the guest waits for.
      step(2);
    });
  }

  const refusals = [
    ['wrs.nto', 3, false, undefined],
    ['wrs.nto', 1, false, 2n],
    ['wrs.nto', 0, false, 2n],
    ['wrs.nto', 1, true, 2n],
    ['wrs.sto', 1, false, undefined],
    ['wrs.sto', 0, true, undefined],
  ] as const;
  for (const [mnemonic, privilege, virtualized, cause] of refusals) {
    it(`mstatus.TW: ${mnemonic} in privilege ${privilege}${virtualized ? ', V=1' : ''}`, () => {
      const { begin, hart, setCsr, csr } = made(mnemonic);
      setCsr('mstatus', TW | csr('mstatus'));
      setCsr('hstatus', VTW | csr('hstatus'));
      begin(privilege, virtualized);
      const { retired } = hart.run(1);
      assert.equal(retired, cause === undefined ? 1 : 0);
      if (cause !== undefined) assert.equal(csr('mcause'), cause);
    });
  }

  it('hstatus.VTW makes WRS.NTO a virtual-instruction exception in a guest', () => {
    for (const privilege of [0, 1] as const) {
      const { begin, hart, setCsr, csr } = made('wrs.nto');
      setCsr('hstatus', VTW | csr('hstatus'));
      begin(privilege, true);
      assert.equal(hart.run(1).retired, 0);
      assert.equal(csr('mcause'), 22n);
      assert.equal(csr('mtval'), 0x00d00073n);
    }
  });

  for (const mnemonic of ['wrs.nto', 'wrs.sto']) {
    it(`${mnemonic} lets the hart run that will store, and sees what it stored`, () => {
      // Hart 0 waits for a flag; hart 1 sets it late. Without the wait hart 0 would spin for long.
      const program = assemble(
        `_start:
           csrr t0, mhartid
           la a0, flag
           bnez t0, other
         1: addi s0, s0, 1
           lr.w t1, (a0)
           bnez t1, 2f
           .word 0x${encode(mnemonic).toString(16)}
           j 1b
         2: li t2, 0x80100000
           sd s0, (t2)
           li t0, 0x100000
           li t1, 0x5555
           sw t1, (t0)
           j .
         other:
           li t0, 200000
         1: addi t0, t0, -1
           bnez t0, 1b
           li t1, 1
           sw t1, (a0)
           j .
           .balign 64
         flag: .word 0`,
        0x8000_0000,
      );
      const machine = machineOnTestEngine(
        {
          board: 'virt',
          mode: 'machine',
          isa: 'rv64imac_zawrs',
          program: 'program.bin',
          harts: 2,
          memory: 16 << 20,
          loadFiles: [],
          calls: [],
          engine: 'auto',
          time: 'virtual',
        },
        new Map([['program.bin', program]]),
      );
      const stop = machine.run(10_000_000);
      assert.equal(stop.kind, 'ended');
      const rounds = machine.memory.read64(0x8010_0000);
      // At most one round in each turn of the other hart.
      assert.ok(rounds > 1n && rounds < 100n, `${rounds} rounds`);
    });
  }

  it('TW and VTW matter only to an instruction that would wait', () => {
    const { begin, step, setCsr, csr } = made('wrs.nto', false);
    setCsr('mstatus', TW | csr('mstatus'));
    begin(1);
    step(1);
  });
});
