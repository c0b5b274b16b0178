import assert from 'node:assert/strict';
import { ExitSessions } from '../../src/extension/exitSessions.ts';

const exit = {
  ...{ sequence: 7, hart: 0, pc: '0x80200000', instructions: 70 },
  ...{ kind: 'sbi', text: 'DBCN' },
};

describe('ExitSessions', () => {
  it('keep what belongs to one session while another is shown', () => {
    const known = new ExitSessions();
    assert.equal(known.show('a'), true);
    const first = known.of('a');
    first.recording = 'exits.jsonl';
    first.broken = [{ kind: 'sbi', text: 'DBCN(' }];
    first.log.add([exit], { sbi: 1 }, 1_000_000);
    assert.equal(known.show('b'), true);
    assert.equal(known.shown.recording, undefined);
    assert.equal(known.shown.stopsAt({ kind: 'sbi', text: 'DBCN(' }), false);
    assert.deepEqual(known.shown.log.summary(), []);
    // An answer to a question asked before belongs to the session that was asked.
    known.of('a').log.add([{ ...exit, sequence: 8 }], { sbi: 2 }, 2_000_000);
    known.ended('b');
    assert.equal(known.show('a'), true);
    assert.equal(known.show('a'), false);
    assert.equal(known.shown.recording, 'exits.jsonl');
    assert.equal(known.shown.stopsAt({ kind: 'sbi', text: 'DBCN(' }), true);
    const rates = known.shown.log.summary().map(({ kind, count, rate }) => [kind, count, rate]);
    assert.deepEqual(rates, [['sbi', 2, 1]]);
  });

  it('count anew after a restart, of that session only, and record on', () => {
    const known = new ExitSessions();
    for (const id of ['a', 'b']) {
      known.of(id).recording = id;
      known.of(id).broken = [{ kind: 'mmio' }];
      known.of(id).log.add([exit], { sbi: 1 }, 100);
    }
    known.show('b');
    known.restarted('a');
    assert.equal(known.shown.log.newest, 7);
    assert.equal(known.shown.stopsAt({ kind: 'mmio' }), true);
    known.show('a');
    assert.equal(known.shown.log.newest, 0);
    assert.equal(known.shown.stopsAt({ kind: 'mmio' }), false);
    assert.equal(known.shown.recording, 'a');
  });

  it('after its end a session records no longer, and its exits stay until another is shown', () => {
    const known = new ExitSessions();
    known.show('a');
    known.shown.recording = 'exits.jsonl';
    known.shown.log.add([exit], { sbi: 1 }, 100);
    known.ended('a');
    assert.equal(known.shown.recording, undefined);
    assert.equal(known.shown.log.newest, 7);
    assert.equal(known.of('a').log.newest, 0);
  });
});
