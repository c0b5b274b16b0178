/** How often code of a young run must have run before it is translated: the first more than others. */
import assert from 'node:assert/strict';
import { Youth } from '../../../src/core/engine/translator/youth.ts';
import { rig, type Rig } from '../isa/riscv/rig.ts';

describe('core/engine/translator: a young run', () => {
  const period = 16;
  const youth = 1_000_000;

  /** Two loops of two instructions, one after the other, each long enough for anything. */
  const loops = (options: { youth: number }): Rig =>
    rig(
      `
_start: li s0, 10000
1: addi s0, s0, -1
  bnez s0, 1b
  li s1, 10000
2: addi s1, s1, -1
  bnez s1, 2b
3: j 3b`,
      { translate: { period, ...options } },
    );

  /** How often each of the loops has gone round when there is a module for it. */
  function roundsBefore(r: Rig): number[] {
    return ['s0', 's1'].map((counter) => {
      const { modules } = r.translator!.counters;
      while (r.translator!.counters.modules === modules) {
        r.step(1);
        assert.ok(r.hart.instructions < 50_000, 'both are translated');
      }
      return 10_000 - Number(r.x(counter));
    });
  }

  it('asks most for its first module', () => {
    // A loop by itself is translated when it has run twice as often as is asked for.
    const [first, second] = roundsBefore(loops({ youth }));
    assert.ok(Math.abs(first! - 2 * period * 2 ** 6) <= period, `${first} rounds`);
    assert.ok(Math.abs(second! - 2 * period * 2 ** 4) <= period, `${second} rounds`);
  });

  it('translates no loop that mostly asks TypeScript, such as for the time', () => {
    const waiting = (body: string, young: number): number => {
      const r = rig(
        `
_start: li s0, 60000
1: ${body}
  nop
  nop
  addi s0, s0, -1
  bnez s0, 1b
2: j 2b`,
        { translate: { period: 256, youth: young } },
      );
      r.hart.run(290_000);
      return r.translator!.counters.regions;
    };
    assert.equal(waiting('csrr a0, time', youth), 0);
    assert.ok(waiting('csrr a0, time', 0) > 0);
    assert.ok(waiting('nop', youth) > 0);
  });

  it('forgets that it waited when a snapshot leads back', () => {
    let [instructions, byHost] = [0, 0];
    const young = new Youth({ instructions: () => instructions, byHost: () => byHost }, youth);
    const usual = young.doubts(true);
    [instructions, byHost] = [200_000, 100_000];
    const waiting = young.doubts(true);
    assert.ok(waiting > usual);
    instructions = 201_000;
    assert.equal(young.doubts(true), waiting);
    instructions = 100_000;
    assert.equal(young.doubts(true), usual);
  });

  it('is over some time', () => {
    for (const rounds of roundsBefore(loops({ youth: 0 }))) {
      assert.ok(Math.abs(rounds - 2 * period) <= period, `${rounds} rounds`);
    }
  });
});
