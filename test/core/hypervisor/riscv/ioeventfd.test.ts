import assert from 'node:assert/strict';
import { assemble, deviceBase, ram, realGuest, runToEnd } from './realGuest.ts';

describe('ioeventfd on the real hart', () => {
  for (const withoutHtinst of [false, true]) {
    it(`takes stores before the VMM sees them${withoutHtinst ? ', without htinst' : ''}`, () => {
      const g = realGuest(
        assemble(`
          li a1, ${deviceBase}
          li a0, 3
          sw a0, 16(a1)
          li a0, 4
          sw a0, 16(a1)
          c.sw a0, 16(a1)
          sh a0, 16(a1)
          lw a2, 16(a1)
          li t0, ${ram + 0x10_0000}
          sd a2, 0(t0)
          shutdown 0
        `),
        { withoutHtinst },
      );
      const { vm } = g.machine;
      let signals = 0;
      const fd = {
        address: deviceBase + 16,
        length: 4,
        datamatch: 4n,
        event: { signal: () => signals++ },
      };
      assert(vm.ioEventFds.assign(fd).ok);
      runToEnd(g);
      assert.equal(signals, 2, 'the two stores of 4');
      assert.deepEqual([g.machine.exitCounts['ioeventfd'], g.machine.exitCounts['mmio']], [2, 3]);
      // sw 3 and then sh 4 reached the device; the stores that were taken did not.
      assert.equal(g.word(ram + 0x10_0000), 4n);
    });
  }

  for (const length of [0, 1, 2, 4, 8]) {
    it(`length ${length}: of stores of each size at the place`, () => {
      const g = realGuest(
        assemble(`
          li a1, ${deviceBase}
          li a0, -1
          sb a0, 8(a1)
          sh a0, 8(a1)
          sw a0, 8(a1)
          sd a0, 8(a1)
          sb a0, 9(a1)
          shutdown 0
        `),
      );
      let signals = 0;
      const event = { signal: () => signals++ };
      const { ioEventFds } = g.machine.vm;
      assert(ioEventFds.assign({ address: deviceBase + 8, length, event }).ok);
      runToEnd(g);
      assert.equal(signals, length === 0 ? 4 : 1);
    });
  }

  it('a value to match is as wide as the store', () => {
    const g = realGuest(
      assemble(`
        li a1, ${deviceBase}
        li a0, -1
        sw a0, 0(a1)
        li a0, 0x100000000
        sw a0, 0(a1)
        shutdown 0
      `),
    );
    const seen: string[] = [];
    const at = (datamatch: bigint, name: string) => {
      const event = { signal: () => seen.push(name) };
      assert(
        g.machine.vm.ioEventFds.assign({ address: deviceBase, length: 4, datamatch, event }).ok,
      );
    };
    at(0xffff_ffffn, 'ones');
    at(0n, 'zero');
    runToEnd(g);
    assert.deepEqual(seen, ['ones', 'zero']);
  });

  it('once taken back, stores reach the device', () => {
    const g = realGuest(
      assemble(`
        li a1, ${deviceBase}
        li a0, 5
        sw a0, 0(a1)
        shutdown 0
      `),
    );
    const fd = { address: deviceBase, length: 4, event: { signal: () => assert.fail() } };
    assert(g.machine.vm.ioEventFds.assign(fd).ok);
    assert(g.machine.vm.ioEventFds.deassign(fd).ok);
    runToEnd(g);
    assert.equal(g.machine.exitCounts['mmio'], 1);
  });
});
