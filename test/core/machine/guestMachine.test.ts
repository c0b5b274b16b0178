import { GuestExits } from '../../../src/core/machine/guestExits.ts';
import assert from 'node:assert/strict';
import { UserError } from '../../../src/core/base/userError.ts';
import type { TimedDevice } from '../../../src/core/devices/device.ts';
import type { CpuRun } from '../../../src/core/isa/cpu.ts';
import type { FakeHart } from '../hypervisor/riscv/fakeHart.ts';
import { backing, ramBase, ramSize } from '../hypervisor/riscv/rig.ts';
import { guest, RAM, uart, type Guest } from './guestRig.ts';

const DBCN = 0x4442434e;
const SRST = 0x53525354;

/** One DBCN call and what it returns. */
function dbcn(g: Guest, fn: number, ...args: bigint[]): [bigint, bigint] {
  g.hart.ecall(DBCN, fn, ...args);
  assert.equal(g.machine.run(1).kind, 'budget');
  return [BigInt.asIntN(64, g.hart.getX(10)), g.hart.getX(11)];
}

const bytesOf = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

describe('DBCN', () => {
  const message = { address: ramBase + 0x1000, bytes: bytesOf('Hello, world!') };

  it('writes memory to the console', () => {
    const g = guest({ image: message });
    assert.deepEqual(dbcn(g, 0, 13n, RAM + 0x1000n, 0n), [0n, 13n]);
    assert.equal(g.output(), 'Hello, world!');
    const [exit] = g.machine.exitsAfter(0, 10);
    assert.equal(exit?.text, 'DBCN console_write(13, 0x80001000, 0) → SUCCESS, 13');
    assert.deepEqual([exit.kind, exit.sequence, exit.pc, exit.hart], ['sbi', 1, RAM, 0]);
  });

  it('writes one byte, the lowest of its argument', () => {
    const g = guest();
    assert.deepEqual(dbcn(g, 2, 0x44434241n), [0n, 0n]);
    assert.equal(g.output(), 'A');
  });

  it('reads what is there, and no more than there is room for', () => {
    const g = guest();
    assert.deepEqual(dbcn(g, 1, 16n, RAM, 0n), [0n, 0n], 'nothing typed is no error');
    g.console.feed(bytesOf('abcdef'));
    assert.deepEqual(dbcn(g, 1, 4n, RAM, 0n), [0n, 4n]);
    assert.deepEqual(g.memory.view8(backing, 6), bytesOf('abcd\0\0'));
    assert.deepEqual(dbcn(g, 1, 4n, RAM, 0n), [0n, 2n]);
    assert.deepEqual(g.memory.view8(backing, 4), bytesOf('efcd'));
  });

  for (const [name, fn, args, expected] of [
    ['no bytes, wherever they are', 0, [0n, 5n, 0n], 0n],
    ['outside memory', 0, [1n, 0x1000n, 0n], -3n],
    ['past the end of memory', 0, [2n, RAM + BigInt(ramSize) - 1n, 0n], -3n],
    ['the last byte of memory', 0, [1n, RAM + BigInt(ramSize) - 1n, 0n], 0n],
    ['beyond 64 bits', 0, [1n, RAM, 1n], -3n],
    ['wrapping', 0, [2n ** 64n - 1n, RAM, 0n], -3n],
    ['reading into ROM', 1, [1n, 0x2000n, 0n], -3n],
    ['writing from ROM', 0, [1n, 0x2000n, 0n], 0n],
    ['unknown function', 3, [1n, RAM, 0n], -2n],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(dbcn(guest(), fn, ...args)[0], expected));
  }

  it('legacy console: a byte out, a byte in or -1', () => {
    const g = guest();
    const legacy = (ext: number, arg: bigint) => {
      g.hart.ecall(ext, 0, arg, 0x77n);
      g.machine.run(1);
      assert.equal(g.hart.getX(11), 0x77n);
      return BigInt.asIntN(64, g.hart.getX(10));
    };
    assert.equal(legacy(1, 0x158n), 0n);
    assert.equal(g.output(), 'X');
    assert.equal(legacy(2, 0n), -1n);
    g.console.feed(Uint8Array.of(0xff));
    assert.equal(legacy(2, 0n), 255n);
  });
});

describe('ends of a guest', () => {
  function ends(name: string, type: bigint, reason: bigint, expected: [string, number]) {
    it(name, () => {
      const g = guest();
      g.hart.ecall(SRST, 0, type, reason);
      const stop = g.machine.run(100);
      assert(stop.kind === 'ended');
      assert.deepEqual([stop.end.reason, stop.end.code], expected);
      assert.deepEqual(g.machine.run(100), stop, 'and stays ended');
    });
  }
  ends('shutdown', 0n, 0n, ['shutdown', 0]);
  ends('shutdown for failure', 0n, 1n, ['failure', 1]);
  ends('reboot', 1n, 0n, ['reset', 0]);

  it('a device ends it', () => {
    const g = guest();
    g.wiring.end({ reason: 'failure', code: 7, text: 'device' });
    const stop = g.machine.run(100);
    assert(stop.kind === 'ended');
    assert.equal(stop.end.code, 7);
    assert.equal(g.machine.instructions, 0);
  });

  it('a crash is shown first, then ends with 125', () => {
    const g = guest();
    g.hart.script.push((h) => h.trap(20, { tval: 0x40n, gpa: 0x40n }));
    const stop = g.machine.run(100);
    assert(stop.kind === 'event');
    assert.deepEqual([stop.hart, stop.name], [0, 'crash']);
    assert.match(stop.text, /scause 20.*pc 0x80000000.*guest-physical address 0x40/);
    const end = g.machine.run(100);
    assert(end.kind === 'ended');
    assert.deepEqual([end.end.reason, end.end.code, end.end.text], ['crash', 125, stop.text]);
  });
});

describe('a guest whose last hart stops itself', () => {
  it('is shown, then ends with 125', () => {
    const g = guest({ harts: 2 });
    g.hart.ecall(0x48534d, 1);
    const stop = g.machine.run(100);
    assert(stop.kind === 'event');
    assert.match(stop.text, /every hart of the guest has stopped/);
    const end = g.machine.run(100);
    assert(end.kind === 'ended');
    assert.equal(end.end.code, 125);
  });
});

describe('calls that nobody answers', () => {
  it('are said once for each id, with arguments decoded', () => {
    const g = guest();
    for (const fn of [4, 4, 5]) {
      g.hart.ecall(0x09000001, fn, 1n, 0xdead_beefn);
      g.machine.run(1);
      assert.equal(BigInt.asIntN(64, g.hart.getX(10)), -2n);
    }
    assert.equal(g.log.length, 2);
    assert.match(
      g.log[0] ?? '',
      /vendor extension 0x9000001 function 4\(a0=1, a1=0xdeadbeef, a2=0/,
    );
    assert.equal(g.machine.exitCounts['sbi'], 3);
  });

  it('stop the debugger when the policy says so, and are made when it goes on', () => {
    const g = guest({ calls: [{ extension: [DBCN, DBCN], action: 'break' }] });
    g.hart.ecall(DBCN, 2, 0x41n);
    assert.deepEqual(g.machine.run(100), {
      kind: 'event',
      hart: 0,
      name: 'call',
      text: 'sbi_debug_console_write_byte(byte=65)',
    });
    assert.equal(g.hart.pc, RAM, 'stands at the call');
    assert.equal(g.output(), '');
    assert.equal(g.machine.run(1).kind, 'budget');
    assert.equal(g.output(), 'A');
    assert.equal(g.hart.pc, RAM + 4n);
  });
});

describe('devices of the VMM', () => {
  const access = (g: Guest, cause: number, address: number, tinst: number) => {
    const gpa = BigInt(address);
    g.hart.script.push((h) => h.trap(cause, { tval: gpa, gpa: gpa & ~3n, tinst }));
    assert.equal(g.machine.run(1).kind, 'budget');
  };

  it('are read and written with their offsets', () => {
    const g = guest();
    g.hart.setX(15, 0x141n);
    access(g, 23, uart, 0x00f00023); // sb a5
    access(g, 21, uart + 5, 0x00004783); // lbu a5
    assert.deepEqual(g.registers, [
      ['write', 0, 1, 0x41],
      ['read', 5, 1],
    ]);
    assert.equal(g.hart.getX(15), 0x65n);
    assert.equal(g.machine.exitCounts['mmio'], 2);
  });

  it('are missed where there are none: 0, and said once a page', () => {
    const g = guest();
    g.hart.setX(15, 9n);
    access(g, 21, 0x5000_0000, 0x00002783);
    access(g, 21, 0x5000_0004, 0x00002783);
    assert.equal(g.hart.getX(15), 0n);
    assert.equal(g.log.length, 1);
    assert.match(g.log[0] ?? '', /load from 0x50000000 at pc 0x80000000/);
  });

  it('interrupt a vCPU through VSEIP', () => {
    const g = guest();
    g.wiring.externalInterrupts[0]?.set(true);
    assert.equal(g.hart.getCsr(0x645), 1n << 10n);
    g.wiring.externalInterrupts[0]?.set(false);
    assert.equal(g.hart.getCsr(0x645), 0n);
  });

  it('say what is behind an address', () => {
    const { machine } = guest();
    assert.deepEqual(
      [ramBase, 0x2000, uart, 0x5000].map((a) => machine.backingName(a)),
      ['ram', 'rom', 'uart0', ''],
    );
    assert.equal(machine.guestToHost(RAM + 5n), backing + 5);
    assert.equal(machine.guestToHost(0x5000n), undefined);
  });

  it('refuse an image outside memory by name', () => {
    const image = { address: ramBase + ramSize - 1, bytes: new Uint8Array(2) };
    assert.throws(
      () => guest({ image }),
      (error) => {
        assert(error instanceof UserError);
        assert.match(error.message, /^image: 0x81ffffff\.\.0x82000001 is not all guest memory$/);
        return true;
      },
    );
  });
});

describe('scheduling', () => {
  const wfi = (h: FakeHart): CpuRun => h.trap(22, { tval: 0x10500073n });

  it('vCPUs have turns of a quantum, however run is cut', () => {
    const order = (budgets: number[]) => {
      const g = guest({ harts: 2, quantum: 100 });
      g.hart.ecall(0x48534d, 0, 1n, RAM, 0n);
      const seen: [number, number][] = [];
      for (const h of g.harts) {
        const real = h.retire.bind(h);
        h.retire = (n, stop) => {
          const last = seen.at(-1);
          if (last?.[0] === h.id) last[1] += n;
          else seen.push([h.id, n]);
          return real(n, stop);
        };
      }
      for (const budget of budgets) g.machine.run(budget);
      return seen;
    };
    const whole = order([450]);
    assert.deepEqual(whole, [
      [0, 99],
      [1, 100],
      [0, 100],
      [1, 100],
      [0, 50],
    ]);
    assert.deepEqual(order([30, 150, 1, 69, 200]), whole);
  });

  it('budgets are exact', () => {
    const g = guest();
    assert.equal(g.machine.run(12345).kind, 'budget');
    assert.equal(g.machine.instructions, 12345);
  });

  it('time skips to the timer when every vCPU waits, and idles when none is due', () => {
    const g = guest();
    g.hart.setCsr(0x204, 1n << 5n);
    g.hart.setCsr(0x24d, 5000n);
    g.hart.script.push(wfi);
    assert.equal(g.machine.run(10).kind, 'budget');
    assert.equal(g.clock.ticks(), 5000n);
    assert.equal(g.machine.hartState(0), 'running');
    g.hart.setCsr(0x24d, 2n ** 64n - 1n);
    g.hart.script.push(wfi);
    assert.equal(g.machine.run(10).kind, 'idle');
    assert.equal(g.machine.hartState(0), 'waiting');
    assert.equal(g.machine.run(10).kind, 'idle', 'and stays so');
    g.hart.setCsr(0x204, 1n << 9n);
    g.wiring.externalInterrupts[0]?.set(true);
    assert.equal(g.machine.run(10).kind, 'budget');
    assert.equal(g.machine.exitCounts['wfi'], 2);
  });

  it('devices are called at their time, exactly', () => {
    const calls: bigint[] = [];
    let next: bigint | undefined = 30n;
    const timed: TimedDevice = {
      nextDeadline: () => next,
      advance: () => {
        const now = g.clock.ticks();
        calls.push(now);
        next = now < 100n ? now + 35n : undefined;
      },
    };
    const g = guest({ timed: [timed] });
    g.machine.run(2000);
    assert.deepEqual(calls, [30n, 65n, 100n]);
  });

  it('only one hart runs when the debugger steps it', () => {
    const g = guest({ harts: 2 });
    assert.equal(g.machine.hartState(1), 'stopped');
    g.hart.ecall(0x48534d, 0, 1n, RAM, 0n);
    g.machine.run(1);
    g.machine.run(7, 1);
    assert.deepEqual(
      g.harts.map((h) => h.instructions),
      [0, 7],
    );
    assert.equal(g.machine.hartState(1), 'running');
  });

  it('keeps the last exits of kinds that are rare', () => {
    const exits = new GuestExits();
    const add = (kind: string, count: number) => {
      for (let i = 0; i < count; i++) {
        exits.add({ vcpu: 0, pc: 0n, kind, text: () => `${kind} ${i}` }, i);
      }
    };
    add('sbi', 3);
    add('mmio', 5000);
    add('wfi', 200);
    add('mmio', 5000);
    const shown = exits.after(0, 2, true).map(({ sequence, kind, text }) => [sequence, kind, text]);
    const wfi = Array.from({ length: 128 }, (_, i) => [5003 + 73 + i, 'wfi', `wfi ${72 + i}`]);
    assert.deepEqual(shown.slice(0, 3), [
      [1, 'sbi', 'sbi 0'],
      [2, 'sbi', 'sbi 1'],
      [3, 'sbi', 'sbi 2'],
    ]);
    assert.deepEqual(shown.slice(3, 131), wfi);
    // Of the frequent kind as many as of each, and the two that were asked for.
    assert.deepEqual(
      shown.slice(131).map(([sequence]) => sequence),
      Array.from({ length: 128 }, (_, i) => 10_203 - 127 + i),
    );
    assert.deepEqual(
      exits.after(10_200, 1).map(({ sequence }) => sequence),
      [10_201],
    );
    assert.deepEqual(
      exits.after(2, 2).map(({ sequence }) => sequence),
      [3, 5076],
    );
    assert.deepEqual(exits.counts, { sbi: 3, mmio: 10_000, wfi: 200 });
  });
  it('keeps the last exits and counts all', () => {
    const g = guest();
    for (let i = 0; i < 5000; i++) {
      g.hart.ecall(0x10, 1);
      g.machine.run(1);
    }
    assert.equal(g.machine.exitCounts['sbi'], 5000);
    assert.equal(g.machine.exitsAfter(0, 1)[0]?.sequence, 905);
    const last = g.machine.exitsAfter(4999, 10);
    assert.deepEqual(
      last.map((e) => [e.sequence, e.text, e.instructions]),
      [[5000, 'BASE get_impl_id() → SUCCESS, 3', 4999]],
    );
  });
});
