/** Hot code by its mappings: two of one page, two of one address, and mappings that change. */
import assert from 'node:assert/strict';
import { describeEngines, ramBase, rig } from '../isa/riscv/rig.ts';
import { encode } from '../../differential/encode.ts';
import { enterSupervisor, PageTables } from './pageTables.ts';

// The fetch TLB has 512 places: these are elsewhere than the calling code, whose page is the first.
const low = 0x4000_5000;
const high = 0x4020_9000;
const page = (number: number): number => ramBase + number * 0x1000;

/** Instructions of four bytes each, written to a page. */
function write(memory: { write32(at: number, value: number): void }, at: number, words: number[]) {
  words.forEach((word, i) => memory.write32(at + i * 4, word));
}

const addi = (rd: number, rs1: number, imm: number): number => encode('addi', { rd, rs1, imm });
const ret = encode('jalr', { rd: 0, rs1: 1, imm: 0 });
const [a0, a1, a2, a3, a4, a5, s3] = [10, 11, 12, 13, 14, 15, 19];

describeEngines('core/engine/mappedCode', () => {
  it('a page at two addresses runs with the pc that it has', () => {
    const r = rig(`
_start: li s0, 200
  li s2, ${low}
  li s3, ${high}
1: jalr s2
  add s4, s4, a0
  jalr s3
  add s5, s5, a0
  addi s0, s0, -1
  bnez s0, 1b
2: j 2b`);
    const tables = new PageTables(r, 0);
    tables.identity(2);
    tables.map(low, page(4));
    tables.map(high, page(4));
    // A loop, so that there is a region, and what is relative to pc.
    write(r.memory, page(4), [
      addi(11, 0, 3),
      addi(11, 11, -1),
      encode('bne', { rs1: 11, rs2: 0, imm: -4 }),
      encode('auipc', { rd: a0, imm: 0 }),
      ret,
    ]);
    enterSupervisor(r, tables);
    r.step(10_000);
    assert.equal(r.x('s0'), 0n);
    assert.equal(r.x('s4'), 200n * BigInt(low + 12));
    assert.equal(r.x('s5'), 200n * BigInt(high + 12));
  });

  it('a store by one address changes the code at the other', () => {
    const r = rig(`
_start: li s0, 200
  li s2, ${low}
  li s3, ${high}
  lw s4, 4(s2)
1: li s1, 10
2: jalr s2
  addi s1, s1, -1
  bnez s1, 2b
  li t0, 0x100000
  add s4, s4, t0
  sw s4, 4(s3)
  addi s0, s0, -1
  bnez s0, 1b
3: j 3b`);
    const tables = new PageTables(r, 0);
    tables.identity(2);
    tables.map(low, page(4));
    tables.map(high, page(4));
    // Not where the function begins: that place is looked at before it is entered.
    write(r.memory, page(4), [addi(12, 12, 1), addi(a0, a0, 1), ret]);
    enterSupervisor(r, tables);
    r.step(20_000);
    assert.equal(r.x('s0'), 0n);
    // The immediate grows by one each round, from 1 to 200.
    assert.equal(r.x('a0'), 10n * ((200n * 201n) / 2n));
  });

  it('pages that share a place in the fetch TLB', () => {
    const r = rig(`
_start: li s0, 300
  li s2, ${low}
  li s3, ${low + 512 * 4096}
1: jalr s2
  jalr s3
  jalr s3
  addi s0, s0, -1
  bnez s0, 1b
2: j 2b`);
    const tables = new PageTables(r, 0);
    tables.identity(2);
    tables.map(low, page(4));
    tables.map(low + 512 * 4096, page(5));
    write(r.memory, page(4), [addi(a0, a0, 1), ret]);
    write(r.memory, page(5), [addi(11, 11, 1), ret]);
    enterSupervisor(r, tables);
    r.step(5000);
    assert.equal(r.x('s0'), 0n);
    assert.equal(r.x('a0'), 300n);
    assert.equal(r.x('a1'), 600n);
  });

  it('an address in two spaces runs what each has there', () => {
    const r = rig(`
_start: li s0, 300
  li s2, ${low}
1: csrw satp, s3
  jalr s2
  call near
  csrw satp, s4
  jalr s2
  call near
  addi s0, s0, -1
  bnez s0, 1b
2: j 2b
near: mv t0, ra
  jalr s2
  jr t0`);
    const spaces = [0, 1].map((place) => new PageTables(r, place));
    const code = [addi(a0, a0, 1), addi(11, 11, 1)];
    spaces.forEach((tables, i) => {
      tables.identity(2);
      tables.map(low, page(4 + i));
      write(r.memory, page(4 + i), [code[i]!, ret]);
    });
    enterSupervisor(r, spaces[0]!);
    spaces.forEach((tables, i) => r.hart.setX(s3 + i, tables.register(i + 1)));
    r.step(9000);
    assert.equal(r.x('s0'), 0n);
    assert.equal(r.x('a0'), 600n);
    assert.equal(r.x('a1'), 600n);
  });

  it('a loop over two pages, of which the second is mapped anew', () => {
    // The loop begins at the end of one page, and the other half of it comes from three pages in turn.
    const r = rig(`
_start: li s0, 300
  li s2, ${low + 0xff4}
1: sd s4, 0(s3)
  sfence.vma
  li s1, 20
  jalr s2
  sd s5, 0(s3)
  li t0, ${low + 0x1000}
  sfence.vma t0, zero
  li s1, 20
  jalr s2
  addi s0, s0, -1
  bnez s0, 1b
2: j 2b`);
    const tables = new PageTables(r, 0);
    tables.identity(2);
    tables.map(low, page(4));
    tables.map(low + 0x1000, page(5));
    write(r.memory, page(4) + 0xff4, [addi(9, 9, -1), addi(12, 12, 1), addi(13, 13, 1)]);
    const back = encode('bne', { rs1: 9, rs2: 0, imm: -16 });
    write(r.memory, page(5), [addi(a0, a0, 1), back, ret]);
    write(r.memory, page(6), [addi(11, 11, 1), back, ret]);
    enterSupervisor(r, tables);
    r.hart.setX(s3, BigInt(tables.entryOf(low + 0x1000)));
    r.hart.setX(20, tables.leaf(page(5)));
    r.hart.setX(21, tables.leaf(page(6)));
    r.step(70_000);
    assert.equal(r.x('s0'), 0n);
    assert.equal(r.x('a2'), 300n * 40n);
    assert.equal(r.x('a0'), 300n * 20n);
    assert.equal(r.x('a1'), 300n * 20n);
  });

  for (const [stage, all, one] of [
    ['VS', 'hfence.vvma', `li t0, ${low}\n hfence.vvma t0, zero`],
    ['G', 'hfence.gvma', `li t0, ${low / 4}\n hfence.gvma t0, zero`],
  ] as const) {
    it(`a loop of a guest, mapped anew in the ${stage}-stage`, () => {
      // HS-mode goes to the loop by SRET and comes back by its ECALL.
      const r = rig(`
_start: li s0, 200
  li s2, ${low}
  la t0, back
  csrw stvec, t0
1: sd s4, 0(s3)
  ${all}
  call enter
  sd s5, 0(s3)
  ${one}
  call enter
  addi s0, s0, -1
  bnez s0, 1b
2: j 2b
enter: li t0, 0x80
  csrs hstatus, t0
  li t0, 0x100
  csrs sstatus, t0
  csrw sepc, s2
  li s1, 20
  sret
  .balign 4
back: ret`);
      const ofGuest = new PageTables(r, 0);
      const ofHost = new PageTables(r, 1, 'guestPhysical');
      for (const tables of [ofGuest, ofHost]) tables.identity(2);
      const changing = stage === 'VS' ? ofGuest : ofHost;
      changing.map(low, page(4));
      const loop = [
        addi(9, 9, -1),
        encode('bne', { rs1: 9, rs2: 0, imm: -8 }),
        encode('ecall', {}),
      ];
      write(r.memory, page(4), [addi(a0, a0, 1), ...loop]);
      write(r.memory, page(5), [addi(11, 11, 1), ...loop]);
      r.setCsr('medeleg', 1n << 10n);
      r.setCsr('hgatp', ofHost.register());
      r.setCsr('vsatp', stage === 'VS' ? ofGuest.register() : 0n);
      enterSupervisor(r, ofGuest);
      r.setCsr('satp', 0n);
      r.hart.setX(s3, BigInt(changing.entryOf(low)));
      r.hart.setX(20, changing.leaf(page(4)));
      r.hart.setX(21, changing.leaf(page(5)));
      r.hart.run(40_000);
      assert.equal(r.x('s0'), 0n);
      assert.equal(r.x('a0'), 200n * 20n);
      assert.equal(r.x('a1'), 200n * 20n);
    });
  }

  for (const stage of ['satp', 'vsatp'] as const) {
    it(`the page that maps itself anew, by ${stage}, goes on in the new one behind its fence`, () => {
      const r = rig();
      const tables = new PageTables(r, 0);
      tables.identity(2);
      tables.map(low, page(4));
      const fence = encode('sfence.vma', { rs1: 0, rs2: 0 });
      const wrong = addi(a5, a5, 1);
      const maps = (entry: number): number => encode('sd', { rs1: a3, rs2: entry, imm: 0 });
      // Behind the fence of either page comes what lies there in the other one.
      const [toSecond, toFirst] = [maps(a2), maps(a4)];
      write(r.memory, page(4), [
        ...[toSecond, fence, wrong, wrong, wrong, addi(a0, a0, 1)],
        encode('jal', { rd: 0, imm: -24 }),
      ]);
      write(r.memory, page(5), [wrong, wrong, addi(a1, a1, 1), toFirst, fence, wrong, wrong]);
      r.hart.setX(a2, tables.leaf(page(5)));
      r.hart.setX(a3, BigInt(tables.entryOf(low)));
      r.hart.setX(a4, tables.leaf(page(4)));
      enterSupervisor(r, tables);
      r.setCsr(stage, tables.register());
      r.hart.virtualized = stage === 'vsatp';
      r.hart.pc = BigInt(low);
      r.step(200 * 7);
      assert.deepEqual(
        [a0, a1, a5].map((x) => r.hart.getX(x)),
        [200n, 200n, 0n],
      );
    });
  }

  // A page of U-mode, readable; and one of S-mode, executable alone.
  for (const [bit, place, leafBits] of [
    ['SUM', 18n, 0xd7n],
    ['MXR', 19n, 0xc9n],
  ] as const) {
    for (const [status, stage] of [
      ['mstatus', 'satp'],
      ['vsstatus', 'vsatp'],
    ] as const) {
      it(`${status}.${bit} counts at once, for pages that were loaded from`, () => {
        const r = rig();
        const tables = new PageTables(r, 0);
        tables.identity(2);
        tables.map(low, page(4));
        const entry = (BigInt(page(5) / 4096) << 10n) | leafBits;
        r.memory.write64(tables.entryOf(high), entry);
        write(r.memory, page(4), [
          encode('ld', { rd: a2, rs1: a3, imm: 0 }),
          addi(a0, a0, 1),
          encode('jal', { rd: 0, imm: -8 }),
        ]);
        write(r.memory, page(6), [encode('jal', { rd: 0, imm: 0 })]);
        r.setCsr('mtvec', BigInt(page(6)));
        r.hart.setX(a3, BigInt(high));
        for (let round = 1; round <= 20; round++) {
          enterSupervisor(r, tables);
          r.setCsr(stage, tables.register());
          r.hart.virtualized = stage === 'vsatp';
          r.hart.pc = BigInt(low);
          r.setCsr(status, 1n << place);
          r.step(30);
          assert.equal(r.hart.getX(a0), BigInt(round * 10));
          r.setCsr(status, 0n);
          r.hart.run(5);
          assert.equal(r.csr('mcause'), 13n);
          assert.equal(r.csr('mtval'), BigInt(high));
          assert.equal(r.hart.getX(a0), BigInt(round * 10));
          r.setCsr('mcause', 0n);
        }
      });
    }
  }

  for (const writer of [0, 1]) {
    it(`code that hart ${writer} writes and the other fetches behind its own FENCE.I`, () => {
      // Each round the writer writes the function and says so; the other fences, calls it and answers.
      const r = rig(
        `
_start: csrr t0, mhartid
  la s2, function
  la s3, flag
  li s0, 200
  li t2, 1
  ${writer === 0 ? 'bnez' : 'beqz'} t0, caller
  lw s4, 0(s2)
  li t0, 0x100000
writer: add s4, s4, t0
  sw s4, 0(s2)
  fence w, w
  sw t2, 0(s3)
1: lw t1, 0(s3)
  bnez t1, 1b
  addi s0, s0, -1
  bnez s0, writer
2: j 2b
caller: lw t1, 0(s3)
  beqz t1, caller
  fence r, r
  fence.i
  li s1, 20
3: jalr s2
  addi s1, s1, -1
  bnez s1, 3b
  sw zero, 0(s3)
  addi s0, s0, -1
  bnez s0, caller
4: j 4b
  .balign 4096
function: .option norvc
  addi a0, a0, 0
  ret
  .balign 4096
flag: .word 0`,
        { harts: 2 },
      );
      for (let turn = 0; turn < 1000; turn++) for (const hart of r.harts) hart.run(50);
      for (const hart of r.harts) assert.equal(hart.getX(8), 0n);
      assert.equal(r.harts[1 - writer]!.getX(a0), 20n * ((200n * 201n) / 2n));
    });
  }
});
