/** Instructions whose halves lie in two pages: the second half is where its page is mapped just now. */
import assert from 'node:assert/strict';
import { describeEngines, ramBase, rig, type Rig } from '../isa/riscv/rig.ts';
import { encode } from '../../differential/encode.ts';
import { enterSupervisor, PageTables } from './pageTables.ts';

// The fetch TLB has 512 places: these are elsewhere than the calling code, whose page is the first.
const low = 0x4000_5000;
const high = 0x4020_9000;
const page = (number: number): number => ramBase + number * 0x1000;
const [a0, s2, s3, s4, s5] = [10, 18, 19, 20, 21];

/** Calls the instruction at s2 so often, twenty times at each round, between what happens there. */
const caller = (rounds: number, first: string, second: string): string => `
_start: li s0, ${rounds}
1: ${first}
  li s1, 20
2: jalr s2
  addi s1, s1, -1
  bnez s1, 2b
  ${second}
  li s1, 20
3: jalr s2
  addi s1, s1, -1
  bnez s1, 3b
  addi s0, s0, -1
  bnez s0, 1b
4: j 4b`;

/** ADDI a0, a0 begins at the end of page 4; pages 5 and 6 make it add 1 and 100, and return. */
function writeHalves({ memory }: Pick<Rig, 'memory'>): void {
  const words = [1, 100].map((imm) => encode('addi', { rd: a0, rs1: a0, imm }));
  memory.load(page(4) + 0xffe, bytesOf(words[0]!, 2));
  words.forEach((word, i) => {
    memory.load(page(5 + i), bytesOf(word >>> 16, 2));
    memory.load(page(5 + i) + 2, bytesOf(encode('jalr', { rd: 0, rs1: 1, imm: 0 }), 4));
  });
}

function bytesOf(word: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => word >>> (i * 8));
}

function mapped(source: string): { r: Rig; tables: PageTables } {
  const r = rig(source);
  const tables = new PageTables(r, 0);
  tables.identity(2);
  writeHalves(r);
  tables.map(low, page(4));
  tables.map(low + 0x1000, page(5));
  enterSupervisor(r, tables);
  r.hart.setX(s2, BigInt(low + 0xffe));
  return { r, tables };
}

describeEngines('core/engine/straddling', () => {
  it('the second page is mapped anew, and fenced', () => {
    const fence = `li t0, ${low + 0x1000}\n sfence.vma t0, zero`;
    const { r, tables } = mapped(caller(50, `sd s4, 0(s3)\n ${fence}`, `sd s5, 0(s3)\n ${fence}`));
    r.hart.setX(s3, BigInt(tables.entryOf(low + 0x1000)));
    r.hart.setX(s4, tables.leaf(page(5)));
    r.hart.setX(s5, tables.leaf(page(6)));
    r.step(15_000);
    assert.equal(r.x('s0'), 0n);
    assert.equal(r.x('a0'), 50n * 20n * 101n);
  });

  it('the first page is at two addresses, with two pages behind it', () => {
    const { r, tables } = mapped(caller(50, 'mv s2, s4', 'mv s2, s5'));
    tables.map(high, page(4));
    tables.map(high + 0x1000, page(6));
    r.hart.setX(s4, BigInt(low + 0xffe));
    r.hart.setX(s5, BigInt(high + 0xffe));
    r.step(15_000);
    assert.equal(r.x('s0'), 0n);
    assert.equal(r.x('a0'), 50n * 20n * 101n);
  });

  it('another page has the place of the second one in the fetch TLB', () => {
    const other = low + 0x1000 + 512 * 0x1000;
    const { r, tables } = mapped(caller(50, 'jalr s3', 'jalr s3'));
    tables.map(other, page(7));
    r.memory.load(page(7), bytesOf(encode('jalr', { rd: 0, rs1: 1, imm: 0 }), 4));
    r.hart.setX(s3, BigInt(other));
    r.step(15_000);
    assert.equal(r.x('s0'), 0n);
    assert.equal(r.x('a0'), 50n * 40n);
  });

  it('the second page goes: the fault is at the instruction, about the page', () => {
    const fence = `li t0, ${low + 0x1000}\n sfence.vma t0, zero`;
    const { r, tables } = mapped(caller(2, '', `sd zero, 0(s3)\n ${fence}`));
    r.hart.setX(s3, BigInt(tables.entryOf(low + 0x1000)));
    r.memory.load(page(7), bytesOf(encode('jal', { rd: 0, imm: 0 }), 4));
    r.setCsr('mtvec', BigInt(page(7)));
    r.hart.run(2000);
    assert.equal(r.x('a0'), 20n);
    assert.equal(r.csr('mcause'), 12n);
    assert.equal(r.csr('mepc'), BigInt(low + 0xffe));
    assert.equal(r.csr('mtval'), BigInt(low + 0x1000));
  });

  it('a breakpoint stops in the second page', () => {
    const { r } = mapped(caller(2, '', ''));
    for (let calls = 1; calls <= 30; calls++) {
      // Once it has run without.
      r.hart.setBreakpoints(calls > 10 ? [BigInt(low + 0x1002)] : []);
      r.hart.skipBreakpointOnce();
      const { stop } = r.hart.run(calls > 10 ? 100 : 5);
      assert.equal(stop, calls > 10 ? 'breakpoint' : 'budget');
      if (calls > 10) assert.equal(r.hart.pc, BigInt(low + 0x1002));
    }
    const before = r.x('a0');
    r.hart.setBreakpoints([]);
    r.hart.run(400);
    assert.ok(before >= 20n);
    assert.equal(r.x('a0'), 80n);
  });
});
