import assert from 'node:assert/strict';
import path from 'node:path';
import { trapWatchKinds } from '../../src/core/isa/riscv/trapWatch.ts';
import { trapKinds } from '../../src/core/machine/exitStops.ts';
import { launch, sample, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const guest = (name: string) => path.resolve('test/guests', `${name}.elf`);

/** Launches with filters and gives the texts and explanations of the first stops. */
async function stops(t: Transcript, launched: object, filterOptions: object[], count: number) {
  await launch(t, launched);
  await t.request('setExceptionBreakpoints', { filters: [], filterOptions });
  await t.request('configurationDone');
  const seen: { readonly text: string; readonly lines: readonly string[] }[] = [];
  for (let i = 0; i < count; i++) {
    if (i > 0) await t.request('continue', { threadId: 1 });
    const { text } = await t.event('stopped');
    const { details } = await t.request('exceptionInfo', { threadId: 1 });
    seen.push({ text, lines: details.message.split('\n') });
  }
  return seen;
}

describe('stops at traps', () => {
  it('kinds are those that harts look for', () => {
    assert.deepEqual([...trapWatchKinds].sort(), [...trapKinds].sort());
  });

  it('guest-page faults are explained down to the bit of the entry that refuses', () =>
    withTranscript(async (t) => {
      const filters = ['load', 'store', 'fetch'].map((access) => ({
        filterId: `guest-page-fault-${access}`,
      }));
      const seen = await stops(t, { program: guest('twostage'), mode: 'machine' }, filters, 4);
      for (const { text, lines } of seen) {
        assert.match(text, /guest-page fault of 0x\w+: G-stage, for .*\(bit \d\) is 0/);
        assert.match(text, /taken from \S+ at 0x\w+ to M-mode$/);
        assert.ok(
          lines.some((line) => /^VS-stage: level \d, entry \d+ at 0x/.test(line)),
          text,
        );
        assert.ok(lines.some((line) => line.startsWith('specification: Privileged: hypervisor')));
      }
      assert.match(seen[0]!.text, /^load guest-page fault/);
      t.note('the stack goes on through the trap, which no call-frame information describes');
      const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 3 });
      assert.match(stackFrames[1].name, /^-> taken from \S+ at 0x/);
      assert.equal(stackFrames[1].presentationHint, 'label');
      await t.request('terminate');
      t.check('trapsGuestPage');
    }));

  it('page faults, illegal instructions and calls, by kind and by what they say', () =>
    withTranscript(async (t) => {
      const launched = { program: guest('traps'), mode: 'machine' };
      const filters = [
        { filterId: 'illegal-instruction' },
        { filterId: 'access-fault' },
        { filterId: 'misaligned' },
        { filterId: 'ebreak' },
        { filterId: 'ecall', condition: 'from U-mode' },
      ];
      const seen = await stops(t, launched, filters, 6);
      assert.ok(new Set(seen.map(({ lines }) => lines[1])).size > 1);
      await t.request('terminate');
      t.check('trapsByKind');
    }));

  it('entry to a mode, and returns from it, in a machine with its own world below', () =>
    withTranscript(async (t) => {
      const program = path.join(sample('machine-hello'), 'machine-hello.elf');
      const filters = [
        { filterId: 'trap-entry', condition: 'to M-mode' },
        { filterId: 'trap-return', condition: 'to S-mode' },
        { filterId: 'trap-return', condition: 'M-mode' },
      ];
      const seen = await stops(t, { program, mode: 'machine' }, filters, 4);
      assert.ok(seen.some(({ text }) => text.includes('return from M-mode')));
      assert.ok(seen.some(({ text }) => /^(interrupt|ecall|breakpoint)/.test(text)));
      await t.request('terminate');
      t.check('trapsEntry');
    }));

  it("in a guest of ours, its own faults and those that its hypervisor's tables make", () =>
    withTranscript(async (t) => {
      const program = path.join(sample('hello-dbcn'), 'hello-dbcn.elf');
      const filters = [{ filterId: 'guest-page-fault-store' }, { filterId: 'ecall' }];
      const seen = await stops(t, { program }, filters, 3);
      assert.ok(seen.some(({ text }) => text.startsWith('ecall from VS-mode')));
      t.note('stopOn takes the same names');
      await t.request('restart', { arguments: { program, stopOn: ['interrupt: VS-mode'] } });
      await t.request('setExceptionBreakpoints', { filters: [] });
      await t.event('stopped');
      await t.request('terminate');
      t.check('trapsOfGuest');
    }));
});
