/** A million mappings, of a G-stage that a guest made itself, asked for by window. */
import assert from 'node:assert/strict';
import { launch, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const program = 'test/guests/mappings.elf';
const rows = 1 << 20;

interface Row {
  readonly input: string;
  readonly output: string;
  readonly permissions: string;
}

describe('a million mappings', () => {
  const hexOf = (page: number): string => `0x${(page * 4096).toString(16)}`;
  /** As the guest's source says. */
  const expected = (page: number): string[] => [
    hexOf(page),
    hexOf(0x8_0000 + page),
    page % 2 === 0 ? 'r--u' : 'rw-u',
  ];
  const texts = (found: readonly Row[]): string[][] =>
    found.map(({ input, output, permissions }) => [input, output, permissions]);

  async function stopped(t: Transcript): Promise<void> {
    await launch(t, { program, mode: 'machine' });
    await t.request('setFunctionBreakpoints', { breakpoints: [{ name: 'mapped' }] });
    await t.request('configurationDone');
    await t.event('stopped');
  }

  it('are read once, and shown at any place', () =>
    withTranscript(async (t) => {
      await stopped(t);
      const read = (more: object) =>
        t.requestQuietly('trapline/mappings', { hart: 0, stage: 'guest', maxRows: 3, ...more });
      const first = await read({});
      assert.equal(first.title, 'Sv39x4, root 0x80800000, VMID 0');
      assert.deepEqual([first.total, first.matching, first.truncated], [rows, rows, false]);
      const { list } = first;
      for (const from of [0, 500_001, rows - 2]) {
        const window = await read({ list, from });
        assert.equal(window.list, list);
        assert.equal(window.from, from);
        const wanted = [from, from + 1, from + 2].filter((page) => page < rows).map(expected);
        assert.deepEqual(texts(window.rows), wanted);
      }
      const found = await read({ list, filter: '0xabcde123', find: hexOf(0xabcde) });
      assert.deepEqual([found.total, found.matching, found.found], [rows, 1, 0]);
      assert.deepEqual(texts(found.rows), [expected(0xabcde)]);
      assert.equal((await read({ list, find: hexOf(777_777) })).found, 777_777);
      assert.equal((await read({ list, filter: 'rw-u' })).matching, rows / 2);
      // A page that is not memory is walked all the same.
      const { result } = await t.requestQuietly('trapline/walk', {
        ...{ hart: 0, expression: `gpa:${hexOf(3)}`, access: 'store' },
      });
      assert.equal(result, hexOf(0x8_0003));
      t.check('mappingsWindows');
    }));

  it('are as many as the console says, which lists the first', () =>
    withTranscript(async (t) => {
      await stopped(t);
      const { result } = await t.requestQuietly('evaluate', {
        expression: 'info stage2',
        context: 'repl',
      });
      const lines = String(result).split('\n');
      assert.match(lines[1]!, /^0x0-0x1000 → 0x80000000 {2}r--ua- {2}pages of 4 KiB/);
      assert.equal(lines.at(-1), `… and ${rows - 200} more rows`);
      t.check('mappingsConsole');
    }));

  it('are refused where the arguments name none', () =>
    withTranscript(async (t) => {
      await stopped(t);
      for (const more of [{ stage: 'both' }, { find: 'main' }, { hart: 9 }]) {
        await t.request('trapline/mappings', { hart: 0, stage: 'guest', ...more });
      }
      t.check('mappingsRefused');
    }));
});
