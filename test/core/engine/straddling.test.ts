/** Instructions whose halves lie in two pages: the second half is where its page is mapped just now. */
import assert from 'node:assert/strict';
import {
  describeEngines,
  eagerTranslation,
  ramBase,
  rig,
  type Rig,
  type RigOptions,
} from '../isa/riscv/rig.ts';
import type { ObservedModule } from '../../../src/core/engine/translator/observed.ts';
import { csrNumber } from '../../../src/core/isa/riscv/csr/names.ts';
import { assemble } from '../../differential/assemble.ts';
import { encode } from '../../differential/encode.ts';
import { enterSupervisor, PageTables } from './pageTables.ts';

// The fetch TLB has 512 places: these are elsewhere than the calling code, whose page is the first.
const low = 0x4000_5000;
const high = 0x4020_9000;
const page = (number: number): number => ramBase + number * 0x1000;
const [a0, a2, s1, s2, s3, s4, s5] = [10, 12, 9, 18, 19, 20, 21];

/** Calls s2 twice at each round, with s1 as 20 at each call, after what else happens there. */
const caller = (rounds: number, first: string, second: string): string => `
_start: li s0, ${rounds}
1: ${first}
  li s1, 20
  jalr s2
  ${second}
  li s1, 20
  jalr s2
  addi s0, s0, -1
  bnez s0, 1b
4: j 4b`;

const addi = (rd: number, imm: number): number => encode('addi', { rd, rs1: rd, imm });
const ret = encode('jalr', { rd: 0, rs1: 1, imm: 0 });

function bytesOf(word: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => word >>> (i * 8));
}

/** Words from an address on. */
function write({ memory }: Pick<Rig, 'memory'>, at: number, words: readonly number[]): void {
  words.forEach((word, i) => memory.load(at + i * 4, bytesOf(word, 4)));
}

interface Straddling {
  /** Where it begins, before the end of its page. */
  readonly begins: number;
  readonly before: readonly number[];
  /** Those whose first half is at the end of page 4, their second in pages 5 and 6. */
  readonly words: readonly [number, number];
  readonly behind: readonly number[];
}

/** Goes round s1 times, with ADDI a0 of 1 or 100 in the middle. */
const within: Straddling = {
  begins: 0xff6,
  before: [addi(a2, 1), addi(s1, -1)],
  words: [addi(a0, 1), addi(a0, 100)],
  behind: [encode('bne', { rs1: s1, rs2: 0, imm: -12 }), ret],
};

/** As it, where the branch back leads to the instruction in two pages. */
const atFront: Straddling = {
  begins: 0xffe,
  before: [],
  words: within.words,
  behind: [addi(a2, 1), addi(s1, -1), encode('bne', { rs1: s1, rs2: 0, imm: -12 }), ret],
};

/** Page 4 is at `low`, with page 5 behind it. */
function mapped(
  source: string,
  { begins, before, words, behind } = within,
  options: RigOptions = {},
): { r: Rig; tables: PageTables } {
  const r = rig(source, options);
  const tables = new PageTables(r, 0);
  tables.identity(2);
  write(r, page(4) + begins, before);
  words.forEach((word, i) => {
    r.memory.load(page(4) + 0xffe, bytesOf(word, 2));
    r.memory.load(page(5 + i), bytesOf(word >>> 16, 2));
    write(r, page(5 + i) + 2, behind);
  });
  tables.map(low, page(4));
  tables.map(low + 0x1000, page(5));
  enterSupervisor(r, tables);
  r.hart.setX(s2, BigInt(low + begins));
  return { r, tables };
}

/** Page 4 is at `high`, too, with page 6 behind it there; s4 and s5 are where the code begins. */
function atTwoAddresses(source: string, code: Straddling): Rig {
  const { r, tables } = mapped(source, code);
  tables.map(high, page(4));
  tables.map(high + 0x1000, page(6));
  r.hart.setX(s4, BigInt(low + code.begins));
  r.hart.setX(s5, BigInt(high + code.begins));
  return r;
}

const fence = `li t0, ${low + 0x1000}\n sfence.vma t0, zero`;

describeEngines('core/engine/straddling', () => {
  for (const [where, code] of Object.entries({
    'in the middle of': within,
    'at the front of': atFront,
  })) {
    it(`${where} a loop: the second page is mapped anew, and fenced`, () => {
      const source = caller(50, `sd s4, 0(s3)\n ${fence}`, `sd s5, 0(s3)\n ${fence}`);
      const { r, tables } = mapped(source, code);
      r.hart.setX(s3, BigInt(tables.entryOf(low + 0x1000)));
      r.hart.setX(s4, tables.leaf(page(5)));
      r.hart.setX(s5, tables.leaf(page(6)));
      r.step(15_000);
      assert.equal(r.x('s0'), 0n);
      assert.equal(r.x('a2'), 50n * 40n);
      assert.equal(r.x('a0'), 50n * 20n * 101n);
    });

    it(`${where} a loop: the first page is at two addresses, with two pages behind it`, () => {
      const r = atTwoAddresses(caller(50, 'mv s2, s4', 'mv s2, s5'), code);
      r.step(15_000);
      assert.equal(r.x('s0'), 0n);
      assert.equal(r.x('a0'), 50n * 20n * 101n);
    });

    it(`${where} a loop: stores to its second half are seen`, () => {
      const source = caller(50, 'sh s4, 0(s3)', 'sh s5, 0(s3)');
      const { r } = mapped(source, code);
      r.hart.setX(s3, BigInt(page(5)));
      code.words.forEach((word, i) => r.hart.setX(s4 + i, BigInt(word >>> 16)));
      r.step(15_000);
      assert.equal(r.x('s0'), 0n);
      assert.equal(r.x('a0'), 50n * 20n * 101n);
    });

    it(`${where} a loop: another page has the place of the second one in the fetch TLB`, () => {
      const other = low + 0x1000 + 512 * 0x1000;
      const { r, tables } = mapped(caller(50, 'jalr s3', 'jalr s3'), code);
      tables.map(other, page(7));
      write(r, page(7), [ret]);
      r.hart.setX(s3, BigInt(other));
      r.step(15_000);
      assert.equal(r.x('s0'), 0n);
      assert.equal(r.x('a0'), 50n * 40n);
    });

    it(`${where} a loop: the second page goes, and the fault is about it`, () => {
      const { r, tables } = mapped(caller(50, '', `sd s4, 0(s3)\n ${fence}`), code);
      r.hart.setX(s3, BigInt(tables.entryOf(low + 0x1000)));
      r.hart.setX(s4, tables.leaf(page(5)));
      write(r, page(7), [encode('jal', { rd: 0, imm: 0 })]);
      r.setCsr('mtvec', BigInt(page(7)));
      r.step(4000);
      const before = r.x('a0');
      r.hart.setX(s4, 0n);
      r.hart.run(4000);
      assert.ok(before > 200n && r.x('a0') > before);
      assert.equal(r.csr('mcause'), 12n);
      assert.equal(r.csr('mepc'), BigInt(low + 0xffe));
      assert.equal(r.csr('mtval'), BigInt(low + 0x1000));
    });
  }

  it('a branch back, and a load that faults', () => {
    const back = encode('bne', { rs1: s1, rs2: 0, imm: -8 });
    const code = { ...within, before: [addi(a0, 1), addi(s1, -1)], words: [back, back] as const };
    const { r } = mapped(caller(50, '', ''), { ...code, behind: [ret] });
    r.step(8000);
    assert.equal(r.x('s0'), 0n);
    assert.equal(r.x('a0'), 50n * 40n);
    const load = encode('lw', { rd: a0, rs1: s3, imm: 0 });
    const faulting = mapped(caller(50, '', ''), { ...within, words: [load, load] });
    faulting.r.hart.setX(s3, BigInt(ramBase));
    write(faulting.r, page(7), [encode('jal', { rd: 0, imm: 0 })]);
    faulting.r.setCsr('mtvec', BigInt(page(7)));
    faulting.r.step(4000);
    faulting.r.hart.setX(s3, 0n);
    faulting.r.hart.run(200);
    assert.equal(faulting.r.csr('mcause'), 13n);
    assert.equal(faulting.r.csr('mepc'), BigInt(low + 0xffe));
  });

  it('a CSR instruction is about the CSR that the second page says', () => {
    const [one = 0, two = 0] = ['sie', 'sip'].map((name) =>
      encode('csrrsi', { rd: 0, csr: csrNumber(name), zimm: 2 }),
    );
    const code = { ...within, words: [one, two] as const };
    const clear = 'csrw sie, zero\n csrw sip, zero';
    const add = 'csrr t0, sie\n add s6, s6, t0\n csrr t0, sip\n add s7, s7, t0';
    const source = caller(50, `${clear}\n mv s2, s4`, `${add}\n mv s2, s5`);
    const r = atTwoAddresses(source, code);
    r.setCsr('mideleg', 2n);
    r.step(12_000);
    assert.equal(r.x('s0'), 0n);
    assert.deepEqual([r.x('s6'), r.x('s7'), r.csr('sip')], [100n, 0n, 2n]);
  });

  it('a breakpoint stops in the second page, and at the instruction itself', () => {
    for (const at of [low + 0x1002, low + 0xffe]) {
      const { r } = mapped(caller(50, '', ''));
      // Once it has run without.
      r.step(2000);
      const before = r.x('a0');
      r.hart.setBreakpoints([BigInt(at)]);
      for (let stops = 1; stops <= 20; stops++) {
        r.hart.skipBreakpointOnce();
        assert.equal(r.hart.run(100).stop, 'breakpoint');
        assert.equal(r.hart.pc, BigInt(at));
      }
      const after = r.x('a0');
      assert.ok(after - before >= 19n && after - before <= 20n);
      r.hart.setBreakpoints([]);
      r.hart.skipBreakpointOnce();
      r.hart.run(9000);
      assert.equal(r.x('a0'), 50n * 40n);
    }
  });
});

describe('core/engine/straddling', () => {
  it('is told of with both its pages to who looks on', () => {
    const halves: (readonly number[])[] = [];
    const observe = ({ regions }: ObservedModule): void => {
      const instructions = regions.flatMap(({ blocks }) => blocks.flatMap((b) => b.instructions));
      for (const each of instructions) {
        if (each.address === BigInt(low + 0xffe)) halves.push(each.halves);
      }
    };
    const translate = { ...eagerTranslation, observe };
    const { r, tables } = mapped(caller(50, '', ''), within, { translate });
    tables.map(low + 0x1000, page(6));
    r.step(6000);
    assert.ok(halves.length > 0);
    for (const each of halves) assert.deepEqual(each, [page(4) + 0xffe, page(6)]);
  });

  it('is inside regions', () => {
    const r = rig('', { translate: eagerTranslation });
    const source = caller(200, '', '');
    r.memory.load(ramBase, assemble(source, ramBase, 64));
    write(r, page(4) + within.begins, within.before);
    r.memory.load(page(4) + 0xffe, bytesOf(within.words[0], 4));
    write(r, page(5) + 2, within.behind);
    r.hart.setX(s2, BigInt(page(4) + within.begins));
    r.step(40_000);
    const { entries, leaves } = r.translator!.traffic(1);
    assert.equal(r.x('a0'), 200n * 40n);
    assert.ok(entries + leaves < 1000, `${entries} entries, ${leaves} leaves`);
  });
});
