import assert from 'node:assert/strict';
import { GoldfishRtc } from '../../../../src/core/devices/goldfishRtc/goldfishRtc.ts';
import * as r from '../../../../src/core/devices/goldfishRtc/registers.ts';
import { type Access, Clock, firstDifference, generator, Line, Qtest } from '../qtest.ts';

const EPOCH = BigInt(Date.UTC(2025, 0, 1)) * 1_000_000n;

function setUp(epoch = EPOCH) {
  const line = new Line();
  const clock = new Clock();
  const rtc = new GoldfishRtc({ line, time: clock, timebase: 10_000_000, epoch });
  const setAlarm = (at: bigint) => {
    rtc.write(r.ALARM_HIGH, 4, Number(at >> 32n));
    rtc.write(r.ALARM_LOW, 4, Number(at & 0xffffffffn));
  };
  const now = () => {
    const low = BigInt(rtc.read(r.TIME_LOW, 4) >>> 0);
    return low | (BigInt(rtc.read(r.TIME_HIGH, 4) >>> 0) << 32n);
  };
  return { line, clock, rtc, setAlarm, now };
}

function* accesses(seed: number): Generator<Access> {
  const random = generator(seed);
  for (let i = 0; i < 300; i++) {
    const offset = 4 * random(8);
    if (random(2) === 0) yield { read: offset };
    else yield { write: offset, value: random(3) === 0 ? random(2) : random(2 ** 31) };
  }
}

describe('goldfishRtc', () => {
  it('answers as QEMU does at the same standing time', async () => {
    const qemu = new Qtest();
    try {
      const { rtc } = setUp();
      for (let seed = 1; seed <= 3; seed++) {
        assert.equal(await firstDifference(qemu, 0x101000, rtc, accesses(seed)), '');
      }
    } finally {
      qemu.close();
    }
  }).timeout(20000);

  it('goes with the board’s time', () => {
    const { clock, now } = setUp();
    assert.equal(now(), EPOCH);
    clock.now = 25_000_000n;
    assert.equal(now(), EPOCH + 2_500_000_000n);
  });

  it('shows the high half as it was when the low one was read', () => {
    const { rtc, clock } = setUp(0xffff_ffffn);
    assert.equal(rtc.read(r.TIME_LOW, 4) >>> 0, 0xffffffff);
    clock.now = 1n;
    assert.equal(rtc.read(r.TIME_HIGH, 4), 0);
    rtc.read(r.TIME_LOW, 4);
    assert.equal(rtc.read(r.TIME_HIGH, 4), 1);
  });

  it('rings at the alarm, once, if it may', () => {
    const { rtc, clock, line, setAlarm } = setUp();
    setAlarm(EPOCH + 1_000_050n);
    rtc.write(r.IRQ_ENABLED, 4, 1);
    // 1 ms and half a tick: the first whole tick after it.
    assert.equal(rtc.nextDeadline(), 10_001n);
    clock.now = 10_000n;
    rtc.advance();
    assert.equal(rtc.read(r.ALARM_STATUS, 4), 1);
    assert.ok(!line.level);
    clock.now = 10_001n;
    rtc.advance();
    assert.ok(line.level);
    assert.equal(rtc.read(r.ALARM_STATUS, 4), 0);
    assert.equal(rtc.nextDeadline(), undefined);
    rtc.write(r.CLEAR_INTERRUPT, 4, 1);
    assert.ok(!line.level);
  });

  it('does not ring a cleared alarm', () => {
    const { rtc, clock, line, setAlarm } = setUp();
    rtc.write(r.IRQ_ENABLED, 4, 1);
    setAlarm(EPOCH + 100n);
    rtc.write(r.CLEAR_ALARM, 4, 1);
    clock.now = 1000n;
    rtc.advance();
    assert.ok(!line.level);
  });
});
