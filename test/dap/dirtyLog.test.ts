import assert from 'node:assert/strict';
import path from 'node:path';
import { launch, sample, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const program = path.join(sample('hello-dbcn'), 'hello-dbcn.elf');

interface Row {
  readonly input: string;
  readonly pageSize: string;
  readonly permissions: string;
}

describe('a log of what the guest writes', () => {
  const mappings = (t: Transcript) =>
    t.requestQuietly('trapline/mappings', { hart: 0, stage: 'guest' });
  const log = (t: Transcript, action: string) => t.requestQuietly('trapline/dirtyLog', { action });

  it('protects what is mapped, splits it where the guest stores, and says which pages', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await t.request('setFunctionBreakpoints', { breakpoints: [{ name: 'touch_memory' }] });
      await t.request('configurationDone');
      await t.requestQuietly('trapline/consoleInput', { console: 'sbi', text: '\r' });
      await t.event('stopped');
      const before = await mappings(t);
      assert.deepEqual(before.dirtyLog, { logging: false, pages: 0 });
      assert.ok(before.rows.some((row: Row) => row.pageSize === '0x200000'));
      assert.ok(before.rows.every((row: Row) => row.permissions.includes('w')));

      assert.deepEqual(await log(t, 'start'), { logging: true, pages: 0, ranges: [] });
      await t.event('invalidated');
      const started = await mappings(t);
      assert.ok(started.rows.every((row: Row) => row.permissions === 'r-xu'));
      assert.equal(started.rows.length, before.rows.length, 'nothing is split yet');

      await t.request('stepOut', { threadId: 1 });
      await t.event('stopped');
      const after = await mappings(t);
      const written = after.rows.filter((row: Row) => row.permissions.includes('w'));
      assert.ok(written.length > 0);
      assert.ok(written.every((row: Row) => row.pageSize === '0x1000'));
      const { pages, ranges } = await log(t, 'show');
      assert.equal(after.dirtyLog.pages, pages);
      const sizes = ranges.map(({ size }: { size: string }) => Number(size) / 4096);
      assert.equal(
        sizes.reduce((a: number, b: number) => a + b, 0),
        pages,
      );
      // The guest's four fresh pages are among them, one after the other.
      const fresh = ranges.find((range: { address: string }) => range.address === '0x80800000');
      assert.equal(fresh?.size, '0x4000');
      assert.deepEqual(
        written.map((row: Row) => row.input),
        ranges.map(({ address }: { address: string }) => address),
      );

      assert.deepEqual(await log(t, 'clear'), { logging: true, pages: 0, ranges: [] });
      assert.ok((await mappings(t)).rows.every((row: Row) => row.permissions === 'r-xu'));
      assert.deepEqual(await log(t, 'stop'), { logging: false, pages: 0, ranges: [] });
      const stopped = await mappings(t);
      assert.ok(stopped.rows.some((row: Row) => row.pageSize === '0x200000'));
      await t.request('terminate');
      t.check('dirtyLog');
    }));

  it('is refused for what it is not, and where there is no hypervisor', () =>
    withTranscript(async (t) => {
      const machine = path.join(sample('machine-hello'), 'machine-hello.elf');
      await launch(t, { program: machine, mode: 'machine', stopOnEntry: true });
      await t.request('configurationDone');
      await t.event('stopped');
      for (const action of ['begin', 'start']) {
        assert.equal((await t.request('trapline/dirtyLog', { action }))['failed'], true);
      }
      assert.equal((await mappings(t)).dirtyLog, undefined);
      await t.request('terminate');
      t.check('dirtyLogRefused');
    }));
});
