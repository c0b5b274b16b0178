/** BASE, TIME, IPI, RFENCE, HSM, SRST, SUSP and the legacy calls: rows for each error of each table. */
import assert from 'node:assert/strict';
import { entry, place } from './tableGuest.ts';
import { dirty, ones, type Row, type Scenario, wide } from './scenario.ts';

const ssip = 2n;
const stip = 32n;

export const hartScenarios: readonly Scenario[] = [
  {
    name: 'BASE',
    rows: (x) => [
      // "the minor number in the low 24 bits, the major number in the next 7 bits".
      { fn: 'BASE get_spec_version', what: '3.0', gives: 'SUCCESS', value: 3n << 24n },
      // "SBI Implementation IDs".
      { fn: 'BASE get_impl_id', what: 'KVM', gives: 'SUCCESS', value: 3n },
      { fn: 'BASE get_impl_version', what: '6.13', gives: 'SUCCESS', value: 0x60d00n },
      ...['get_mvendorid', 'get_marchid', 'get_mimpid'].map((name): Row => {
        return {
          fn: `BASE ${name}`,
          what: '"0 is always a legal value"',
          gives: 'SUCCESS',
          value: 0n,
        };
      }),
      ...probes([0, 1, 2, 3, 4, 5, 6, 7, 8], 1n, 'legacy'),
      ...probes(
        [0x10, 0x54494d45, 0x735049, 0x52464e43, 0x48534d, 0x53525354, 0x504d55, 0x4442434e],
        1n,
        'there',
      ),
      ...probes([0x53555350, 0x535441, 0x46574654], 1n, 'there'),
      ...probes([9, 15, 0x43505043, 0x4e41434c, 0x535345, 0x44425452, 0x4d505859], 0n, 'not there'),
      ...probes([0x08000000, 0x09000000, 0x0a000003, 0xffffffff], 0n, 'nobody’s'),
      {
        fn: 'BASE probe_extension',
        what: 'an EID is 32 bits wide',
        args: [dirty(x, 0x48534dn)],
        gives: 'SUCCESS',
        value: 1n,
      },
      { fn: 'BASE get_impl_id', what: 'a7 too', gives: 'SUCCESS', eidPlus: 7n, value: 3n },
      { fn: 'BASE get_impl_id', what: 'no such FID', gives: 'NOT_SUPPORTED', fid: 7n },
      { fn: 'BASE get_impl_id', what: 'FID -1', gives: 'NOT_SUPPORTED', fid: ones(x) },
    ],
  },
  {
    name: 'TIME',
    rows: (x) => [
      timer('now', wide(x, 0n), (r) => assert.equal(r.sip & stip, stip, 'pending at once')),
      timer('"must clear the pending bit when … in the future"', wide(x, 1n << 60n), (r) =>
        assert.equal(r.sip & stip, 0n),
      ),
      timer('now, again', wide(x, 1n), (r) => assert.equal(r.sip & stip, stip)),
      timer('"infinitely far into the future"', wide(x, (1n << 64n) - 1n), (r) =>
        assert.equal(r.sip & stip, 0n),
      ),
      { fn: 'TIME set_timer', what: 'no such FID', gives: 'NOT_SUPPORTED', fid: 1n },
    ],
  },
  {
    name: 'IPI',
    options: { harts: 3 },
    rows: (x) => [
      {
        ...{ fn: 'IPI send_ipi', what: 'one of the harts is none', args: [0b1001n, 0n] },
        gives: 'INVALID_PARAM',
        check: (r) => assert.equal(r.sip & ssip, 0n, 'and hart 0 got none'),
      },
      {
        ...{ fn: 'IPI send_ipi', what: 'the caller itself', args: [1n, 0n] },
        gives: 'SUCCESS',
        check: (r) => assert.equal(r.sip & ssip, ssip),
      },
      ipi('others', [0b11n, 1n], 'SUCCESS'),
      ipi('all, the mask ignored', [0b1000n, ones(x)], 'SUCCESS'),
      ipi('"base does not need to be a hartid unless bit 0 is set"', [0n, 77n], 'SUCCESS'),
      ipi('a base that is none', [1n, 77n], 'INVALID_PARAM'),
      ipi('a base before all ones', [1n, ones(x) - 1n], 'INVALID_PARAM'),
      ipi('the highest bit', [1n << BigInt(x - 1), 0n], 'INVALID_PARAM'),
      { fn: 'IPI send_ipi', what: 'no such FID', gives: 'NOT_SUPPORTED', fid: 1n },
    ],
  },
  {
    name: 'RFENCE',
    options: { harts: 3 },
    rows: (x) => [
      fence('remote_fence_i', 'all three', [0b111n, 0n], 'SUCCESS'),
      fence('remote_fence_i', 'all', [0n, ones(x)], 'SUCCESS'),
      fence('remote_fence_i', 'no such hart', [0b1000n, 0n], 'INVALID_PARAM'),
      ...['remote_sfence_vma', 'remote_sfence_vma_asid'].flatMap((name) => [
        fence(name, 'a page', [1n, 0n, 0x1000n, 0x1000n, 0n], 'SUCCESS'),
        fence(name, '"start and size are both 0"', [1n, 0n, 0n, 0n, 0n], 'SUCCESS'),
        fence(name, '"size is 2^XLEN-1"', [1n, 0n, 0x1000n, ones(x), 0n], 'SUCCESS'),
        fence(name, 'up to the end', [1n, 0n, ones(x) - 0xfffn, 0x1000n, 0n], 'SUCCESS'),
        fence(name, 'beyond it', [1n, 0n, ones(x) - 0xfffn, 0x1001n, 0n], 'INVALID_ADDRESS'),
        fence(name, 'no such hart', [0b1000n, 0n, 0n, 0n, 0n], 'INVALID_PARAM'),
      ]),
      asid('the widest', x === 64 ? 0xffffn : 0x1ffn, 'SUCCESS'),
      asid('wider than satp.ASID', x === 64 ? 0x10000n : 0x200n, 'INVALID_PARAM'),
      ...hfences.map((name) =>
        fence(name, '"a target hart doesn’t support H"', [1n, 0n, 0n, 0n, 0n], 'NOT_SUPPORTED'),
      ),
      { fn: 'RFENCE remote_fence_i', what: 'no such FID', gives: 'NOT_SUPPORTED', fid: 7n },
    ],
  },
  {
    name: 'RFENCE as KVM: HFENCE is taken and does nothing',
    options: { kvmQuirks: true },
    rows: () => hfences.map((name) => fence(name, 'a hart', [1n, 0n, 0n, 0n, 0n], 'SUCCESS')),
  },
  {
    name: 'HSM',
    options: { harts: 3 },
    rows: (x) => [
      status('of the caller, STARTED', 0n, 0n),
      status('STOPPED', 1n, 1n),
      { ...status('no such hart', 3n), gives: 'INVALID_PARAM' },
      { ...status('no such hart, all ones', ones(x)), gives: 'INVALID_PARAM' },
      start('no such hart', [3n, entry.spin, 0n], 'INVALID_PARAM'),
      start('where nothing is', [1n, place.hole, 0n], 'INVALID_ADDRESS'),
      start('behind memory', [1n, place.nowhere, 0n], 'INVALID_ADDRESS'),
      start('at an odd address', [1n, entry.spin + 1n, 0n], 'INVALID_ADDRESS'),
      start('the caller', [0n, entry.spin, 0n], 'ALREADY_AVAILABLE'),
      start('a stopped hart', [1n, entry.spin, 0n], 'SUCCESS'),
      status('START_PENDING', 1n, 2n),
      start('a hart that is about to start', [1n, entry.spin, 0n], 'ALREADY_AVAILABLE'),
      ipi('so that suspends end at once', [1n, 0n], 'SUCCESS'),
      suspend('retentive', [0n, 0n, 0n], 'SUCCESS'),
      suspend('retentive, "suspend_type is 32 bits wide"', [dirty(x, 0n), 1n, 0n], 'SUCCESS'),
      {
        ...suspend('non-retentive', [dirty(x, 0x80000000n), entry.resume, 0x5eedn], 'SUCCESS'),
        ends: 'resumed',
      },
      ...[1n, 0x0fffffffn, 0x80000001n, 0x8fffffffn].map((type) =>
        suspend(`reserved type 0x${type.toString(16)}`, [type, entry.resume, 0n], 'INVALID_PARAM'),
      ),
      ...[0x10000000n, 0x7fffffffn, 0x90000000n, 0xffffffffn].map((type) =>
        suspend(`a platform’s 0x${type.toString(16)}`, [type, entry.resume, 0n], 'INVALID_PARAM'),
      ),
      suspend('resuming nowhere', [0x80000000n, place.hole, 0n], 'INVALID_ADDRESS'),
      suspend('resuming at an odd address', [0x80000000n, entry.spin + 1n, 0n], 'INVALID_ADDRESS'),
      { fn: 'HSM hart_stop', what: 'no such FID', gives: 'NOT_SUPPORTED', fid: 4n },
    ],
  },
  {
    name: 'HSM as KVM: no non-retentive suspend',
    options: { kvmQuirks: true },
    rows: () => [suspend('default', [0x80000000n, entry.resume, 0n], 'NOT_SUPPORTED')],
  },
  {
    name: 'HSM: the last hart stops itself',
    rows: () => [
      { fn: 'HSM hart_stop', what: 'does not return', gives: 'SUCCESS', ends: 'doesNotReturn' },
    ],
    after: (_g, stop) => assert(stop.kind === 'event' && stop.name === 'crash'),
  },
  {
    name: 'SRST, refused',
    rows: (x) => [
      ...[3n, 0xefffffffn, 0xf0000000n, 0xffffffffn].map((type) =>
        reset(`type 0x${type.toString(16)}`, [type, 0n], 'INVALID_PARAM'),
      ),
      ...[2n, 0xdfffffffn, 0xe0000000n, 0xefffffffn, 0xf0000000n].map((reason) =>
        reset(`reason 0x${reason.toString(16)}`, [0n, reason], 'INVALID_PARAM'),
      ),
      reset('type with upper bits', [dirty(x, 3n), 0n], 'INVALID_PARAM'),
      { fn: 'SRST system_reset', what: 'no such FID', gives: 'NOT_SUPPORTED', fid: 1n },
    ],
  },
  {
    name: 'SRST as KVM',
    options: { kvmQuirks: true },
    rows: () => [reset('a type that it has not', [3n, 0n], 'NOT_SUPPORTED')],
  },
  ...ends('shutdown', [0n, 0n], 'shutdown', 0),
  ...ends('shutdown after a failure', [0n, 1n], 'failure', 1),
  ...ends('cold reboot', [1n, 0n], 'reset', 0),
  ...ends('warm reboot', [2n, 0n], 'reset', 0),
  {
    name: 'SRST: type and reason are 32 bits wide',
    rows: (x) => [
      {
        ...reset('upper halves', [dirty(x, 0n), dirty(x, 0n)], 'SUCCESS'),
        ends: 'doesNotReturn',
      },
    ],
    after: (_g, stop) => assert(stop.kind === 'ended' && stop.end.reason === 'shutdown'),
  },
  {
    name: 'SUSP, refused',
    options: { harts: 2 },
    rows: (x) => [
      ...[1n, 0x7fffffffn, 0x80000000n, 0xffffffffn].map((type) =>
        susp(`type 0x${type.toString(16)}`, [type, entry.resume, 0n], 'INVALID_PARAM'),
      ),
      susp('resuming nowhere', [0n, place.hole, 0n], 'INVALID_ADDRESS'),
      susp('resuming at an odd address', [0n, entry.resume + 1n, 0n], 'INVALID_ADDRESS'),
      start('the other hart', [1n, entry.spin, 0n], 'SUCCESS'),
      susp('"all but the calling hart in STOPPED"', [0n, entry.resume, 0n], 'DENIED'),
      susp('"sleep_type is 32 bits"', [dirty(x, 0n), entry.resume, 0n], 'DENIED'),
      { fn: 'SUSP system_suspend', what: 'no such FID', gives: 'NOT_SUPPORTED', fid: 1n },
    ],
  },
  {
    name: 'SUSP: suspend to RAM',
    rows: (x) => [
      timer('to be woken', wide(x, 200_000n), () => {}),
      {
        ...susp('wakes with the timer', [dirty(x, 0n), entry.resume, 0xabcdn], 'SUCCESS'),
        sie: stip,
        ends: 'resumed',
        check: (r) => assert.equal(r.sip & stip, stip),
      },
      status('STARTED again', 0n, 0n),
    ],
  },
  {
    name: 'legacy calls',
    options: { harts: 3 },
    input: 'ab',
    prepare: (g) => g.write(mask, new Uint8Array([7, ...Array<number>(15).fill(0)])),
    rows: (x) => [
      { fn: 'legacy set_timer', what: 'now', args: wide(x, 0n), gives: 0n, check: hasTimer(stip) },
      {
        ...{ fn: 'legacy set_timer', what: 'later', args: wide(x, 1n << 60n), gives: 0n },
        check: hasTimer(0n),
      },
      { fn: 'legacy console_putchar', what: 'a letter', args: [0x41n], gives: 0n },
      {
        ...{ fn: 'legacy console_putchar', what: 'a letter of a word', args: [0x12345642n] },
        gives: 0n,
      },
      { fn: 'legacy console_getchar', what: 'a byte', gives: 0x61n },
      { fn: 'legacy console_getchar', what: 'another', gives: 0x62n },
      { fn: 'legacy console_getchar', what: '"-1 for failure"', gives: -1n },
      { fn: 'legacy clear_ipi', what: '"0 if no IPI had been pending"', gives: 0n },
      {
        ...{ fn: 'legacy send_ipi', what: 'a mask in memory', args: [mask], gives: 0n },
        check: (r) => assert.equal(r.sip & ssip, ssip),
      },
      {
        ...{ fn: 'legacy clear_ipi', what: '"a positive value if … pending"', gives: 1n },
        check: (r) => assert.equal(r.sip & ssip, 0n),
      },
      { fn: 'legacy send_ipi', what: 'no mask: every hart', args: [0n], gives: 0n },
      { fn: 'legacy remote_fence_i', what: 'a mask', args: [mask], gives: 0n },
      ...['remote_sfence_vma', 'remote_sfence_vma_asid'].flatMap((name): Row[] => [
        { fn: `legacy ${name}`, what: 'a page', args: [mask, 0x1000n, 0x1000n, 1n], gives: 0n },
        { fn: `legacy ${name}`, what: 'everything', args: [mask, 0n, 0n, 1n], gives: 0n },
        { fn: `legacy ${name}`, what: 'all ones', args: [mask, 0n, ones(x), 1n], gives: 0n },
      ]),
      ...['send_ipi', 'remote_fence_i', 'remote_sfence_vma', 'remote_sfence_vma_asid'].map(
        (name): Row => ({
          ...{ fn: `legacy ${name}`, what: 'a mask where nothing is', args: [place.hole] },
          gives: 0n,
          ends: 'trapped',
          // Translated by the guest's tables, of which there are none; then no memory: load access.
          check: (r) => assert.deepEqual([r.cause, r.tval], [5, place.hole]),
        }),
      ),
      ...([9, 10, 11, 12, 13, 14, 15] as const).map((eid): Row => {
        const what = `reserved ${eid}`;
        return { fn: 'legacy set_timer', what, gives: -2n, eid: BigInt(eid) };
      }),
    ],
    after: (g) => assert.equal(g.output, 'AB'),
  },
  {
    name: 'legacy shutdown',
    rows: () => [
      { fn: 'legacy shutdown', what: '"doesn’t return"', gives: 0n, ends: 'doesNotReturn' },
    ],
    after: (_g, stop) => assert(stop.kind === 'ended' && stop.end.reason === 'shutdown'),
  },
];

const hfences = [
  'remote_hfence_gvma_vmid',
  'remote_hfence_gvma',
  'remote_hfence_vvma_asid',
  'remote_hfence_vvma',
];
const mask = place.scratch;

function hasTimer(pending: bigint): NonNullable<Row['check']> {
  return (r) => assert.equal(r.sip & stip, pending);
}

function probes(eids: readonly number[], value: bigint, what: string): Row[] {
  return eids.map((eid) => ({
    fn: 'BASE probe_extension',
    what: `0x${eid.toString(16)} is ${what}`,
    args: [BigInt(eid)],
    gives: 'SUCCESS',
    value,
  }));
}

function timer(what: string, args: readonly bigint[], check: NonNullable<Row['check']>): Row {
  return { fn: 'TIME set_timer', what, args, gives: 'SUCCESS', check };
}

function ipi(what: string, args: readonly bigint[], gives: Row['gives']): Row {
  return { fn: 'IPI send_ipi', what, args, gives };
}

function fence(name: string, what: string, args: readonly bigint[], gives: Row['gives']): Row {
  return { fn: `RFENCE ${name}`, what, args, gives };
}

function asid(what: string, value: bigint, gives: Row['gives']): Row {
  return fence('remote_sfence_vma_asid', what, [1n, 0n, 0n, 0n, value], gives);
}

function status(what: string, hart: bigint, value?: bigint): Row {
  const row: Row = { fn: 'HSM hart_get_status', what, args: [hart], gives: 'SUCCESS' };
  return value === undefined ? row : { ...row, value };
}

function start(what: string, args: readonly bigint[], gives: Row['gives']): Row {
  return { fn: 'HSM hart_start', what, args, gives };
}

function suspend(what: string, args: readonly bigint[], gives: Row['gives']): Row {
  return { fn: 'HSM hart_suspend', what, args, gives, sie: ssip };
}

function reset(what: string, args: readonly bigint[], gives: Row['gives']): Row {
  return { fn: 'SRST system_reset', what, args, gives };
}

function susp(what: string, args: readonly bigint[], gives: Row['gives']): Row {
  return { fn: 'SUSP system_suspend', what, args, gives };
}

function ends(what: string, args: readonly bigint[], reason: string, code: number): Scenario[] {
  return [
    {
      name: `SRST: ${what}`,
      rows: () => [{ ...reset(what, args, 'SUCCESS'), ends: 'doesNotReturn' }],
      after: (_g, stop) => {
        assert(stop.kind === 'ended');
        assert.deepEqual([stop.end.reason, stop.end.code], [reason, code]);
      },
    },
  ];
}
