/** Code at the limits: more regions than there may be, more pages of code than have records. */
import assert from 'node:assert/strict';
import { encode } from '../../differential/encode.ts';
import { ramBase, rig, type Rig } from '../isa/riscv/rig.ts';
import { allState } from './rigState.ts';
import { eagerTranslation } from '../../engine.ts';

const functions = ramBase + 0x10_0000;
const addi = (rd: number, rs1: number, imm: number): number => encode('addi', { rd, rs1, imm });

/**
 * A function in each of so many pages: function n runs a loop that adds n % 16 seven times, or just
 * adds it once if only one in so many has a loop.
 */
function fill(r: Rig, pages: number, oneIn = 1): void {
  const ret = encode('jalr', { rd: 0, rs1: 1, imm: 0 });
  const back = encode('bne', { rs1: 5, rs2: 0, imm: -8 });
  for (let i = 0; i < pages; i++) {
    const again = i % oneIn === 0 ? back : addi(0, 0, 0);
    const code = [addi(5, 0, 7), addi(10, 10, i % 16), addi(5, 5, -1), again, ret];
    code.forEach((word, n) => r.memory.write32(functions + i * 4096 + n * 4, word));
  }
}

const callAll = (pages: number): string => `
_start: li s0, 3
1: li s1, ${pages}
  li s2, ${functions}
  li s3, 4096
2: jalr s2
  jalr s2
  add s2, s2, s3
  addi s1, s1, -1
  bnez s1, 2b
  addi s0, s0, -1
  bnez s0, 1b
3: j 3b`;

const sumOf = (pages: number, oneIn = 1): bigint => {
  let sum = 0;
  for (let i = 0; i < pages; i++) sum += (i % 16) * (i % oneIn === 0 ? 7 : 1);
  return BigInt(sum * 2 * 3);
};

describe('core/engine/codeCache', function () {
  this.timeout(60_000);

  for (const limit of [
    { capacity: 1 },
    { capacity: 7 },
    { capacity: 100 },
    { capacityBytes: 20_000 },
  ]) {
    it(`400 functions with ${JSON.stringify(limit)}`, () => {
      const pages = 400;
      const options = { ramBytes: 8 << 20 };
      const translate = { ...eagerTranslation, ...limit };
      const rigs = [rig(callAll(pages), options), rig(callAll(pages), { ...options, translate })];
      for (const r of rigs) {
        fill(r, pages);
        r.step(80_000);
        assert.equal(r.x('a0'), sumOf(pages));
      }
      const [interpreted, translated] = rigs;
      assert.deepEqual(allState(translated!), allState(interpreted!));
      const { evictions, regions } = translated!.translator!.counters;
      assert.ok(evictions > 2, `${evictions} evictions`);
      assert.ok(regions > (limit.capacity ?? 100), `${regions} regions`);
    });
  }

  it('the table grows for all functions that there is room for', () => {
    const pages = 700;
    const translate = { period: 4, batch: 64, eager: true };
    const r = rig(callAll(pages), { ramBytes: 8 << 20, translate });
    const { length } = r.translator!.table;
    fill(r, pages);
    r.step(140_000);
    assert.equal(r.x('a0'), sumOf(pages));
    const { evictions, regions } = r.translator!.counters;
    assert.ok(regions > length && r.translator!.table.length > length, `${regions} regions`);
    assert.equal(evictions, 0);
  });

  for (const [name, translate] of [
    ['interpreter', undefined],
    ['translator', { period: 8, batch: 64, eager: true }],
  ] as const) {
    it(`more pages of code than have records, ${name}`, () => {
      // Some two thousand pages have records (riscvMachineParts.ts); then all begin anew.
      const pages = 2100;
      // V8 takes long for thousands of modules.
      const oneIn = 7;
      const r = rig(callAll(pages), { ramBytes: 12 << 20, translate });
      fill(r, pages, oneIn);
      r.step(350_000);
      assert.equal(r.x('a0'), sumOf(pages, oneIn));
      if (!r.translator) return;
      const { counters, table } = r.translator;
      const places = Array.from(
        { length: table.length },
        (_, place) => table.get(place) as unknown,
      );
      const alive = places.filter((place) => place !== null).length;
      // Each loop was translated again and again, and what was dropped with the records is gone.
      assert.ok(counters.regions > (2 * pages) / oneIn, `${counters.regions} regions`);
      assert.ok(alive < pages / oneIn, `${alive} alive`);
    });
  }

  it('breakpoints set and removed 10,000 times while code runs', () => {
    const source = `
_start: li s1, 0
1: addi s1, s1, 1
  mv a0, s1
  call twice
  add s2, s2, a0
  andi a1, s1, 3
  bnez a1, 1b
  addi s3, s3, 1
  j 1b
twice: slli a0, a0, 1
  addi a2, a2, 1
  ret`;
    const rigs = [rig(source), rig(source, { translate: eagerTranslation })] as const;
    const places = Array.from({ length: 15 }, (_, i) => BigInt(ramBase + 2 * i));
    let stops = 0;
    for (let i = 0; i < 10_000; i++) {
      // One after the other: at an instruction, within one, elsewhere; and none half of the time.
      // Mostly for a few instructions, as translating anew is what takes the time here.
      const budget = i % 16 < 2 ? 50 : 1 + (i % 5);
      const set = i % 2 === 0 ? [places[(i / 2) % places.length]!, BigInt(ramBase + 0x200)] : [];
      const [first, second] = rigs.map(({ hart }) => {
        hart.setBreakpoints(set);
        hart.skipBreakpointOnce();
        return { ...hart.run(budget), pc: hart.pc };
      });
      assert.deepEqual(second, first, `change ${i}`);
      if (first!.stop !== 'breakpoint') assert.equal(first!.retired, budget);
      else {
        assert.equal(first!.pc, set[0]);
        stops++;
      }
    }
    assert.ok(stops > 1000, `${stops} stops`);
    assert.deepEqual(allState(rigs[1]), allState(rigs[0]));
  });
});
