import assert from 'node:assert/strict';
import path from 'node:path';
import { launch, sample, withTranscript } from './machine.ts';

const program = path.join(sample('hello-dbcn'), 'hello-dbcn.elf');

describe('an address explained', () => {
  it('is walked through both stages, and refused by the bit that refuses', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await t.request('setFunctionBreakpoints', { breakpoints: [{ name: 'touch_memory' }] });
      await t.request('configurationDone');
      await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
      await t.event('stopped');
      const walk = (expression: string, access?: string, hart = 0) =>
        t.request('trapline/walk', { hart, expression, ...(access && { access }) });

      const both = await walk('&planets');
      const entries = both.steps.filter((step: { flags?: string }) => step.flags);
      // Sv39 down to a leaf of 2 MiB, under Sv39x4 down to one: two entries for each of three.
      assert.equal(entries.length, 3 * 2 + 2);
      assert.equal(both.refusal, undefined);
      // Each entry is what memory holds at its address.
      for (const { entryAddress, entry } of entries) {
        const { data } = await t.requestQuietly('readMemory', {
          ...{ memoryReference: `phys:${entryAddress}`, count: 8 },
        });
        const held = Buffer.from(data, 'base64').readBigUInt64LE();
        assert.equal(`0x${held.toString(16)}`, entry);
      }
      const said = await t.requestQuietly('evaluate', {
        ...{ expression: 'walk &planets', context: 'repl' },
      });
      assert.equal(both.text, said['result']);

      const alone = await walk('gpa:0x80200000', 'fetch');
      assert.equal(alone.space, 'guestPhysical');
      assert.ok(alone.steps.every(({ stage }: { stage: string }) => stage !== 'VS-stage'));
      const refused = await walk('0x10000000', 'store');
      // A store page fault (privileged manual, scause).
      assert.equal(refused.refusal.cause, 15);
      assert.match(refused.refusal.text, /V \(bit 0\) is 0/);
      const unbacked = await walk('gpa:0x10000000', 'store');
      // A store guest-page fault, with the address in the terms of the stage that refused.
      assert.equal(unbacked.refusal.cause, 23);
      assert.equal(unbacked.refusal.guestAddress, '0x10000000');
      t.note('mistakes');
      for (const [expression, access, hart] of [
        ...[['', 'load', 0] as const, ['(', 'load', 0] as const, ['nothing', 'load', 0] as const],
        ...[['phys:0', 'load', 0] as const, ['0', 'write', 0] as const, ['0', 'load', 7] as const],
      ]) {
        assert.equal((await walk(expression, access, hart))['failed'], true, expression);
      }
      await t.request('terminate');
      t.check('walk');
    }));
});
