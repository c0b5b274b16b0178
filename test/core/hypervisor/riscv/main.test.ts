import assert from 'node:assert/strict';
import { assemble, deviceBase, ram, ramSize, realGuest, runToEnd } from './realGuest.ts';

const results = ram + 0x10_0000;

describe('the hypervisor on the real hart', () => {
  it('prints through DBCN and ends through SRST', () => {
    const image = assemble(`
      la a1, text
      li a0, 13
      li a2, 0
      call 0x4442434e, 0
      mv s0, a0
      mv s1, a1
      li t0, ${results}
      sd s0, 0(t0)
      sd s1, 8(t0)
      shutdown 0
      text: .ascii "Hello, world!"
    `);
    const once = realGuest(image);
    runToEnd(once);
    assert.equal(once.output(), 'Hello, world!');
    assert.deepEqual([once.word(results), once.word(results + 8)], [0n, 13n]);
    const [write, end] = once.machine.exitsAfter(0, 10);
    assert.match(write?.text ?? '', /^DBCN console_write\(13, 0x800000\w\w, 0\) → SUCCESS, 13$/);
    assert.equal(end?.text, 'SRST system_reset(0, 0)');

    const again = realGuest(image);
    while (again.machine.run(3).kind !== 'ended');
    assert.equal(again.machine.instructions, once.machine.instructions);
    assert.deepEqual(again.machine.exitsAfter(0, 10), once.machine.exitsAfter(0, 10));
  });

  it('starts with the registers of the boot contract', () => {
    const g = realGuest(
      assemble(`
        li t0, ${results}
        sd a0, 0(t0)
        sd a1, 8(t0)
        csrr t1, satp
        sd t1, 16(t0)
        csrr t1, sstatus
        andi t1, t1, 2
        sd t1, 24(t0)
        shutdown 1
      `),
    );
    assert.equal(g.machine.harts[0]?.modeName, 'VS-mode');
    assert.equal(g.machine.harts[0]?.pc, BigInt(ram));
    runToEnd(g, 1);
    assert.deepEqual(
      [0, 8, 16, 24].map((o) => g.word(results + o)),
      [0n, 0n, 0n, 0n],
    );
  });

  it('answers the seed CSR of a guest that has Zkr, in supervisor mode alone', () => {
    const guest = (isa: string, mode: string) => {
      const g = realGuest(
        assemble(`
          la t0, trap
          csrw stvec, t0
          li s0, ${results}
          ${mode}
          csrrw t1, 0x015, x0
          csrrw t2, 0x015, x0
          sd t1, 0(s0)
          sd t2, 8(s0)
          shutdown 0
          .balign 4
        trap:
          csrr t1, scause
          csrr t2, stval
          sd t1, 0(s0)
          sd t2, 8(s0)
          shutdown 0
        `),
        { isa },
      );
      runToEnd(g);
      return [g.word(results), g.word(results + 8)] as const;
    };
    const [first, second] = guest('rv64imac_zkr_sstc', '');
    assert.deepEqual([first >> 16n, second >> 16n], [0x8000n, 0x8000n]);
    assert.notEqual(first, second);
    const word = 0x01501373n;
    assert.deepEqual(guest('rv64imac_sstc', ''), [2n, word]);
    const user = 'la t0, 1f\n csrw sepc, t0\n li t0, 0x100\n csrc sstatus, t0\n sret\n 1:';
    assert.deepEqual(guest('rv64imac_zkr_sstc', user), [2n, word]);
  });

  it('opens the state that Smstateen keeps from a guest', () => {
    for (const isa of ['rv64imac_sstc_ssstateen', 'rv64imac_sstc_smstateen', 'rva23s64']) {
      const g = realGuest(
        assemble(`
          la t0, trap
          csrw stvec, t0
          li s0, ${results}
          li t1, 1
          csrw senvcfg, t1
          csrr t2, senvcfg
          csrr t3, 0x10c           # sstateen0
          sd t1, 0(s0)
          sd t2, 8(s0)
          shutdown 0
          .balign 4
        trap:
          shutdown 0
        `),
        { isa },
      );
      runToEnd(g);
      assert.deepEqual([g.word(results), g.word(results + 8)], [1n, 1n], isa);
    }
  });

  it('lets a guest manage and clear cache blocks', () => {
    const g = realGuest(
      assemble(`
        li s0, ${results}
        li t0, -1
        sd t0, 0(s0)
        sd t0, 56(s0)
        sd t0, 64(s0)
        addi a0, s0, 5
        .word 0x0015200f         # cbo.clean (a0)
        .word 0x0005200f         # cbo.inval (a0)
        .word 0x0045200f         # cbo.zero (a0)
        shutdown 0
      `),
      { isa: 'rv64imac_zicbom_zicboz_sstc' },
    );
    runToEnd(g);
    const words = [0, 56, 64].map((o) => g.word(results + o));
    assert.deepEqual(words, [0n, 0n, 0xffff_ffff_ffff_ffffn]);
  });

  /**
   * The same accesses to a device that behaves as memory and to memory itself: the hart's own loads
   * and stores are the oracle for those that the hypervisor emulates.
   */
  it('emulates every integer load and store as the hart executes it', () => {
    const stores = ['sb', 'sh', 'sw', 'sd', 'c.sw', 'c.sd'];
    const loads = ['lb', 'lbu', 'lh', 'lhu', 'lw', 'lwu', 'ld', 'c.lw', 'c.ld'];
    const round = (pattern: string) => `
      li a0, ${pattern}
      ${stores.map((s, i) => `${s} a0, ${i * 8}(a1)`).join('\n')}
      ${loads
        .map((l) =>
          stores.map((_, i) => `${l} a2, ${i * 8}(a1)\nsd a2, 0(s1)\naddi s1, s1, 8`).join('\n'),
        )
        .join('\n')}`;
    const source = (base: number) => `
      li a1, ${base}
      li s1, ${results}
      ${round('0x8182838485868788')}
      ${round('0x0102030405060708')}
      mv sp, a1
      c.ldsp a3, 24(sp)
      c.lwsp a4, 8(sp)
      c.sdsp a3, 64(sp)
      c.swsp a4, 72(sp)
      ld a5, 64(sp)
      ld a2, 72(sp)
      sd a3, 0(s1)
      sd a4, 8(s1)
      sd a5, 16(s1)
      sd a2, 24(s1)
      shutdown 0`;
    const count = stores.length * loads.length * 2 + 4;
    const run = (base: number, withoutHtinst = false) => {
      const g = realGuest(assemble(source(base)), { withoutHtinst });
      runToEnd(g);
      const words = Array.from({ length: count }, (_, i) => g.word(results + i * 8));
      return { words, mmio: g.machine.exitCounts['mmio'] };
    };
    const memory = run(ram + 0x20_0000);
    assert.equal(memory.mmio, undefined);
    for (const withoutHtinst of [false, true]) {
      const device = run(deviceBase, withoutHtinst);
      assert.equal(device.mmio, (stores.length + stores.length * loads.length) * 2 + 6);
      assert.deepEqual(device.words, memory.words);
    }
    assert(memory.words.some((w) => w === 0xffff_ffff_8586_8788n));
  });

  it('reaches devices through the guest’s own page tables', () => {
    // Sv39: one gigapage maps 0x4000_0000 to 0x4000_0000, one maps RAM.
    const g = realGuest(
      assemble(`
        li t0, ${ram + 0x30_0000}
        li t1, ${((deviceBase >> 30) << 28) | 0xcf}
        sd t1, ${8 * (deviceBase >> 30)}(t0)
        li t1, ${Math.floor(ram / 2 ** 30) * 2 ** 28 + 0xcf}
        sd t1, ${8 * Math.floor(ram / 2 ** 30)}(t0)
        srli t0, t0, 12
        li t1, ${8n << 60n}
        or t0, t0, t1
        csrw satp, t0
        sfence.vma
        li a1, ${deviceBase}
        li a0, 0x1234
        sh a0, 6(a1)
        lbu a2, 7(a1)
        li t0, ${results}
        sd a2, 0(t0)
        shutdown 0
      `),
    );
    runToEnd(g);
    assert.equal(g.word(results), 0x12n);
    assert.equal(g.machine.exitCounts['mmio'], 2);
  });

  it('delivers a timer through SBI and through stimecmp, and wakes WFI at the exact tick', () => {
    const g = realGuest(
      assemble(`
        la t0, handler
        csrw stvec, t0
        li s0, ${results}
        li t0, 32
        csrs sie, t0
        csrsi sstatus, 2
        li a0, 5000
        call 0x54494d45, 0
        wfi
        csrr s1, time
        sd s1, 0(s0)
        li t0, 9000
        csrw 0x14d, t0
        wfi
        csrr s1, time
        sd s1, 8(s0)
        shutdown 0
        .align 2
        handler:
        csrr t1, scause
        sd t1, 16(s0)
        li t1, -1
        csrw 0x14d, t1
        ld t1, 24(s0)
        addi t1, t1, 1
        sd t1, 24(s0)
        sret
      `),
    );
    runToEnd(g);
    assert.equal(g.word(results + 16), (1n << 63n) | 5n, 'scause: supervisor timer interrupt');
    assert.equal(g.word(results + 24), 2n, 'taken twice');
    // The handler and the instruction after WFI take a few instructions, a tick or two.
    for (const [offset, tick] of [
      [0, 5000n],
      [8, 9000n],
    ] as const) {
      const late = g.word(results + offset) - tick;
      assert(late >= 0n && late <= 3n, `${late} ticks late`);
    }
    assert.equal(g.machine.exitCounts['wfi'], 2);
  });

  it('keeps time itself for harts without Sstc', () => {
    const g = realGuest(
      assemble(`
        la t0, handler
        csrw stvec, t0
        li s0, ${results}
        li t0, 32
        csrs sie, t0
        csrsi sstatus, 2
        li a0, 700
        call 0x54494d45, 0
        1: ld t0, 0(s0)
        beqz t0, 1b
        shutdown 0
        .align 2
        handler:
        rdtime s1
        li a0, -1
        call 0x54494d45, 0         # clears the pending interrupt
        csrr t0, sip
        sd t0, 8(s0)
        sd s1, 0(s0)
        sret
      `),
      { isa: 'rv64imac' },
    );
    runToEnd(g);
    const late = g.word(results) - 700n;
    assert(late >= 0n && late <= 2n, `${late} ticks late`);
    assert.equal(g.word(results + 8), 0n);
  });

  it('starts harts, sends them interrupts and stops them', () => {
    const g = realGuest(
      assemble(`
        li s0, ${results}
        bnez a0, wrong
        li a0, 1
        la a1, second
        li a2, 0x77
        call 0x48534d, 0
        sd a0, 0(s0)
        1: ld t0, 64(s0)
        beqz t0, 1b
        li a0, 2
        li a1, 0
        call 0x735049, 0
        sd a0, 8(s0)
        2: li a0, 1
        call 0x48534d, 2
        li t0, 1
        bne a1, t0, 2b
        shutdown 0
        wrong: shutdown 1
        second:
        li s0, ${results}
        sd a0, 72(s0)
        sd a1, 80(s0)
        csrsi sie, 2
        fence
        li t0, 1
        sd t0, 64(s0)
        wfi
        csrr t0, sip
        sd t0, 88(s0)
        call 0x48534d, 1
        j wrong
      `),
      { harts: 2 },
    );
    runToEnd(g);
    const at = (offset: number) => g.word(results + offset);
    assert.deepEqual([at(0), at(8), at(72), at(80), at(88)], [0n, 0n, 1n, 0x77n, 2n]);
    assert.equal(g.machine.hartState(1), 'stopped');
  });

  it('gives the guest its own exceptions, with the registers that hardware would set', () => {
    const g = realGuest(
      assemble(`
        la t0, handler
        csrw stvec, t0
        li s0, ${results}
        csrr a0, hstatus           # virtual instruction: illegal for the guest
        li a0, 0x1000
        call 4, 0                  # legacy send_ipi, its mask outside memory
        .word 0                    # illegal
        ebreak
        li t0, ${ram + 0x2001}
        lr.d t1, (t0)              # misaligned
        shutdown 0
        .align 2
        handler:
        csrr t1, scause
        sd t1, 0(s0)
        csrr t1, stval
        sd t1, 8(s0)
        addi s0, s0, 16
        csrr t1, sepc
        lhu t2, 0(t1)
        andi t2, t2, 3
        addi t1, t1, 2
        li t3, 3
        bne t2, t3, 1f
        addi t1, t1, 2
        1: csrw sepc, t1
        sret
      `),
    );
    runToEnd(g);
    const traps = [0, 1, 2, 3, 4, 5].map((i) => g.word(results + 16 * i));
    // .word 0 is two compressed illegal instructions.
    assert.deepEqual(traps, [2n, 5n, 2n, 2n, 3n, 4n]);
    assert.equal(g.word(results + 8), 0x60002573n);
    assert.equal(g.word(results + 24), 0x1000n);
    assert.equal(g.word(results + 88), BigInt(ram + 0x2001));
  });

  it('counts instructions that the guest reads as the hart does', () => {
    const g = realGuest(
      assemble(`
        rdinstret s1
        nop
        nop
        nop
        rdinstret s2
        sub s2, s2, s1
        li t0, ${results}
        sd s2, 0(t0)
        shutdown 0
      `),
    );
    runToEnd(g);
    // The hart retires the three nops; the reads themselves are emulated.
    assert.equal(g.word(results), 3n);
    assert.equal(g.machine.exitCounts['csr'], 2);
  });

  it('says where a guest jumped that has no memory there', () => {
    const g = realGuest(assemble('li t0, 0x1234\n jr t0'));
    const stop = g.machine.run(100);
    assert(stop.kind === 'event');
    assert.match(
      stop.text,
      /scause 20\) at pc 0x1234, virtual address 0x1234, guest-physical address 0x1234/,
    );
    runToEnd(g, 125);
  });

  it('steps one instruction at a time, also over calls, devices and WFI', () => {
    const g = realGuest(
      assemble(`
        li t0, ${deviceBase}
        sb t0, 0(t0)
        li a0, 65
        call 0x4442434e, 2
        shutdown 0
      `),
    );
    const stop = () => g.machine.run(1, 0).kind;
    let steps = 0;
    while (stop() === 'budget') {
      steps++;
      assert.equal(g.machine.instructions, steps);
    }
    assert.equal(g.output(), 'A');
    // What the assembler made of it, less the last ecall, which does not return.
    assert.equal(steps, 12);
    assert.equal(g.machine.instructions, steps);
  });

  it('stops at each breakpoint once, also where the instruction faults or is emulated', () => {
    const g = realGuest(
      assemble(`
        .option norvc
        li t0, ${ram + 0x80_0000}
        li a0, 66
        li a7, 0x4442434e
        li a6, 2
        .balign 64
        sd zero, 0(t0)             # touches memory for the first time
        ecall
        nop
        shutdown 0
      `),
    );
    const [hart] = g.machine.harts;
    assert(hart);
    const stops = [64, 68, 72].map((offset) => BigInt(ram + offset));
    hart.setBreakpoints(stops);
    const seen: bigint[] = [];
    for (;;) {
      const stop = g.machine.run(1000);
      if (stop.kind === 'ended') break;
      assert.deepEqual(stop, { kind: 'breakpoint', hart: 0 });
      seen.push(hart.pc);
      assert.equal(g.output(), hart.pc > BigInt(ram + 68) ? 'B' : '');
      hart.skipBreakpointOnce();
    }
    assert.deepEqual(seen, stops);
    assert.equal(g.machine.exitCounts['guest-page-fault'], 1);
  });

  it('maps memory in large pages as it is touched', () => {
    const g = realGuest(
      assemble(`
        li t0, ${ram + 0x80_0000}
        lw t1, 0(t0)
        li t0, ${ram + ramSize - 8}
        sd t1, 0(t0)
        shutdown 0
      `),
    );
    runToEnd(g);
    const table = g.machine.harts[0]?.mappings('guest', 10);
    assert.equal(table?.title, 'Sv39x4, root 0x40000000, VMID 1');
    assert.deepEqual(
      table.rows.map((r) => [r.input, r.output, r.size, r.pageSize]),
      [0, 0x80_0000, ramSize - 0x20_0000].map((offset) => [
        BigInt(ram + offset),
        0x1_0000_0000n + BigInt(offset),
        0x20_0000n,
        0x20_0000n,
      ]),
    );
    assert.equal(g.machine.exitCounts['guest-page-fault'], 2);
  });
});
