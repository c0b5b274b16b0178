/** Guests that wait for a device by asking it again and again: what one such access costs, counted. */
import assert from 'node:assert/strict';
import { deviceBase, eagerTranslation, ramBase, rig } from '../isa/riscv/rig.ts';

const rounds = 50_000;
/** Waits in a function of its own, as drivers do, and does a little with what it got. */
const source = `
.option norvc
_start: li sp, ${ramBase + 0x8000}
1: call wait
  j 1b
wait: addi sp, sp, -16
  sd ra, 8(sp)
2: lbu a0, 5(s0)
  andi a1, a0, 0x100
  addi s1, s1, 1
  beqz a1, 2b
  ld ra, 8(sp)
  addi sp, sp, 16
  ret`;
const instructions = 4;

describe('core/engine/polling', () => {
  for (const [name, translate] of [
    ['as in use', {}],
    ['every jump hot', eagerTranslation],
  ] as const) {
    it(`asks the device once a round, and nothing else of anybody: ${name}`, () => {
      const r = rig(source, { translate });
      r.hart.writeRegister('s0', BigInt(deviceBase));
      r.hart.run(rounds * instructions);
      const made = { ...r.translator!.counters };
      const before = { ...r.hart.work, ...r.translator!.traffic(1), polls: r.x('s1') };
      r.hart.run(rounds * instructions);
      const after = { ...r.hart.work, ...r.translator!.traffic(1), polls: r.x('s1') };
      const grown = (key: keyof typeof after): number => Number(after[key]) - Number(before[key]);
      const polls = grown('polls');
      assert.ok(polls > 0.99 * rounds, `${polls} polls`);
      assert.ok(Math.abs(grown('slowLoads') - polls) <= 1, `${grown('slowLoads')} slow loads`);
      for (const key of ['slowStores', 'slowAtomics', 'hostInstructions', 'fetchMisses'] as const) {
        assert.equal(grown(key), 0, key);
      }
      // The device is asked out of the region, which is not left for it.
      assert.ok(grown('leaves') <= 1, `${grown('leaves')} leaves`);
      assert.ok(grown('entries') <= 1, `${grown('entries')} entries`);
      // Nothing is made anew, however long the guest waits.
      assert.deepEqual(r.translator!.counters, made);
      assert.ok(made.regions <= 8, `${made.regions} regions`);
    });
  }
});
