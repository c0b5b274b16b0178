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
  it('lists kinds, the most frequent first, and within a kind the newest first', () => {
    const log = new ExitLog();
    log.add([exit(1, 'sbi'), exit(2, 'mmio'), exit(3, 'sbi')], { sbi: 2, mmio: 1 });
    log.add([exit(3, 'sbi'), exit(4, 'wfi')], { sbi: 2, mmio: 1, wfi: 1 });
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
      [3, 1],
    );
    assert.equal(log.newest, 4);
  });

  it('counts what is no longer kept', () => {
    const log = new ExitLog();
    log.add([exit(5000, 'sbi')], { sbi: 4990, mmio: 10, wfi: 0 });
    assert.deepEqual(
      log.summary.map(({ kind, count, latest }) => [kind, count, latest.length]),
      [
        ['sbi', 4990, 1],
        ['mmio', 10, 0],
      ],
    );
  });

  it('lists the last hundred of a kind', () => {
    const log = new ExitLog();
    const rows = Array.from({ length: 250 }, (_, at) => exit(at + 1, 'sbi'));
    log.add(rows, { sbi: 250 });
    assert.equal(log.summary[0]?.latest.length, 100);
    assert.equal(log.summary[0].latest[0]?.sequence, 250);
  });
});
