import assert from 'node:assert/strict';
import { ramBase, ramSize, rig, type Rig } from './rig.ts';
import {
  addRom,
  ALREADY_STARTED,
  ALREADY_STOPPED,
  call,
  checkCall,
  fill,
  guestView,
  INVALID_ADDRESS,
  INVALID_PARAM,
  NO_SHMEM,
  NOT_SUPPORTED,
  ones,
  romBase,
  SUCCESS,
} from './sbiCalls.ts';

const PMU = 0x504d55;
const [CLEAR, AUTO_START, SKIP_MATCH] = [2n, 4n, 1n];
const all = ~2n & (2n ** 35n - 1n);
const firmware = (code: number) => 0xf_0000n | BigInt(code);
const page = BigInt(ramBase) + 0x10_0000n;
const end = BigInt(ramBase + ramSize);
const mcycle = 0xb00;
const minstret = 0xb02;

const config = (r: Rig, event: bigint, flags = CLEAR | AUTO_START, id = 0) =>
  call(r, id, PMU, 2, 0n, all, flags, event, 0n);

/** Starts a counter of a firmware event and returns a way to read it. */
function counting(r: Rig, code: number, id = 0): () => bigint {
  const [error, index] = config(r, firmware(code), CLEAR | AUTO_START, id);
  assert.equal(error, SUCCESS);
  return () => {
    const [readError, value] = call(r, id, PMU, 5, index);
    assert.equal(readError, SUCCESS);
    return value;
  };
}

describe('SBI: PMU, counters', () => {
  checkCall('as many indices as CSRs and 32 firmware counters take', PMU, 0, [], [SUCCESS, 35n]);
  checkCall('cycle, 64 bits', PMU, 1, [0n], [SUCCESS, (63n << 12n) | 0xc00n]);
  checkCall('instret, 64 bits', PMU, 1, [2n], [SUCCESS, (63n << 12n) | 0xc02n]);
  checkCall('time is none', PMU, 1, [1n], [INVALID_PARAM]);
  checkCall('one past the last', PMU, 1, [35n], [INVALID_PARAM]);
  checkCall('far past the last', PMU, 1, [ones], [INVALID_PARAM]);
  for (const index of [3n, 34n]) {
    it(`firmware counter ${index}`, () => {
      const [error, info] = call(rig(), 0, PMU, 1, index);
      assert.deepEqual([error, info >> 63n], [SUCCESS, 1n]);
    });
  }
  checkCall('unknown function', PMU, 9, [], [NOT_SUPPORTED]);
});

describe('SBI: PMU, counter_config_matching', () => {
  const check = (name: string, args: bigint[], expected: [bigint, bigint?]) =>
    checkCall(name, PMU, 2, args, expected);
  check('cycles', [0n, all, 0n, 1n, 0n], [SUCCESS, 0n]);
  check('instructions', [0n, all, 0n, 2n, 0n], [SUCCESS, 2n]);
  check('a firmware event', [0n, all, 0n, firmware(5), 0n], [SUCCESS, 3n]);
  check('the last standard one', [0n, all, 0n, firmware(21), 0n], [SUCCESS, 3n]);
  check('one of our own', [0n, all, 0n, firmware(256), 0n], [SUCCESS, 3n]);
  check('relative to a base', [30n, 0b11n, 0n, firmware(5), 0n], [SUCCESS, 30n]);
  check('filters are hints', [0n, all, 0xf8n, 1n, 0n], [SUCCESS, 0n]);
  check('skips the match', [5n, 0b110n, SKIP_MATCH, firmware(5), 0n], [SUCCESS, 6n]);

  check('no counters', [0n, 0n, 0n, 1n, 0n], [INVALID_PARAM]);
  check('the hole in the set', [0n, 0b111n, 0n, 1n, 0n], [INVALID_PARAM]);
  check('past the last in the set', [34n, 0b11n, 0n, firmware(5), 0n], [INVALID_PARAM]);
  check('a base that would wrap', [ones, 0b10n, 0n, 1n, 0n], [INVALID_PARAM]);
  check('a reserved flag', [0n, all, 0x100n, 1n, 0n], [INVALID_PARAM]);
  check('the highest reserved flag', [0n, all, 1n << 63n, 1n, 0n], [INVALID_PARAM]);

  check('no event', [0n, all, 0n, 0n, 0n], [NOT_SUPPORTED]);
  check('cache references', [0n, all, 0n, 3n, 0n], [NOT_SUPPORTED]);
  check('reserved general event', [0n, all, 0n, 11n, 0n], [NOT_SUPPORTED]);
  check('cache event', [0n, all, 0n, 0x1_0000n, 0n], [NOT_SUPPORTED]);
  check('raw event', [0n, all, 0n, 0x2_0000n, 1n], [NOT_SUPPORTED]);
  check('raw event v2', [0n, all, 0n, 0x3_0000n, 1n], [NOT_SUPPORTED]);
  check('reserved type', [0n, all, 0n, 0x4_0001n, 0n], [NOT_SUPPORTED]);
  check('reserved firmware event', [0n, all, 0n, firmware(22), 0n], [NOT_SUPPORTED]);
  check('platform firmware event', [0n, all, 0n, firmware(65535), 0n], [NOT_SUPPORTED]);
  check('more than 20 bits', [0n, all, 0n, 1n << 20n, 0n], [NOT_SUPPORTED]);
  check('a general event with data', [0n, all, 0n, 1n, 1n], [NOT_SUPPORTED]);
  check('a firmware event with data', [0n, all, 0n, firmware(5), 1n], [NOT_SUPPORTED]);
  check('cycles without its counter', [2n, 1n, 0n, 1n, 0n], [NOT_SUPPORTED]);
  check('a match skipped to a counter that cannot', [0n, 1n, 1n, 2n, 0n], [NOT_SUPPORTED]);

  it('a configured counter is taken until it is reset', () => {
    const r = rig();
    assert.deepEqual(config(r, firmware(5), 0n), [SUCCESS, 3n]);
    assert.deepEqual(config(r, firmware(5), 0n), [SUCCESS, 4n]);
    assert.deepEqual(config(r, 1n, AUTO_START), [SUCCESS, 0n]);
    assert.equal(config(r, 1n, 0n)[0], NOT_SUPPORTED);
    assert.equal(call(r, 0, PMU, 4, 0n, 0b1001n, 1n)[0], ALREADY_STOPPED, 'counter 3 never ran');
    assert.deepEqual(config(r, 1n, 0n), [SUCCESS, 0n]);
    assert.deepEqual(config(r, firmware(6), 0n), [SUCCESS, 3n]);
  });
});

describe('SBI: PMU, start, stop and values', () => {
  const check = (name: string, fn: number, args: bigint[], expected: bigint) =>
    it(name, () => {
      const r = rig();
      config(r, firmware(5), 0n);
      assert.equal(call(r, 0, PMU, fn, ...args)[0], expected);
    });
  check('start', 3, [3n, 1n, 0n, 0n], SUCCESS);
  check('start of one that is not configured', 3, [3n, 0b11n, 0n, 0n], INVALID_PARAM);
  check('start of none', 3, [3n, 0n, 0n, 0n], INVALID_PARAM);
  check('start with a reserved flag', 3, [3n, 1n, 4n, 0n], INVALID_PARAM);
  check('start with both sources of a value', 3, [3n, 1n, 3n, 0n], INVALID_PARAM);
  check('start past the last', 3, [35n, 1n, 0n, 0n], INVALID_PARAM);
  check('start from a snapshot without memory', 3, [3n, 1n, 2n, 0n], NO_SHMEM);
  check('stop of a stopped one', 4, [3n, 1n, 0n], ALREADY_STOPPED);
  check('stop of the hole', 4, [1n, 1n, 0n], INVALID_PARAM);
  check('stop with a reserved flag', 4, [3n, 1n, 4n], INVALID_PARAM);
  check('stop with a snapshot without memory', 4, [3n, 1n, 2n], NO_SHMEM);
  check('fw_read of a hardware counter', 5, [0n], INVALID_PARAM);
  check('fw_read of no counter', 5, [35n], INVALID_PARAM);
  check('fw_read_hi of a hardware counter', 6, [2n], INVALID_PARAM);

  it('start twice', () => {
    const r = rig();
    config(r, firmware(5));
    assert.equal(call(r, 0, PMU, 3, 3n, 1n, 1n, 7n)[0], ALREADY_STARTED);
    assert.deepEqual(call(r, 0, PMU, 5, 3n), [SUCCESS, 0n], 'the value stays');
  });

  it('counts from an initial value, stands still when stopped, goes on when started', () => {
    const r = rig({ sstc: true });
    config(r, firmware(5), 0n);
    const timer = () => call(r, 0, 0x54494d45, 0, ones);
    const read = () => call(r, 0, PMU, 5, 3n)[1];
    timer();
    assert.equal(read(), 0n, 'not started');
    call(r, 0, PMU, 3, 3n, 1n, 1n, ones);
    assert.equal(read(), ones);
    timer();
    timer();
    assert.equal(read(), 1n, 'wraps at 64 bits');
    assert.deepEqual(call(r, 0, PMU, 6, 3n), [SUCCESS, 0n], 'no high half with XLEN 64');
    assert.equal(call(r, 0, PMU, 4, 3n, 1n, 0n)[0], SUCCESS);
    timer();
    assert.equal(read(), 1n);
    call(r, 0, PMU, 3, 3n, 1n, 0n, 99n);
    timer();
    assert.equal(read(), 2n);
  });

  it('cycle and instret are the hart’s until they are configured, and count from there', () => {
    const r = rig();
    const read = (number: number) => {
      // csrrs t0, number, x0, which traps to the hypervisor.
      r.hart.script.push((hart) => hart.trap(22, { tval: BigInt((number << 20) | 0x22f3) }));
      assert.equal(r.vcpu.run(1).exit.kind, 'intr');
      return r.hart.getX(5);
    };
    r.hart.setCsr(mcycle, 1000n);
    r.hart.setCsr(minstret, 800n);
    assert.deepEqual([read(0xc00), read(0xc02)], [1000n, 800n]);
    call(r, 0, PMU, 2, 0n, 0b101n, CLEAR | AUTO_START, 2n, 0n);
    r.hart.setCsr(minstret, 850n);
    assert.deepEqual([read(0xc00), read(0xc02)], [1000n, 50n]);
    call(r, 0, PMU, 4, 2n, 1n, 0n);
    r.hart.setCsr(minstret, 900n);
    assert.equal(read(0xc02), 50n);
    call(r, 0, PMU, 3, 2n, 1n, 1n, 7000n);
    r.hart.setCsr(minstret, 905n);
    assert.equal(read(0xc02), 7005n);
    call(r, 0, PMU, 4, 2n, 1n, 1n);
    assert.equal(read(0xc02), 905n);
  });

  it('a hart that is started anew has forgotten its counters', () => {
    const r = rig({ harts: 2 });
    const start = () => {
      call(r, 0, 0x48534d, 0, 1n, BigInt(ramBase), 0n);
      r.vcpus[1]?.run(1);
    };
    start();
    assert.deepEqual(config(r, firmware(5), AUTO_START, 1), [SUCCESS, 3n]);
    assert.equal(call(r, 0, PMU, 4, 3n, 1n, 0n)[0], ALREADY_STOPPED, 'harts have their own');
    r.harts[1]?.ecall(0x48534d, 1);
    r.vcpus[1]?.run(1);
    start();
    assert.equal(call(r, 1, PMU, 4, 3n, 1n, 0n)[0], ALREADY_STOPPED);
  });
});

describe('SBI: PMU, what firmware counters count', () => {
  it('calls between harts, on both sides, and none of a hart to itself', () => {
    const r = rig({ harts: 3 });
    for (const id of [1, 2]) call(r, 0, 0x48534d, 0, BigInt(id), BigInt(ramBase), 0n);
    for (const id of [1, 2]) r.vcpus[id]?.run(1);
    const sent = [6, 8, 10, 12].map((code) => counting(r, code));
    const received = [7, 9, 11, 13].map((code) => counting(r, code, 1));
    call(r, 0, 0x735049, 0, 0b111n, 0n);
    call(r, 0, 0x52464e43, 0, 0b011n, 0n);
    call(r, 0, 0x52464e43, 1, 0b001n, 0n, 0n, 0n);
    call(r, 0, 0x52464e43, 1, 0b110n, 0n, 0n, 0n);
    call(r, 0, 0x52464e43, 2, 0n, ones, 0n, 0n, 1n);
    call(r, 0, 0x735049, 0, 0b1000n, 0n);
    // The same as legacy calls.
    r.hart.onLoad = () => ({ value: 0b010n });
    for (const ext of [4, 5, 6, 7]) call(r, 0, ext, 0, 0x4000n);
    assert.deepEqual(
      sent.map((read) => read()),
      [3n, 2n, 3n, 3n],
    );
    assert.deepEqual(
      received.map((read) => read()),
      [2n, 2n, 2n, 2n],
    );
  });

  it('the timer, by both calls', () => {
    const r = rig();
    const timer = counting(r, 5);
    call(r, 0, 0x54494d45, 0, ones);
    call(r, 0, 0x54494d45, 1, ones);
    call(r, 0, 0, 0, ones);
    assert.equal(timer(), 2n);
  });

  it('traps that pass through the hypervisor', () => {
    const r = rig();
    const codes = [0, 1, 2, 3, 4];
    const counters = codes.map((code) => counting(r, code));
    const causes = [4, 6, 5, 7, 22, 4];
    for (const cause of causes) {
      // 0x60002573 reads hstatus, which is illegal for the guest.
      r.hart.script.push((hart) => hart.trap(cause, { tval: 0x60002573n }));
      r.vcpu.run(1);
    }
    assert.deepEqual(
      counters.map((read) => read()),
      [2n, 1n, 1n, 1n, 1n],
    );
  });

  it('calls, forwarded calls, G-stage faults, device accesses and waits', () => {
    const r = rig();
    const [calls, forwarded, faults, loads, stores, waits] = [256, 257, 258, 259, 260, 261].map(
      (code) => counting(r, code),
    );
    assert(calls && forwarded && faults && loads && stores && waits);
    const before = calls();
    r.hart.ecall(0x09000001, 0);
    r.vcpu.run(1);
    r.vcpu.run(1);
    r.hart.script.push((hart) => hart.trap(21, { gpa: BigInt(ramBase), tval: 0x1000n }));
    r.vcpu.run(1);
    for (const [cause, tinst] of [
      [21, 0x0000_2303],
      [23, 0x0050_2023],
    ] as const) {
      r.hart.script.push((hart) => hart.trap(cause, { gpa: 0x1000n, tval: 0x1000n, tinst }));
      assert.equal(r.vcpu.run(1).exit.kind, 'mmio');
      r.vcpu.run(0);
    }
    r.hart.setCsr(0x204, 2n);
    r.hart.script.push((hart) => hart.trap(22, { tval: 0x10500073n }));
    r.vcpu.run(1);
    r.vcpu.raiseSoftwareInterrupt();
    const reads = [forwarded, faults, loads, stores, waits].map((read) => read());
    assert.deepEqual(reads, [1n, 1n, 1n, 1n, 1n]);
    // The read before, the forwarded call, five reads, and this one.
    assert.equal(calls() - before, 7n);
  });
});

describe('SBI: PMU, snapshots', () => {
  const check = (name: string, args: bigint[], expected: bigint) =>
    it(name, () => {
      const r = rig();
      addRom(r);
      assert.equal(call(r, 0, PMU, 7, ...args)[0], expected);
    });
  check('are set', [page, 0n, 0n], SUCCESS);
  check('are set to the last page', [end - 4096n, 0n, 0n], SUCCESS);
  check('are cleared', [ones, ones, 0n], SUCCESS);
  check('with flags', [page, 0n, 1n], INVALID_PARAM);
  check('cleared with flags', [ones, ones, 1n], INVALID_PARAM);
  check('not aligned', [page + 2048n, 0n, 0n], INVALID_PARAM);
  check('with half of all ones', [ones, 0n, 0n], INVALID_PARAM);
  check('behind memory', [end, 0n, 0n], INVALID_ADDRESS);
  check('above 2^64', [page, 1n, 0n], INVALID_ADDRESS);
  check('with the other half all ones', [page, ones, 0n], INVALID_ADDRESS);
  check('at the end of addresses', [ones - 4095n, 0n, 0n], INVALID_ADDRESS);
  check('in memory that is read-only', [romBase, 0n, 0n], INVALID_ADDRESS);

  it('carry the stopped counters, at their place from the base, and nothing else', () => {
    const r = rig({ sstc: true });
    fill(r, page, 4096, 0xaa);
    call(r, 0, PMU, 7, page, 0n, 0n);
    config(r, firmware(5));
    config(r, firmware(5), 0n);
    config(r, firmware(256));
    for (let i = 0; i < 4; i++) call(r, 0, 0x54494d45, 0, ones);
    const untouched = guestView(r, page, 4096);
    assert.equal(untouched.getBigUint64(0, true), 0xaaaa_aaaa_aaaa_aaaan, 'only stop writes');
    // Counter 4 was never started.
    assert.equal(call(r, 0, PMU, 4, 2n, 0b1110n, 2n)[0], ALREADY_STOPPED);
    const view = guestView(r, page, 4096);
    const word = (i: number) => view.getBigUint64(i * 8, true);
    assert.deepEqual([0, 1, 2, 3, 4, 5].map(word), [
      0n,
      0xaaaa_aaaa_aaaa_aaaan,
      4n,
      0xaaaa_aaaa_aaaa_aaaan,
      5n,
      0xaaaa_aaaa_aaaa_aaaan,
    ]);

    assert(r.vm.writeMemory(Number(page) + 8, Uint8Array.of(100, 0, 0, 0, 0, 0, 0, 0)));
    assert.equal(call(r, 0, PMU, 3, 3n, 1n, 2n)[0], SUCCESS);
    call(r, 0, 0x54494d45, 0, ones);
    assert.deepEqual(call(r, 0, PMU, 5, 3n), [SUCCESS, 101n]);
    call(r, 0, PMU, 7, ones, ones, 0n);
    assert.equal(call(r, 0, PMU, 4, 3n, 1n, 2n)[0], NO_SHMEM);
    assert.equal(call(r, 0, PMU, 4, 3n, 1n, 0n)[0], SUCCESS, 'was not stopped by the failed call');
  });

  it('need their memory still to be there', () => {
    const r = rig();
    const slot = { slot: 0, flags: 0, guestPhysAddr: ramBase, userspaceAddr: 0, name: 'ram' };
    config(r, firmware(5));
    call(r, 0, PMU, 7, page, 0n, 0n);
    assert(r.vm.setUserMemoryRegion({ ...slot, memorySize: 0 }).ok);
    assert.equal(call(r, 0, PMU, 4, 3n, 1n, 2n)[0], NO_SHMEM);
  });
});

describe('SBI: PMU, event_get_info', () => {
  const check = (name: string, args: bigint[], expected: bigint) =>
    it(name, () => {
      const r = rig();
      addRom(r);
      assert.equal(call(r, 0, PMU, 8, ...args)[0], expected);
    });
  check('no entries', [page, 0n, 0n, 0n], SUCCESS);
  check('flags', [page, 0n, 1n, 1n], INVALID_PARAM);
  check('not aligned', [page + 8n, 0n, 1n, 0n], INVALID_PARAM);
  check('up to the end of memory', [end - 32n, 0n, 2n, 0n], SUCCESS);
  check('across the end of memory', [end - 32n, 0n, 3n, 0n], INVALID_ADDRESS);
  check('as many as would wrap', [page, 0n, ones, 0n], INVALID_ADDRESS);
  check('above 2^64', [page, 1n, 1n, 0n], INVALID_ADDRESS);
  check('read-only', [romBase, 0n, 1n, 0n], INVALID_ADDRESS);

  function write(r: Rig, entries: [event: number, output: number, data: bigint][]): void {
    const bytes = new Uint8Array(entries.length * 16);
    const view = new DataView(bytes.buffer);
    entries.forEach(([event, output, data], i) => {
      view.setUint32(i * 16, event, true);
      view.setUint32(i * 16 + 4, output, true);
      view.setBigUint64(i * 16 + 8, data, true);
    });
    assert(r.vm.writeMemory(Number(page), bytes));
  }

  it('says which events can be counted, and writes nothing else', () => {
    const r = rig();
    const events = [1, 2, 3, 0x10000, 0x20000, 0xf0000, 0xf0016, 0xf0100, 0xfffff, 0xf0005, 1];
    const data = [0n, 0n, 0n, 0n, 5n, 0n, 0n, 0n, 0n, 9n, 9n];
    write(
      r,
      events.map((event, i) => [event, 0xffff_fffe, data[i] ?? 0n]),
    );
    assert.equal(call(r, 0, PMU, 8, page, 0n, BigInt(events.length), 0n)[0], SUCCESS);
    const view = guestView(r, page, events.length * 16);
    const output = events.map((_, i) => view.getUint32(i * 16 + 4, true));
    assert.deepEqual(output, [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1]);
    events.forEach((event, i) => {
      assert.equal(view.getUint32(i * 16, true), event);
      assert.equal(view.getBigUint64(i * 16 + 8, true), data[i]);
    });
  });

  it('writes nothing when one entry has reserved bits set', () => {
    const r = rig();
    write(r, [
      [1, 77, 0n],
      [0x10_0000, 77, 0n],
    ]);
    assert.equal(call(r, 0, PMU, 8, page, 0n, 2n, 0n)[0], INVALID_PARAM);
    assert.equal(guestView(r, page, 32).getUint32(4, true), 77);
  });

  it('takes more entries than are copied at once', () => {
    const r = rig();
    const count = 5000;
    fill(r, page, count * 16, 0);
    const last = Number(page) + (count - 1) * 16;
    assert(r.vm.writeMemory(last, Uint8Array.of(2)));
    assert.equal(call(r, 0, PMU, 8, page, 0n, BigInt(count), 0n)[0], SUCCESS);
    assert.equal(guestView(r, BigInt(last), 16).getUint32(4, true), 1);
  });
});
