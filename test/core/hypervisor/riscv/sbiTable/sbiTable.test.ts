/**
 * Every function of the SBI from a guest's side, for its success and for each error that its table
 * lists; that none is missing is itself a test.
 */
import assert from 'node:assert/strict';
import { defaultCalls } from '../../../../../src/core/hypervisor/riscv/vcpuSbi.ts';
import {
  describeExtension,
  functionNamed,
} from '../../../../../src/core/hypervisor/riscv/sbiNames.ts';
import { errorTables, legacy } from './errorTables.ts';
import { hartScenarios } from './harts.ts';
import { memoryScenarios } from './memory.ts';
import { virtualMaskScenarios } from './virtualMasks.ts';
import { runScenario, type Row, type Scenario } from './scenario.ts';

const scenarios: readonly Scenario[] = [
  ...hartScenarios,
  ...virtualMaskScenarios,
  ...memoryScenarios,
];

for (const xlen of [64, 32] as const) {
  describe(`SBI from a guest's side on RV${xlen}`, () => {
    for (const scenario of scenarios) {
      if (scenario.only !== undefined && scenario.only !== xlen) continue;
      it(scenario.name, () => runScenario(xlen, scenario));
    }
  });
}

describe("SBI from a guest's side: nothing is left out", () => {
  const rows: readonly Row[] = scenarios.flatMap((scenario) => scenario.rows(64));

  for (const { extension, name, table, errors, never } of errorTables) {
    it(`${extension} ${name}: ${table}`, () => {
      const given = rows.filter(
        (row) => row.fn === `${extension} ${name}` && row.fid === undefined,
      );
      // A function that does not return when it succeeds has no SUCCESS in its table.
      const succeeds = given.some((row) => row.gives === 'SUCCESS');
      assert(succeeds, 'no row for its success');
      const missing = errors.filter((e) => !(e in never) && !given.some((row) => row.gives === e));
      assert.deepEqual(missing, []);
      const possible = Object.keys(never).filter((e) => given.some((row) => row.gives === e));
      assert.deepEqual(possible, [], 'said never to come');
    });
  }

  it('every extension has a row with a function that there is not', () => {
    const without = [...new Set(errorTables.map((f) => f.extension))].filter(
      (extension) =>
        !rows.some((row) => row.fn.startsWith(`${extension} `) && row.fid !== undefined),
    );
    assert.deepEqual(without, []);
  });

  it('every legacy call', () => {
    const without = Object.keys(legacy).filter(
      (name) => !rows.some((r) => r.fn === `legacy ${name}`),
    );
    assert.deepEqual(without, []);
  });

  it('the tables have all functions that the hypervisor names, by the same ids', () => {
    const eids = defaultCalls.map(({ extension: [first] }) => first).filter((eid) => eid > 0x0f);
    const handled = eids.filter((eid) => describeExtension(eid) !== '');
    assert.deepEqual(
      [...new Set(errorTables.map((f) => f.eid))].sort((a, b) => a - b),
      handled.sort((a, b) => a - b),
    );
    for (const { eid, fid, name, extension } of errorTables) {
      assert.equal(functionNamed(eid, name), fid, `${extension} ${name}`);
      assert.equal(describeExtension(eid), extension);
    }
  });
});
