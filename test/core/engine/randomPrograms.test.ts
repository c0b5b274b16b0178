/**
 * Random programs have the state in regions that they have in the interpreter: on one hart, and on
 * several that share code and regions.
 */
import assert from 'node:assert/strict';
import type { TranslatorOptions } from '../../../src/core/engine/translator/translator.ts';
import { Random } from '../../differential/random.ts';
import { runRandomly } from './alikeMachines.ts';

const ways: readonly TranslatorOptions[] = [
  { period: 1, batch: 1, eager: true },
  { period: 2, batch: 4 },
  { period: 1, batch: 1, capacity: 12 },
  { period: 1, batch: 1, drafts: { period: 1, ahead: 5, batch: 1 } },
  { period: 64, drafts: { period: 1, ahead: 1 << 30, batch: 1 } },
];

describe('core/engine/randomPrograms', function () {
  this.timeout(60_000);
  for (const xlen of [64, 32] as const) {
    it(`one hart, with stores into its own code, RV${xlen}`, () => {
      runWays(xlen, 1);
    });
    for (const harts of [2, 3, 4]) {
      it(`${harts} harts in turns, with stores into each other's code, RV${xlen}`, () => {
        runWays(xlen, harts);
      });
    }
  }
});

function runWays(xlen: 32 | 64, harts: number): void {
  const random = new Random(xlen + harts);
  for (const translation of ways) {
    const run = { xlen, harts, slices: 60, longest: 2000, translation };
    const machine = runRandomly(random, run);
    const { regions, drafts } = machine.engineCounters!();
    assert.ok(regions! + drafts! > 0);
    assert.equal(drafts! > 0, translation.drafts !== undefined);
  }
}
