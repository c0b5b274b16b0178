/** PMU, SUSP, STA and FWFT from the guest's side: assembly on the real hart, in VS-mode. */
import assert from 'node:assert/strict';
import { assemble, ram, ramSize, realGuest, runToEnd } from './realGuest.ts';

const results = ram + 0x10_0000;
const shared = results + 0x1000;
const PMU = 0x504d55;
const SUSP = 0x53555350;
const STA = 0x535441;
const FWFT = 0x46574654;
const HSM = 0x48534d;

describe('SBI from a guest: PMU', () => {
  it('counts instructions exactly between start and stop, by CSR and by snapshot', () => {
    const g = realGuest(
      assemble(`
        li s0, ${results}
        li a0, ${shared}
        li a1, 0
        li a2, 0
        call ${PMU}, 7             # snapshot memory
        sd a0, 0(s0)
        li a0, 0
        li a1, 5
        li a2, 2                   # CLEAR_VALUE
        li a3, 2                   # instructions
        li a4, 0
        call ${PMU}, 2
        sd a0, 8(s0)
        sd a1, 16(s0)
        csrr t0, instret
        sd t0, 24(s0)              # configured, not started
        li a0, 2
        li a1, 1
        li a2, 1                   # SET_INIT_VALUE
        li a3, 1000
        call ${PMU}, 3
        csrr t1, instret           # emulated: not one of those that the hart retires
        .rept 10
        nop
        .endr
        csrr t2, instret
        li a0, 2
        li a1, 1
        li a2, 2                   # TAKE_SNAPSHOT
        lui a7, 0x505
        addi a7, a7, -683
        li a6, 4
        ecall
        sd a0, 32(s0)
        sd t1, 40(s0)
        sd t2, 48(s0)
        csrr t0, instret
        sd t0, 56(s0)              # stopped
        shutdown 0
      `),
    );
    runToEnd(g);
    const at = (offset: number) => g.word(results + offset);
    assert.deepEqual([at(0), at(8), at(16), at(24)], [0n, 0n, 2n, 0n]);
    assert.deepEqual([at(32), at(40), at(48)], [0n, 1000n, 1010n]);
    // Six more set the stop up.
    assert.deepEqual([at(56), g.word(shared), g.word(shared + 8)], [1016n, 0n, 1016n]);
  });

  it('counts what the hypervisor does for it', () => {
    const events = [0xf0005, 0xf0000, 0xf0004, 0xf0102];
    const g = realGuest(
      assemble(`
        li s0, ${results}
        la t0, handler
        csrw stvec, t0
        .macro count event
          li a0, 3
          li a1, 0xff
          li a2, 6                 # CLEAR_VALUE, AUTO_START
          li a3, \\event
          li a4, 0
          call ${PMU}, 2
        .endm
        ${events.map((e) => `count ${e}`).join('\n')}
        .rept 3
        li a0, -1
        call 0x54494d45, 0
        .endr
        li t0, ${ram + 0x2001}
        lr.d t1, (t0)              # misaligned
        csrr t1, hstatus           # illegal for a guest
        csrr t1, hstatus
        li t0, ${ram + 0x80_0000}
        lw t1, 0(t0)               # a page not touched before
        ${events
          .map(
            (_, i) => `
            li a0, ${3 + i}
            call ${PMU}, 5
            sd a1, ${i * 8}(s0)`,
          )
          .join('\n')}
        shutdown 0
        .align 2
        handler:
        csrr t1, sepc
        addi t1, t1, 4
        csrw sepc, t1
        sret
      `),
    );
    runToEnd(g);
    const counts = events.map((_, i) => g.word(results + i * 8));
    assert.deepEqual(counts, [3n, 1n, 2n, 1n]);
    const texts = g.machine.exitsAfter(0, 100).map((e) => e.text);
    assert(
      texts.includes(
        'PMU counter_config_matching(idx_base=3, idx_mask=255, ' +
          'flags=CLEAR_VALUE|AUTO_START, event_idx=FW_SET_TIMER, event_data=0) → SUCCESS, 3',
      ),
      texts.join('\n'),
    );
  });
});

describe('SBI from a guest: SUSP', () => {
  it('is refused while another hart runs, then sleeps until the timer and resumes', () => {
    const deadline = 90_000n;
    const g = realGuest(
      assemble(`
        li s0, ${results}
        li a0, 1
        la a1, second
        li a2, 0
        call ${HSM}, 0
        1: ld t0, 64(s0)
        beqz t0, 1b
        .macro suspend type, address, at
          li a0, \\type
          la a1, \\address
          li a2, 0x55
          call ${SUSP}, 0
          sd a0, \\at(s0)
        .endm
        suspend 0, woken, 0        # hart 1 is started
        suspend 1, woken, 8
        li a0, 0
        li a1, 0x1000
        li a2, 0
        call ${SUSP}, 0
        sd a0, 16(s0)
        li t0, 1
        sd t0, 72(s0)
        2: li a0, 1
        call ${HSM}, 2
        li t0, 1
        bne a1, t0, 2b
        li t0, 32
        csrs sie, t0
        csrsi sstatus, 2
        li t0, ${deadline}
        csrw 0x14d, t0
        li t0, ${shared}
        srli t0, t0, 12
        csrw satp, t0              # mode bare, but not 0
        suspend 0, woken, 24
        shutdown 1
        second:
        li s0, ${results}
        li t0, 1
        sd t0, 64(s0)
        3: ld t0, 72(s0)
        beqz t0, 3b
        call ${HSM}, 1
        .align 2
        woken:
        rdtime t1
        li s0, ${results}
        sd t1, 32(s0)
        sd a0, 40(s0)
        sd a1, 48(s0)
        csrr t1, satp
        sd t1, 56(s0)
        csrr t1, sstatus
        andi t1, t1, 2
        sd t1, 80(s0)
        li a0, 1
        call ${HSM}, 2
        sd a1, 88(s0)
        shutdown 0
      `),
      { harts: 2 },
    );
    runToEnd(g);
    const at = (offset: number) => g.word(results + offset);
    const signed = [0, 8, 16].map((o) => BigInt.asIntN(64, at(o)));
    assert.deepEqual(signed, [-4n, -3n, -5n], 'DENIED, INVALID_PARAM, INVALID_ADDRESS');
    assert.equal(at(24), 0n, 'a suspend that succeeds does not return');
    const late = at(32) - deadline;
    assert(late >= 0n && late <= 3n, `${late} ticks late`);
    assert.deepEqual([at(40), at(48), at(56), at(80)], [0n, 0x55n, 0n, 0n]);
    assert.equal(at(88), 1n, 'hart 1 is still stopped');
    assert(g.machine.instructions < 100_000, 'time was skipped, not waited for');
  });
});

describe('SBI from a guest: STA', () => {
  const loops = 100_000;
  const image = () =>
    assemble(`
      li s0, ${results}
      li a0, ${shared}
      li a1, 0
      li a2, 0
      call ${STA}, 0
      sd a0, 0(s0)
      li a0, 1
      la a1, second
      li a2, 0
      call ${HSM}, 0
      1: ld t0, 64(s0)
      beqz t0, 1b
      li t1, ${shared}
      2: lw t2, 0(t1)
      andi t0, t2, 1
      bnez t0, 2b
      ld t3, 8(t1)
      lw t0, 0(t1)
      bne t0, t2, 2b
      sd t2, 8(s0)
      sd t3, 16(s0)
      rdtime t0
      sd t0, 24(s0)
      shutdown 0
      second:
      li s0, ${results}
      li t0, ${loops}
      3: addi t0, t0, -1
      bnez t0, 3b
      li t0, 1
      sd t0, 64(s0)
      call ${HSM}, 1
    `);

  it('tells a hart the time that another one took', () => {
    const g = realGuest(image(), { harts: 2 });
    runToEnd(g);
    const [error, sequence, steal, time] = [0, 8, 16, 24].map((o) => g.word(results + o));
    assert(sequence !== undefined && steal !== undefined && time !== undefined);
    assert.equal(error, 0n);
    assert(sequence > 0n && sequence % 2n === 0n);
    // Hart 1 runs two instructions a loop; one takes 10 ns of virtual time.
    const taken = BigInt(loops * 2 * 10);
    assert(steal >= taken && steal < taken + 2000n, `${steal} ns`);
    assert(steal < time * 100n, 'less than all the time there was');
    assert.equal(g.word(shared + 16), 0n);
  });

  it('is the same however the run is cut', () => {
    const stolen = (budget: number) => {
      const g = realGuest(image(), { harts: 2 });
      for (let left = 1_000_000; left > 0; left -= budget) {
        const stop = g.machine.run(budget);
        if (stop.kind === 'ended') {
          assert.equal(stop.end.code, 0);
          return [g.word(shared), g.word(shared + 8), g.word(results + 24)];
        }
      }
      return assert.fail('does not end');
    };
    assert.deepEqual(stolen(777), stolen(1_000_000));
  });

  it('is refused outside memory', () => {
    const g = realGuest(
      assemble(`
        li a0, ${ram + ramSize}
        li a1, 0
        li a2, 0
        call ${STA}, 0
        li t0, ${results}
        sd a0, 0(t0)
        shutdown 0
      `),
    );
    runToEnd(g);
    assert.equal(BigInt.asIntN(64, g.word(results)), -5n);
  });
});

describe('SBI from a guest: FWFT', () => {
  it('takes misaligned accesses past the hypervisor', () => {
    const g = realGuest(
      assemble(`
        li s0, ${results}
        la t0, handler
        csrw stvec, t0
        li s1, ${ram + 0x2001}
        lr.d t1, (s1)
        li a0, 0
        li a1, 1
        li a2, 1                   # LOCK
        call ${FWFT}, 0
        sd a0, 8(s0)
        lr.d t1, (s1)
        li a0, 0
        li a1, 0
        li a2, 0
        call ${FWFT}, 0
        sd a0, 16(s0)
        li a0, 0
        call ${FWFT}, 1
        sd a1, 24(s0)
        shutdown 0
        .align 2
        handler:
        ld t1, 0(s0)
        addi t1, t1, 1
        sd t1, 0(s0)
        csrr t1, scause
        sd t1, 32(s0)
        csrr t1, sepc
        addi t1, t1, 4
        csrw sepc, t1
        sret
      `),
    );
    runToEnd(g);
    const at = (offset: number) => g.word(results + offset);
    assert.deepEqual([at(0), at(32)], [2n, 4n], 'the guest meets both');
    assert.deepEqual([at(8), BigInt.asIntN(64, at(16)), at(24)], [0n, -14n, 1n]);
    assert.equal(g.machine.exitCounts['redirect'], 1, 'the hypervisor one');
  });
});

describe('SBI from a guest: the deviations of KVM', () => {
  it('are there when they are asked for', () => {
    const image = assemble(`
      li s0, ${results}
      li a0, 3                     # hart 1 does not exist
      li a1, 0
      call 0x735049, 0
      sd a0, 0(s0)
      csrr t0, sip
      sd t0, 8(s0)
      li a0, 1
      li a1, 0
      call 0x52464e43, 4           # HFENCE.GVMA
      sd a0, 16(s0)
      shutdown 0
    `);
    const answers = (kvmQuirks: boolean) => {
      const g = realGuest(image, { kvmQuirks });
      runToEnd(g);
      return [0, 8, 16].map((o) => BigInt.asIntN(64, g.word(results + o)));
    };
    assert.deepEqual(answers(false), [-3n, 0n, -2n]);
    assert.deepEqual(answers(true), [-3n, 2n, 0n]);
  });
});
