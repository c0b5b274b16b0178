import assert from 'node:assert/strict';
import { ExitLog } from '../../src/extension/exitLog.ts';

const exit = (sequence: number, kind: string) => ({
  sequence,
  hart: 0,
  pc: '0x80200000',
  instructions: sequence * 10,
  kind,
  text: `${kind} ${sequence}`,
});

describe('ExitLog', () => {
  it('counts by kind, most frequent first, newest first within a kind', () => {
    const log = new ExitLog();
    log.add([exit(0, 'sbi'), exit(1, 'mmio'), exit(2, 'sbi')]);
    log.add([exit(2, 'sbi'), exit(3, 'wfi')]);
    assert.deepEqual(
      log.summary.map(({ kind, count }) => [kind, count]),
      [
        ['sbi', 2],
        ['mmio', 1],
        ['wfi', 1],
      ],
    );
    assert.deepEqual(
      log.summary[0]?.latest.map(({ sequence }) => sequence),
      [2, 0],
    );
    assert.equal(log.newest, 3);
    assert.equal(log.total, 4);
  });

  it('says how many were no longer kept', () => {
    const log = new ExitLog();
    log.add([exit(5, 'sbi')]);
    log.add([exit(9, 'sbi')]);
    assert.equal(log.missed, 3);
  });

  it('lists the last hundred of a kind and counts all', () => {
    const log = new ExitLog();
    log.add(Array.from({ length: 250 }, (_, at) => exit(at, 'sbi')));
    assert.equal(log.summary[0]?.count, 250);
    assert.equal(log.summary[0].latest.length, 100);
    assert.equal(log.summary[0].latest[0]?.sequence, 249);
  });
});
