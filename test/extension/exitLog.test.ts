import assert from 'node:assert/strict';
import { exitJson } from '../../src/adapter/exitJson.ts';
import { changedPlaces, ExitLog, sameExits } from '../../src/extension/exitLog.ts';

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
    log.add([exit(1, 'sbi'), exit(2, 'mmio'), exit(3, 'sbi')], { sbi: 2, mmio: 1 }, 1_000_000);
    log.add([exit(3, 'sbi'), exit(4, 'wfi')], { sbi: 2, mmio: 1, wfi: 1 }, 1_000_000);
    assert.deepEqual(
      log.summary().map(({ kind, count }) => [kind, count]),
      [
        ['sbi', 2],
        ['mmio', 1],
        ['wfi', 1],
      ],
    );
    assert.deepEqual(
      log.summary()[0]?.latest.map(({ sequence }) => sequence),
      [3, 1],
    );
    assert.equal(log.newest, 4);
  });

  it('tells which kinds look other than before', () => {
    const log = new ExitLog();
    log.add([exit(1, 'mmio'), exit(2, 'mmio'), exit(3, 'sbi')], { mmio: 2, sbi: 1 }, 1_000_000);
    const first = log.summary();
    assert.deepEqual(changedPlaces(first, log.summary()), []);
    log.add([exit(4, 'mmio')], { mmio: 3, sbi: 1 }, 1_000_000);
    assert.deepEqual(changedPlaces(first, log.summary()), [0]);
    // The rate of both.
    log.add([], { mmio: 3, sbi: 1 }, 2_000_000);
    assert.deepEqual(changedPlaces(first, log.summary()), [0, 1]);
    log.add([exit(5, 'wfi')], { mmio: 3, sbi: 1, wfi: 1 }, 2_000_000);
    assert.equal(changedPlaces(first, log.summary()), undefined);
    assert.equal(changedPlaces(log.summary(), first), undefined);
    assert.equal(changedPlaces(first, [...first].reverse()), undefined);
  });

  it('counts what is no longer kept', () => {
    const log = new ExitLog();
    log.add([exit(5000, 'sbi')], { sbi: 4990, mmio: 10, wfi: 0 }, 1_000_000);
    assert.deepEqual(
      log.summary().map(({ kind, count, latest }) => [kind, count, latest.length]),
      [
        ['sbi', 4990, 1],
        ['mmio', 10, 0],
      ],
    );
  });

  it('lists the last hundred of a kind', () => {
    const log = new ExitLog();
    const rows = Array.from({ length: 250 }, (_, at) => exit(at + 1, 'sbi'));
    log.add(rows, { sbi: 250 }, 1_000_000);
    assert.equal(log.summary()[0]?.latest.length, 100);
    assert.equal(log.summary()[0]?.latest[0]?.sequence, 250);
  });

  it('tells how often a kind comes, in a million instructions', () => {
    const log = new ExitLog();
    log.add([], { sbi: 30 }, 2_000_000);
    assert.equal(log.summary()[0]?.rate, 15);
    log.add([], { sbi: 30 }, 0);
    assert.equal(log.summary()[0]?.rate, 0);
  });

  it('shows what has all words of the filter, wherever they stand', () => {
    const log = new ExitLog();
    const write = { ...exit(1, 'sbi'), text: 'DBCN console_write(13)' };
    const source = { path: '/src/main.c', line: 7 };
    log.add([write, { ...exit(2, 'sbi'), source }, exit(3, 'mmio')], { sbi: 2, mmio: 1 }, 100);
    const shown = (filter: string) =>
      log.summary(filter).flatMap(({ latest }) => latest.map(({ sequence }) => sequence));
    assert.deepEqual(shown(''), [2, 1, 3]);
    assert.deepEqual(shown('dbcn WRITE'), [1]);
    assert.deepEqual(shown('main.c:7'), [2]);
    assert.deepEqual(shown('hart 0 mmio'), [3]);
    assert.deepEqual(shown('nothing'), []);
    assert.equal(log.summary('nothing').length, 0, 'nor kinds without a row');
  });
});

describe('exits', () => {
  it('are alike by function or by address', () => {
    const like = (kind: string, text: string) => sameExits({ ...exit(1, kind), text });
    assert.deepEqual(like('sbi', 'DBCN console_write(13, 0x80201000, 0) → SUCCESS, 13'), {
      kind: 'sbi',
      text: 'DBCN console_write(',
    });
    assert.deepEqual(like('mmio', 'load 1 byte from 0x10000005 → 0x60'), {
      kind: 'mmio',
      text: '0x10000005',
    });
    assert.deepEqual(like('wfi', 'waits'), { kind: 'wfi' });
  });

  it('are lines of JSON', () => {
    const source = { path: '/src/main.c', line: 7 };
    const line = exitJson({ ...exit(3, 'sbi'), source });
    assert.ok(!line.includes('\n'));
    assert.deepEqual(JSON.parse(line), { ...exit(3, 'sbi'), source });
    assert.deepEqual(JSON.parse(exitJson(exit(4, 'wfi'))), exit(4, 'wfi'));
  });
});
