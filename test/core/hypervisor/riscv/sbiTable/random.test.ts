/**
 * Calls at random from a guest's side: any EID, FID and registers, under every policy. The
 * hypervisor never fails (a `Bug` would end the test), every call has an answer that the
 * specification knows, and no other register changes.
 */
import assert from 'node:assert/strict';
import type { CallHandler } from '../../../../../src/core/hypervisor/callHandler.ts';
import type { CallAction } from '../../../../../src/core/hypervisor/callPolicy.ts';
import type { MachineStop } from '../../../../../src/core/machine/machine.ts';
import { assemble, ram, realGuest, runToEnd } from '../realGuest.ts';
import { errorTables, forwardable, nacl } from './errorTables.ts';
import {
  entry,
  place,
  TableGuest,
  type TableCall,
  type TableGuestOptions,
  type TableResult,
  type Width,
} from './tableGuest.ts';

const callsEach = 4000;
/** A linear congruential generator: the same calls in every run. */
type Random = (below: number) => number;
function random(seed: number): Random {
  let state = BigInt(seed);
  return (below) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number((state >> 33n) % BigInt(below));
  };
}

const everything: readonly [number, number] = [0, 0xffffffff];
const all = (action: CallAction): TableGuestOptions => ({
  calls: [{ extension: everything, action }],
});
/** Answers all that it is asked, with whatever error comes next. */
function answering(next: Random): CallHandler {
  return {
    name: 'anything',
    extensions: [everything],
    answers: () => true,
    handle: (exit) => {
      exit.ret = [BigInt(-next(15)), BigInt(next(2 ** 31))];
      exit.answered = true;
    },
  };
}

const policies: readonly (readonly [name: string, options: (next: Random) => TableGuestOptions])[] =
  [
    ['the default', () => ({})],
    ["KVM's deviations", () => ({ kvmQuirks: true })],
    ['all denied', () => all('deny')],
    ['all forwarded to nobody', () => ({ ...all('forward'), withoutConsole: true })],
    ['all forwarded and answered', (next) => ({ ...all('forward'), handlers: [answering(next)] })],
    ['all handled', () => all('handle')],
    ['a stop at each', () => all('break')],
  ];

for (const xlen of [64, 32] as const) {
  for (const [name, options] of policies) {
    it(`SBI calls at random on RV${xlen}: ${name}`, function () {
      this.timeout(120_000);
      const next = random(xlen + name.length);
      const calls = Array.from({ length: callsEach }, () => anyCall(xlen, next));
      const seen = new Map<string, number>();
      for (let at = 0; at < calls.length;) {
        const g = new TableGuest(xlen, { harts: 3, ...options(next) });
        prepare(g);
        const done = runSome(g, calls.slice(at), seen);
        assert(done > 0);
        at += done;
      }
      assert((seen.get('returned') ?? 0) > callsEach / 2, JSON.stringify([...seen]));
    });
  }
}

describe('SBI calls that the hart asks about while it runs', () => {
  const registers = [
    ...['pc', 'scause', 'sepc', 'stval', 'htval', 'htinst', 'hstatus', 'mstatus', 'vsstatus'],
    ...['mcycle', 'minstret', 'hvip', 'vsip', 'vstimecmp'],
  ];
  for (const xlen of [64, 32] as const) {
    it(`leave everything as calls do that end its run, on RV${xlen}`, () => {
      const next = random(99);
      const calls = Array.from({ length: 2000 }, () => anyCall(xlen, next));
      // Suspends wait for somebody, which is the same in both.
      const made = calls.filter(
        ({ eid }) => ![0x53525354n, 8n, 0x48534dn, 0x53555350n].includes(BigInt.asUintN(32, eid)),
      );
      const outcome = (callsTrap: boolean) => {
        const g = new TableGuest(xlen, { harts: 2, callsTrap });
        prepare(g);
        g.load(made);
        const stop = g.run();
        const { instructions } = g.machine;
        const state = g.machine.harts.map((hart) =>
          registers.map((name) => [name, hart.readRegister(name)]),
        );
        return { stop, instructions, state, results: g.results() };
      };
      assert.deepEqual(outcome(false), outcome(true));
    });
  }

  it('lose the reservation', () => {
    const image = assemble(`
      li t0, ${ram + 0x1000}
      lr.d t1, (t0)
      call 0x10, 0
      sc.d s0, t1, (t0)
      sd s0, 8(t0)
      shutdown 0
    `);
    const g = realGuest(image);
    runToEnd(g);
    assert.equal(g.word(ram + 0x1008), 1n);
  });
});

/** Memory in which every hart that is started spins, wherever. */
function prepare(g: TableGuest): void {
  const jumpToSelf = Uint8Array.from({ length: 0x1_0000 }, (_, i) => [0x01, 0xa0][i % 2] ?? 0);
  g.write(place.scratch, jumpToSelf);
  g.write(place.readonly, jumpToSelf.subarray(0, 0x2000));
  g.write(place.above4G, jumpToSelf);
  g.console.feed(Buffer.alloc(5000, 'x'));
}

/** Runs until a call ends the machine or all are made; returns how many were. */
function runSome(g: TableGuest, calls: readonly TableCall[], seen: Map<string, number>): number {
  g.load(calls);
  const stop = runToStop(g);
  const results = g.results();
  const made = results.findIndex((result) => result.kind === 'notReached');
  const count = made < 0 ? calls.length : made;
  for (let i = 0; i < count; i++) {
    const [call, result] = [calls[i], results[i]];
    assert(call && result);
    const text = `${call.eid.toString(16)} ${call.fid.toString(16)} (${call.args.join(', ')})`;
    checkAnswer(call, result, text);
    seen.set(result.kind, (seen.get(result.kind) ?? 0) + 1);
  }
  if (made < 0) return count;
  // The call that ended the machine has done what it is for.
  const last = calls[made];
  assert(last);
  const eid = Number(BigInt.asUintN(32, last.eid));
  const ending = [0x08, 0x53525354, 0x48534d, 0x53555350];
  assert(ending.includes(eid), `${eid.toString(16)}: ${JSON.stringify(stop)}`);
  return count + 1;
}

/** A hart that waits is woken; a debugger that is shown a call goes on. */
function runToStop(g: TableGuest): MachineStop {
  for (let left = 1_000_000; left > 0; left--) {
    const stop = g.run(20_000_000);
    if (stop.kind === 'event' && stop.name === 'call') continue;
    if (stop.kind !== 'idle') return stop;
    const [vcpu] = g.machine.vm.vcpus;
    vcpu?.setInterrupt(true);
    // Not enabled: then nothing wakes it.
    if (!vcpu?.runnable) return stop;
  }
  return assert.fail('does not end');
}

function checkAnswer(call: TableCall, result: TableResult, text: string): void {
  const legacy = BigInt.asUintN(32, call.eid) < 0x10n;
  switch (result.kind) {
    case 'returned': {
      const free = legacy ? ['x10'] : ['x10', 'x11'];
      assert.deepEqual(
        result.changed.filter((register) => !free.includes(register)),
        [],
        text,
      );
      const [lowest, highest] = legacy ? [-14n, 255n] : [-14n, 0n];
      assert(result.a0 >= lowest && result.a0 <= highest, `${text}: ${result.a0}`);
      return;
    }
    case 'trapped':
      // Only a legacy call's hart mask makes a trap of a call.
      assert(legacy && result.atEcall, text);
      assert([4, 5, 13].includes(result.cause), `${text}: cause ${result.cause}`);
      assert.deepEqual(result.changed, [], text);
      return;
    case 'resumed':
      assert.deepEqual([result.a0, result.satp, result.sstatus & 2n], [0n, 0n, 0n], text);
      return;
    case 'notReached':
      assert.fail(text);
  }
}

function anyCall(xlen: Width, next: Random): TableCall {
  const mask = (value: bigint) => BigInt.asUintN(xlen, value);
  const eid = mask(anyExtension(next));
  const fid = mask(next(8) === 0 ? anyValue(xlen, next) : BigInt(next(11)));
  // Each of these needs a new machine afterwards.
  const id = BigInt.asUintN(32, eid);
  const isEnd =
    id === 8n || (BigInt.asUintN(32, fid) < 2n && [0x53525354n, 0x48534dn].includes(id));
  if (isEnd && next(16) !== 0) return anyCall(xlen, next);
  return {
    ...{ eid, fid },
    args: Array.from({ length: 6 }, () => mask(anyValue(xlen, next))),
    // An interrupt that is pending soon enough ends suspends.
    sie: 0x222n,
  };
}

const known = [
  ...new Set(errorTables.map((f) => f.eid)),
  ...forwardable.map(([, eid]) => eid),
  nacl.eid,
];
function anyExtension(next: Random): bigint {
  const upper = next(4) === 0 ? BigInt(next(2 ** 31)) << 32n : 0n;
  const kind = next(10);
  if (kind < 6) return upper | BigInt(known[next(known.length)] ?? 0);
  if (kind < 8) return upper | BigInt(next(16));
  if (kind < 9) return upper | BigInt(0x08000000 + next(0x03000000));
  return upper | (BigInt(next(2 ** 31)) * 2n);
}

/** Nothing that would let a call overwrite the guest's program and its table. */
function anyValue(xlen: Width, next: Random): bigint {
  const value = anyNumber(xlen, next);
  const inProgram = (v: bigint) => v >= place.ram && v < place.scratch;
  return inProgram(value) || inProgram(BigInt.asUintN(xlen, value)) ? entry.spin : value;
}

const places = Object.values(place).filter((address) => address !== place.ram);
function anyNumber(xlen: Width, next: Random): bigint {
  const ones = (1n << BigInt(xlen)) - 1n;
  const numbers = [0n, 1n, 2n, 3n, 5n, 7n, 16n, 63n, 64n, 4096n, 0xf0005n, 0x80000000n, 1n << 31n];
  switch (next(7)) {
    case 0:
    case 1:
      return numbers[next(numbers.length)] ?? 0n;
    case 2:
      return ones - BigInt(next(2) * next(4096));
    case 3:
      return (places[next(places.length)] ?? 0n) + BigInt(next(3) * 64);
    case 4:
      return (places[next(places.length)] ?? 0n) - BigInt(next(5000));
    case 5:
      return [entry.resume, entry.spin, 0n][next(3)] ?? 0n;
    default:
      return (BigInt(next(2 ** 31)) << BigInt(next(34))) | BigInt(next(2 ** 31));
  }
}
