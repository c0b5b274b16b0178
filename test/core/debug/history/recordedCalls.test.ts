/** What handlers answered takes no more room than is said, and none where there is no way back. */
import assert from 'node:assert/strict';
import { RecordedCalls } from '../../../../src/core/debug/history/recordedCalls.ts';
import type {
  CallReply,
  CallScript,
  ScriptGuest,
} from '../../../../src/core/hypervisor/callHandler.ts';

type Args = Parameters<CallScript['call']>;

function recorded(lost: string | undefined, reply: CallReply | undefined) {
  const run = { instructions: 0, isPast: false, lost, isAnsweredByHand: false };
  const call = (...[, , guest]: Args) => {
    guest.writeMemory('physical', 0n, new Uint8Array(1000));
    return reply;
  };
  const live = { name: '', extensions: [], answers: () => true, call, cancel() {}, close() {} };
  const calls = new RecordedCalls(run, live as unknown as CallScript);
  const guest = { pc: 0n, writeMemory: () => true } as unknown as ScriptGuest;
  const script = calls.script();
  for (let i = 1; i <= 10; i++) {
    run.instructions = i;
    void script.call(undefined as unknown as Args[0], undefined as unknown as Args[1], guest);
  }
  return calls;
}

describe('what handlers answered', () => {
  const reply = { error: 0n, value: 0n } as unknown as CallReply;

  it('takes room for what it holds', () => {
    const calls = recorded(undefined, reply);
    assert.ok(calls.bytes > 10_000, `${calls.bytes}`);
    calls.truncate(5);
    assert.ok(calls.bytes > 5000 && calls.bytes < 7000, `${calls.bytes}`);
    calls.truncate(-1);
    assert.equal(calls.bytes, 0);
  });

  it('takes none for calls that the handlers leave to others', () => {
    assert.equal(recorded(undefined, undefined).bytes, 0);
  });

  it('takes none where there is no way back', () => {
    assert.equal(recorded('off', reply).bytes, 0);
  });
});
