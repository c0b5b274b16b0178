/** Harts of one machine share code and regions: each must find it as the interpreter would. */
import assert from 'node:assert/strict';
import type { TranslatorOptions } from '../../../src/core/engine/translator/translator.ts';
import { Random } from '../../differential/random.ts';
import { runRandomly } from './alikeMachines.ts';

const ways: readonly TranslatorOptions[] = [
  { period: 1, batch: 1, eager: true },
  { period: 2, batch: 4 },
  { period: 1, batch: 1, capacity: 12 },
];

describe('core/engine/severalHarts', function () {
  this.timeout(60_000);
  for (const xlen of [64, 32] as const) {
    for (const harts of [2, 3, 4]) {
      it(`${harts} harts in turns, with stores into each other's code, RV${xlen}`, () => {
        const random = new Random(xlen + harts);
        for (const translation of ways) {
          const run = { xlen, harts, slices: 60, longest: 2000, translation };
          const machine = runRandomly(random, run);
          assert.ok(machine.engineCounters!()['regions']! > 0);
        }
      });
    }
  }
});
