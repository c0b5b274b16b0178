import assert from 'node:assert/strict';
import {
  type Finish,
  TestFinisher,
} from '../../../../src/core/devices/testFinisher/testFinisher.ts';
import { Qtest } from '../qtest.ts';

function finish(value: number, offset = 0): Finish | undefined {
  let seen: Finish | undefined;
  new TestFinisher((event) => (seen = event)).write(offset, 4, value);
  return seen;
}

describe('testFinisher', () => {
  it('passes, fails with a code and resets', () => {
    assert.deepEqual(finish(0x5555), { kind: 'pass', code: 0 });
    assert.deepEqual(finish(0x002a3333), { kind: 'fail', code: 42 });
    assert.deepEqual(finish(0xffff3333), { kind: 'fail', code: 0xffff });
    assert.deepEqual(finish(0x7777), { kind: 'reset', code: 0 });
    assert.equal(finish(0x1234), undefined);
    assert.equal(finish(0x5555, 4), undefined);
  });

  it('fails with the code that QEMU exits with', async () => {
    const qemu = new Qtest();
    void qemu.write(0x100000, 4, 0x002a3333).catch(() => {});
    assert.equal(await qemu.exit, finish(0x002a3333)?.code);
  }).timeout(10000);
});
