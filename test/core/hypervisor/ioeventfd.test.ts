import assert from 'node:assert/strict';
import { IoEventFds, type IoEventFd } from '../../../src/core/hypervisor/ioeventfd.ts';

interface Counter {
  count: number;
  signal(): void;
}

function counter(): Counter {
  return {
    count: 0,
    signal() {
      this.count++;
    },
  };
}

function entry(length: number, datamatch?: bigint, event = counter(), address = 0x1000) {
  return { address, length, event, ...(datamatch !== undefined && { datamatch }) };
}

/** The rules of virt/kvm/eventfd.c: lengths, collisions, what a store has to be. */
describe('ioeventfd', () => {
  function check(name: string, given: IoEventFd, expected: string) {
    it(name, () => {
      const fds = new IoEventFds();
      assert(fds.assign(entry(4, 7n)).ok);
      const result = fds.assign(given);
      assert.equal(result.ok ? 'ok' : result.errno, expected);
    });
  }
  check('another value at the same place', entry(4, 8n), 'ok');
  check('another length at the same place', entry(2), 'ok');
  check('the same value', entry(4, 7n), 'EEXIST');
  check('any value where one value is taken', entry(4), 'EEXIST');
  check('any length where one length is taken', entry(0), 'EEXIST');
  check('another address', entry(4, 7n, counter(), 0x1004), 'ok');
  check('a length that no store has', entry(3, undefined, counter(), 0), 'EINVAL');
  check('a value to compare with, and no length', entry(0, 1n, counter(), 0), 'EINVAL');
  check('a range that wraps', entry(8, undefined, counter(), Number.MAX_SAFE_INTEGER), 'EINVAL');

  it('takes the stores that were meant for it and no others', () => {
    const fds = new IoEventFds();
    const [seven, eight, byte, any] = [counter(), counter(), counter(), counter()];
    fds.assign(entry(4, 7n, seven));
    fds.assign(entry(4, 8n, eight));
    fds.assign(entry(1, undefined, byte));
    fds.assign(entry(0, undefined, any, 0x2000));
    assert.deepEqual(
      [
        fds.store(0x1000, 4, 7n),
        fds.store(0x1000, 4, 8n),
        fds.store(0x1000, 4, 9n),
        fds.store(0x1000, 8, 7n),
        fds.store(0x1000, 1, 200n),
        fds.store(0x1004, 4, 7n),
        fds.store(0x2000, 2, 1n),
        fds.store(0x2000, 8, 2n),
      ],
      [true, true, false, false, true, false, true, true],
    );
    assert.deepEqual([seven.count, eight.count, byte.count, any.count], [1, 1, 1, 2]);
    assert.equal(fds.signals, 5);
  });

  it('is taken back by naming exactly what was assigned', () => {
    const fds = new IoEventFds();
    const given = entry(4, 7n);
    fds.assign(given);
    for (const other of [
      { ...given, event: counter() },
      { ...given, length: 2 },
      { ...given, datamatch: 8n },
      entry(4, undefined, given.event),
    ]) {
      const result = fds.deassign(other);
      assert.equal(result.ok ? 'ok' : result.errno, 'ENOENT');
    }
    assert(fds.deassign({ ...given }).ok);
    assert.equal(fds.store(0x1000, 4, 7n), false);
  });
});
