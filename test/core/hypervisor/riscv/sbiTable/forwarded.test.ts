/**
 * Extensions that KVM leaves to its VMM, from a guest's side: nobody answers them, or somebody does,
 * for every function and with every error of the specification ("Standard SBI Errors"). NACL is
 * absent to a probe.
 */
import assert from 'node:assert/strict';
import type { CallHandler } from '../../../../../src/core/hypervisor/callHandler.ts';
import type { CallExit } from '../../../../../src/core/hypervisor/exits.ts';
import { errorCode, forwardable, nacl } from './errorTables.ts';
import { TableGuest, type TableCall } from './tableGuest.ts';

const dbcn = [0x4442434e, 3] as const;
const spaces = [0x08000000, 0x08ffffff, 0x09000000, 0x09ffffff, 0x0a000003];
const list: readonly (readonly [eid: number, functions: number])[] = [
  ...forwardable.map(([, eid, functions]) => [eid, functions] as const),
  [nacl.eid, nacl.functions],
  dbcn,
  ...spaces.map((eid) => [eid, 2] as const),
];
const args = [1n, 2n, 3n, 4n, 5n, 6n];

function functions(): readonly TableCall[] {
  return list.flatMap(([eid, count]) =>
    Array.from({ length: count }, (_, fid) => ({ eid: BigInt(eid), fid: BigInt(fid), args })),
  );
}

function probes(): readonly TableCall[] {
  return list.map(([eid]) => ({ eid: 0x10n, fid: 3n, args: [BigInt(eid)] }));
}

for (const xlen of [64, 32] as const) {
  describe(`SBI calls that are forwarded, on RV${xlen}`, () => {
    it('nobody answers: not there to a probe, and NOT_SUPPORTED', () => {
      const g = new TableGuest(xlen, { withoutConsole: true });
      g.load([...probes(), ...functions()]);
      assert.equal(g.run().kind, 'ended');
      const results = g.results();
      for (const [i] of list.entries())
        assert.deepEqual([results[i]?.a0, results[i]?.a1], [0n, 0n]);
      for (const result of results.slice(list.length)) {
        assert.deepEqual([result.kind, result.a0], ['returned', -2n]);
        assert(result.changed.every((name) => name === 'x10' || name === 'x11'));
      }
    });

    it('somebody answers: each function, with all arguments, and every error', () => {
      const errors = Object.values(errorCode);
      const calls = functions().flatMap((call) => errors.map(() => call));
      const seen: CallExit[] = [];
      const handler: CallHandler = {
        name: 'everything',
        extensions: list.map(([eid]) => [eid, eid] as const),
        answers: (eid) => list.some(([known]) => known === eid),
        handle: (exit) => {
          exit.ret = [errors[seen.length % errors.length] ?? 0n, BigInt(seen.length)];
          exit.answered = true;
          seen.push(exit);
        },
      };
      const g = new TableGuest(xlen, { handlers: [handler], withoutConsole: true });
      g.load([...calls, ...probes()]);
      assert.equal(g.run().kind, 'ended');
      const results = g.results();
      calls.forEach((call, i) => {
        const exit = seen[i];
        const where = exit?.describe().text ?? '';
        assert.deepEqual([exit?.extension, exit?.function], [Number(call.eid), Number(call.fid)]);
        assert.deepEqual(exit?.args, args, where);
        assert.deepEqual([results[i]?.a0, results[i]?.a1], [errors[i % errors.length], BigInt(i)]);
        assert(
          results[i]?.changed.every((name) => name === 'x10' || name === 'x11'),
          where,
        );
      });
      assert(
        results.slice(calls.length).every((r) => r.a0 === 0n && r.a1 !== 0n),
        'probes',
      );
    });
  });
}
