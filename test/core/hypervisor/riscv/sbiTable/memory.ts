/** PMU, STA, FWFT and DBCN: rows for each error of each table, shared memory of every kind. */
import assert from 'node:assert/strict';
import type { CallHandler } from '../../../../../src/core/hypervisor/callHandler.ts';
import { errorCode, type ErrorName } from './errorTables.ts';
import { place, type TableGuest } from './tableGuest.ts';
import { dirty, ones, phys, type Row, type Scenario, wide } from './scenario.ts';
import type { Width } from './tableGuest.ts';

const dbcn = 0x4442434e;
const cycles = 1n;
const instructions = 2n;
const setTimerEvent = 0xf0005n;
const { scratch } = place;

export const memoryScenarios: readonly Scenario[] = [
  {
    name: 'PMU: counters',
    rows: (x) => [
      pmu('num_counters', 'KVM’s number', [], 'SUCCESS', 35n),
      // "counter_info[11:0] = CSR, [17:12] = Width, [XLEN-1] = Type".
      pmu('counter_get_info', 'cycle', [0n], 'SUCCESS', (63n << 12n) | 0xc00n),
      pmu('counter_get_info', 'instret', [2n], 'SUCCESS', (63n << 12n) | 0xc02n),
      {
        ...pmu('counter_get_info', 'a firmware counter', [3n], 'SUCCESS'),
        check: (r) => assert.equal(r.a1 >> BigInt(x - 1), 1n),
      },
      ...[1n, 35n, ones(x)].map((index) =>
        pmu('counter_get_info', `counter ${index} is none`, [index], 'INVALID_PARAM'),
      ),
      config(x, 'cycles', [0n, 0b101n, 0n], cycles, 'SUCCESS', 0n),
      config(x, 'it is taken', [0n, 1n, 0n], cycles, 'NOT_SUPPORTED'),
      config(x, 'instructions', [0n, 0b101n, 0n], instructions, 'SUCCESS', 2n),
      config(x, 'SKIP_MATCH takes the first', [0n, 0b101n, 1n], cycles, 'SUCCESS', 0n),
      config(x, 'an event that nothing counts', [3n, 0xffn, 0n], 0x10000n, 'NOT_SUPPORTED'),
      config(x, 'a type that there is not', [3n, 0xffn, 0n], 0x40000n, 'NOT_SUPPORTED'),
      config(x, 'a reserved flag', [3n, 1n, 0x100n], setTimerEvent, 'INVALID_PARAM'),
      config(x, 'the last reserved flag', [3n, 1n, topBit(x)], setTimerEvent, 'INVALID_PARAM'),
      config(x, 'a counter that is none', [1n, 1n, 0n], cycles, 'INVALID_PARAM'),
      config(x, 'counters beyond the last', [30n, 0x3fn, 0n], setTimerEvent, 'INVALID_PARAM'),
      config(x, 'no counter at all', [0n, 0n, 0n], cycles, 'INVALID_PARAM'),
      config(x, 'a firmware event', [3n, 0xffn, 0n], setTimerEvent, 'SUCCESS', 3n),
      pmu('counter_start', 'with a value', [3n, 1n, 1n, ...wide(x, (7n << 32n) | 5n)], 'SUCCESS'),
      pmu('counter_start', 'again', [3n, 1n, 0n], 'ALREADY_STARTED'),
      pmu('counter_start', 'a counter that is none', [1n, 1n, 0n], 'INVALID_PARAM'),
      pmu('counter_start', 'a reserved flag', [2n, 1n, 4n], 'INVALID_PARAM'),
      pmu('counter_start', 'both values', [2n, 1n, 3n], 'INVALID_PARAM'),
      pmu('counter_start', 'a snapshot, but no memory', [2n, 1n, 2n], 'NO_SHMEM'),
      { fn: 'TIME set_timer', what: 'counted', args: wide(x, 1n << 60n), gives: 'SUCCESS' },
      // "On RV32 systems, sbiret.value will only contain the lower 32 bits".
      pmu('counter_fw_read', 'value', [3n], 'SUCCESS', x === 64 ? (7n << 32n) | 6n : 6n),
      pmu('counter_fw_read_hi', '"always zero … for RV64"', [3n], 'SUCCESS', x === 64 ? 0n : 7n),
      ...['counter_fw_read', 'counter_fw_read_hi'].flatMap((name) => [
        pmu(name, 'a hardware counter', [0n], 'INVALID_PARAM'),
        pmu(name, 'a counter that is none', [35n], 'INVALID_PARAM'),
        pmu(name, 'all ones', [ones(x)], 'INVALID_PARAM'),
      ]),
      pmu('counter_stop', 'a reserved flag', [3n, 1n, 4n], 'INVALID_PARAM'),
      pmu('counter_stop', 'a counter that is none', [1n, 1n, 0n], 'INVALID_PARAM'),
      pmu('counter_stop', 'a snapshot, but no memory', [3n, 1n, 2n], 'NO_SHMEM'),
      pmu('counter_stop', 'one that runs', [3n, 1n, 0n], 'SUCCESS'),
      pmu('counter_stop', 'again', [3n, 1n, 0n], 'ALREADY_STOPPED'),
      { fn: 'PMU num_counters', what: 'no such FID', gives: 'NOT_SUPPORTED', fid: 9n },
    ],
  },
  {
    name: 'PMU: shared memory',
    prepare: (g) => {
      g.write(scratch, events([cycles, 0x10000n, setTimerEvent]));
      g.write(place.adjoining - 16n, events([cycles, 0x100000n]));
      g.write(place.above4G, events([instructions]));
    },
    rows: (x) => [
      ...badMemory(x, 'PMU snapshot_set_shmem', [0n], 4096n, 'INVALID_ADDRESS'),
      shmem(x, 'PMU snapshot_set_shmem', 'flags', scratch, [1n], 'INVALID_PARAM'),
      shmem(x, 'PMU snapshot_set_shmem', 'alignment', scratch + 2048n, [0n], 'INVALID_PARAM'),
      shmem(x, 'PMU snapshot_set_shmem', 'read-only', place.readonly, [0n], 'INVALID_ADDRESS'),
      shmem(x, 'PMU snapshot_set_shmem', 'above 4 GiB', place.above4G + 4096n, [0n], 'SUCCESS'),
      config(x, 'instructions', [0n, 0b101n, 2n], instructions, 'SUCCESS', 2n),
      pmu('counter_start', 'from the snapshot', [2n, 1n, 2n], 'SUCCESS'),
      pmu('counter_stop', 'to the snapshot', [2n, 1n, 2n], 'SUCCESS'),
      pmu('snapshot_set_shmem', '"all-ones … disabled"', [ones(x), ones(x), 0n], 'SUCCESS'),
      pmu('counter_start', 'disabled', [2n, 1n, 2n], 'NO_SHMEM'),
      ...badMemory(x, 'PMU event_get_info', [2n, 0n], 32n, 'INVALID_ADDRESS'),
      shmem(x, 'PMU event_get_info', 'flags', scratch, [1n, 1n], 'INVALID_PARAM'),
      shmem(x, 'PMU event_get_info', 'alignment', scratch + 8n, [1n, 0n], 'INVALID_PARAM'),
      shmem(x, 'PMU event_get_info', 'read-only', place.readonly, [1n, 0n], 'INVALID_ADDRESS'),
      shmem(
        x,
        'PMU event_get_info',
        'more than there is',
        scratch,
        [ones(x), 0n],
        'INVALID_ADDRESS',
      ),
      shmem(
        x,
        'PMU event_get_info',
        'reserved bits',
        place.adjoining - 16n,
        [2n, 0n],
        'INVALID_PARAM',
      ),
      shmem(x, 'PMU event_get_info', 'three events', scratch, [3n, 0n], 'SUCCESS'),
      shmem(x, 'PMU event_get_info', 'above 4 GiB', place.above4G, [1n, 0n], 'SUCCESS'),
    ],
    after: (g) => {
      const output = (address: bigint) => view(g, address + 4n, 4).getUint32(0, true);
      const list = [scratch, scratch + 16n, scratch + 32n, place.above4G, place.adjoining - 16n];
      assert.deepEqual(list.map(output), [1, 0, 1, 1, 0]);
      assert(view(g, place.above4G + 4096n + 8n, 8).getBigUint64(0, true) > 0n, 'the snapshot');
    },
  },
  {
    name: 'STA',
    prepare: (g) => g.write(scratch, new Uint8Array(192).fill(0xee)),
    rows: (x) => [
      shmem(x, 'STA set_shmem', 'flags', scratch, [1n], 'INVALID_PARAM'),
      shmem(x, 'STA set_shmem', 'all flags', scratch, [ones(x)], 'INVALID_PARAM'),
      shmem(x, 'STA set_shmem', '"64-byte aligned"', scratch + 32n, [0n], 'INVALID_PARAM'),
      shmem(x, 'STA set_shmem', 'read-only', place.readonly, [0n], 'INVALID_ADDRESS'),
      shmem(x, 'STA set_shmem', 'behind memory', place.nowhere, [0n], 'INVALID_ADDRESS'),
      shmem(x, 'STA set_shmem', 'in a hole', place.hole, [0n], 'INVALID_ADDRESS'),
      shmem(x, 'STA set_shmem', 'too high', place.endAbove4G, [0n], 'INVALID_ADDRESS'),
      shmem(x, 'STA set_shmem', 'the last of a slot', place.nowhere - 64n, [0n], 'SUCCESS', 0n),
      shmem(x, 'STA set_shmem', 'above 4 GiB', place.above4G, [0n], 'SUCCESS', 0n),
      shmem(
        x,
        'STA set_shmem',
        '"MUST zero the first 64 bytes"',
        scratch + 64n,
        [0n],
        'SUCCESS',
        0n,
      ),
      {
        ...{ fn: 'STA set_shmem', what: '"all-ones: stop"', args: [ones(x), ones(x), 0n] },
        gives: 'SUCCESS',
        value: 0n,
      },
      { fn: 'STA set_shmem', what: 'no such FID', gives: 'NOT_SUPPORTED', fid: 1n },
    ],
    after: (g) => {
      assert.deepEqual(
        [...g.read(scratch, 192)],
        Array.from({ length: 192 }, (_, i) => (i >= 64 && i < 128 ? 0 : 0xee)),
      );
    },
  },
  {
    name: 'FWFT',
    rows: (x) => [
      fwft('get', 'off at reset', [0n], 'SUCCESS', 0n),
      fwft('set', 'a value that is none', [0n, 2n, 0n], 'INVALID_PARAM'),
      fwft('set', 'a reserved flag', [0n, 1n, 2n], 'INVALID_PARAM'),
      fwft('set', 'the last reserved flag', [0n, 1n, topBit(x)], 'INVALID_PARAM'),
      fwft('set', 'on', [0n, 1n, 0n], 'SUCCESS'),
      fwft('get', 'on', [0n], 'SUCCESS', 1n),
      fwft('set', '"succeeds if value matches the existing one"', [0n, 1n, 0n], 'SUCCESS'),
      fwft('set', '"feature" is 32 bits wide', [dirty(x, 0n), 0n, 0n], 'SUCCESS'),
      fwft('get', '"feature" is 32 bits wide', [dirty(x, 0n)], 'SUCCESS', 0n),
      fwft('set', 'locked', [0n, 1n, 1n], 'SUCCESS'),
      fwft('set', 'once it is locked', [0n, 0n, 0n], 'DENIED_LOCKED'),
      fwft('get', 'once it is locked', [0n], 'SUCCESS', 1n),
      // Without Ssnpm there is no pointer masking.
      ...[1n, 2n, 3n, 4n, 5n].flatMap((feature) => [
        fwft('set', `feature ${feature}`, [feature, 0n, 0n], 'NOT_SUPPORTED'),
        fwft('get', `feature ${feature}`, [feature], 'NOT_SUPPORTED', 0n),
      ]),
      ...[6n, 0x3fffffffn, 0x40000000n, 0x80000000n, 0xc0000000n, 0xffffffffn].flatMap(
        (feature) => [
          fwft('set', `feature 0x${feature.toString(16)}`, [feature, 0n, 0n], 'DENIED'),
          fwft('get', `feature 0x${feature.toString(16)}`, [feature], 'DENIED', 0n),
        ],
      ),
      { fn: 'FWFT get', what: 'no such FID', gives: 'NOT_SUPPORTED', fid: 2n },
    ],
  },
  {
    name: 'FWFT: pointer masking',
    only: 64,
    options: { isa: 'rv64imac_ssnpm' },
    rows: () => [
      fwft('get', 'off at reset', [5n], 'SUCCESS', 0n),
      ...[7n, 16n, 0n].flatMap((length) => [
        fwft('set', `PMLEN ${length}`, [5n, length, 0n], 'SUCCESS'),
        fwft('get', `PMLEN ${length}`, [5n], 'SUCCESS', length),
      ]),
      fwft('set', 'PMLEN 8', [5n, 8n, 0n], 'INVALID_PARAM'),
      fwft('set', 'locked', [5n, 7n, 1n], 'SUCCESS'),
      fwft('set', 'once it is locked', [5n, 0n, 0n], 'DENIED_LOCKED'),
    ],
  },
  {
    name: 'DBCN: buffers to write',
    prepare: (g) => {
      const text = (address: bigint, s: string) => g.write(address, Buffer.from(s, 'latin1'));
      text(scratch, 'one\n');
      text(scratch + 0xffdn, 'across pages\n');
      text(place.adjoining - 3n, 'across slots\n');
      text(place.readonly + 0x1ff0n, 'from ROM\n');
      text(place.nowhere - 5n, 'last\n');
      text(place.above4G + 0xffcn, 'above 4 GiB\n');
      text(place.endAbove4G - 4n, 'end\n');
    },
    rows: (x) => [
      write(x, 'some bytes', scratch, 4n, 'SUCCESS'),
      write(x, 'none', scratch, 0n, 'SUCCESS'),
      write(x, 'across pages', scratch + 0xffdn, 13n, 'SUCCESS'),
      write(x, 'across slots', place.adjoining - 3n, 13n, 'SUCCESS'),
      write(x, 'from read-only memory', place.readonly + 0x1ff0n, 9n, 'SUCCESS'),
      write(x, 'up to the end of memory', place.nowhere - 5n, 5n, 'SUCCESS'),
      write(x, 'above 4 GiB, across pages', place.above4G + 0xffcn, 12n, 'SUCCESS'),
      write(x, 'up to the end, above 4 GiB', place.endAbove4G - 4n, 4n, 'SUCCESS'),
      ...badBuffers(x, 'console_write'),
      { fn: 'DBCN console_write', what: 'no such FID', gives: 'NOT_SUPPORTED', fid: 3n },
    ],
    after: (g) =>
      assert.equal(g.output, 'one\nacross pages\nacross slots\nfrom ROM\nlast\nabove 4 GiB\nend\n'),
  },
  {
    name: 'DBCN: buffers to read into',
    input: 'abcdefghijklmnop',
    prepare: (g) => g.write(scratch, new Uint8Array(0x1100).fill(0x2e)),
    rows: (x) => [
      ...badBuffers(x, 'console_read'),
      read(x, 'into read-only memory', place.readonly, 4n, 'INVALID_PARAM'),
      read(x, 'half of it read-only', place.readonly - 4n, 8n, 'INVALID_PARAM'),
      read(x, 'none', scratch, 0n, 'SUCCESS', 0n),
      read(x, 'some', scratch, 3n, 'SUCCESS', 3n),
      read(x, 'across pages', scratch + 0xffen, 4n, 'SUCCESS', 4n),
      read(x, 'across slots', place.adjoining - 1n, 2n, 'SUCCESS', 2n),
      read(x, 'above 4 GiB', place.endAbove4G - 2n, 2n, 'SUCCESS', 2n),
      read(x, '"maximum number of bytes"', scratch + 0x100n, 0x100n, 'SUCCESS', 5n),
      read(x, '"no bytes to be read"', scratch + 0x200n, 0x100n, 'SUCCESS', 0n),
    ],
    after: (g) => {
      const text = (address: bigint, size: number) =>
        Buffer.from(g.read(address, size)).toString('latin1');
      assert.equal(text(scratch, 5), 'abc..');
      assert.equal(text(scratch + 0xffcn, 8), '..defg..');
      assert.equal(text(place.adjoining - 1n, 2), 'hi');
      assert.equal(text(place.endAbove4G - 2n, 2), 'jk');
      assert.equal(text(scratch + 0x100n, 7), 'lmnop..');
      assert.equal(text(scratch + 0x200n, 2), '..');
    },
  },
  {
    name: 'DBCN: a write that one call does not take whole',
    prepare: (g) => g.write(scratch, new Uint8Array((1 << 20) + 3).fill(0x78)),
    rows: (x) => [
      write(x, '"may do partial writes"', scratch, (1n << 20n) + 3n, 'SUCCESS', 1n << 20n),
      write(x, 'the rest', scratch + (1n << 20n), 3n, 'SUCCESS'),
    ],
    after: (g) => assert.equal(g.output.length, (1 << 20) + 3),
  },
  {
    name: 'DBCN: write_byte',
    rows: (x) => [
      byte('a byte', 0x41n, 'SUCCESS'),
      byte('the low eight bits', dirty(x, 0x43434342n), 'SUCCESS'),
      byte('all ones', ones(x), 'SUCCESS'),
    ],
    after: (g) => assert.equal(g.output, 'AB\xff'),
  },
  ...(['DENIED', 'FAILED'] as const).map((error): Scenario => ({
    name: `DBCN: the VMM says ${error}`,
    options: { handlers: [refusing(error)], withoutConsole: true },
    rows: (x) => [
      write(x, 'refused', scratch, 4n, error, 0n),
      read(x, 'refused', scratch, 4n, error, 0n),
      byte('refused', 0x41n, error),
    ],
  })),
  ...([{ withoutConsole: true }, { calls: [deny(dbcn)] }] as const).map((options, i): Scenario => ({
    name: i === 0 ? 'DBCN: nobody answers' : 'DBCN: denied',
    options,
    rows: (x) => [
      {
        fn: 'BASE probe_extension',
        what: 'DBCN',
        args: [BigInt(dbcn)],
        gives: 'SUCCESS',
        value: 0n,
      },
      write(x, 'nobody', scratch, 4n, 'NOT_SUPPORTED'),
      read(x, 'nobody', scratch, 4n, 'NOT_SUPPORTED'),
      byte('nobody', 0x41n, 'NOT_SUPPORTED'),
    ],
  })),
];

/** Shared memory that is not all there, by two parameters, for an object of `size` bytes. */
function badMemory(
  x: Width,
  fn: string,
  rest: readonly bigint[],
  size: bigint,
  gives: ErrorName,
): Row[] {
  const aligned = (address: bigint) => address - (address % size);
  return [
    shmem(x, fn, 'behind memory', aligned(place.nowhere), rest, gives),
    shmem(x, fn, 'in a hole', place.hole, rest, gives),
    shmem(x, fn, 'behind memory above 4 GiB', place.endAbove4G, rest, gives),
    shmem(x, fn, 'at 0', 0n, rest, gives),
    { fn, what: 'the last page', args: [ones(x) - 4095n, 0n, ...rest], gives },
    { fn, what: 'wider than any address', args: [scratch, ones(x) >> 1n, ...rest], gives },
    { fn, what: 'high half all ones', args: [scratch, ones(x), ...rest], gives },
  ];
}

/** "does not satisfy the requirements …" is INVALID_PARAM in DBCN, and nothing moves. */
function badBuffers(x: Width, name: string): Row[] {
  const row = (what: string, address: bigint, size: bigint): Row => ({
    fn: `DBCN ${name}`,
    what,
    args: [size, ...phys(x, address)],
    gives: 'INVALID_PARAM',
  });
  return [
    row('ends behind memory', place.nowhere - 4n, 8n),
    row('ends one byte behind memory', place.nowhere - 4n, 5n),
    row('begins behind memory', place.nowhere, 1n),
    row('has a hole in its middle', place.hole - 4n, 0x1008n),
    row('ends in a hole', place.hole - 4n, 8n),
    row('begins in a hole', place.island - 4n, 8n),
    row('begins before memory', place.ram - 4n, 8n),
    row('ends behind memory above 4 GiB', place.endAbove4G - 4n, 8n),
    row('begins before memory above 4 GiB', place.above4G - 4n, 8n),
    row('is larger than all memory', scratch, ones(x)),
    row('wraps', ones(x) - 3n, 8n),
    row('is at 0', 0n, 1n),
    { ...row('has a high half', scratch, 4n), args: [4n, scratch, ones(x)] },
    { ...row('is wider than any address', scratch, 4n), args: [4n, scratch, topBit(x)] },
  ];
}

function refusing(error: ErrorName): CallHandler {
  return {
    name: 'refusing',
    extensions: [[dbcn, dbcn]],
    answers: (extension) => extension === dbcn,
    handle: (exit) => {
      if (exit.extension !== dbcn) return;
      exit.answered = true;
      exit.ret = [errorCode[error], 0n];
    },
  };
}

function deny(eid: number) {
  return { extension: [eid, eid] as const, action: 'deny' as const };
}

/** Entries of event_get_info: "event_idx, output, event_data". */
function events(list: readonly bigint[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(list.length * 16));
  list.forEach((event, i) => bytes.setUint32(i * 16, Number(event), true));
  return new Uint8Array(bytes.buffer);
}

function view(g: TableGuest, address: bigint, size: number): DataView {
  const bytes = g.read(address, size);
  return new DataView(bytes.buffer, bytes.byteOffset, size);
}

function topBit(x: Width): bigint {
  return 1n << BigInt(x - 1);
}

function row(fn: string, what: string, args: readonly bigint[], gives: ErrorName, value?: bigint) {
  const made: Row = { fn, what, args, gives };
  return value === undefined ? made : { ...made, value };
}

function pmu(
  name: string,
  what: string,
  args: readonly bigint[],
  gives: ErrorName,
  value?: bigint,
) {
  return row(`PMU ${name}`, what, args, gives, value);
}

/** `set` is base, mask and flags. */
function config(
  x: Width,
  what: string,
  set: readonly bigint[],
  event: bigint,
  gives: ErrorName,
  value?: bigint,
): Row {
  return pmu('counter_config_matching', what, [...set, event, ...wide(x, 0n)], gives, value);
}

function shmem(
  x: Width,
  fn: string,
  what: string,
  address: bigint,
  rest: readonly bigint[],
  gives: ErrorName,
  value?: bigint,
): Row {
  return row(fn, what, [...phys(x, address), ...rest], gives, value);
}

function fwft(
  name: string,
  what: string,
  args: readonly bigint[],
  gives: ErrorName,
  value?: bigint,
) {
  return row(`FWFT ${name}`, what, args, gives, value);
}

function write(
  x: Width,
  what: string,
  address: bigint,
  size: bigint,
  gives: ErrorName,
  value = size,
) {
  const args = [size, ...phys(x, address)];
  return row(
    'DBCN console_write',
    what,
    args,
    gives,
    gives === 'NOT_SUPPORTED' ? undefined : value,
  );
}

function read(
  x: Width,
  what: string,
  address: bigint,
  size: bigint,
  gives: ErrorName,
  value?: bigint,
) {
  return row('DBCN console_read', what, [size, ...phys(x, address)], gives, value);
}

/** "sbiret.uvalue is set to zero". */
function byte(what: string, value: bigint, gives: ErrorName): Row {
  return row('DBCN console_write_byte', what, [value], gives, 0n);
}
