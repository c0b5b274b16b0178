/** Every exit of a session in a file, however many there are. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { assemble, trapline } from '../cli/trapline.ts';
import { launch, withTranscript } from './machine.ts';

/** Far more calls than a guest keeps exits. */
const calls = 30_000;
const guest = `
  li s0, ${calls}
  1: mv a0, s0
  li a7, 0x10; li a6, 3; ecall
  addi s0, s0, -1
  bnez s0, 1b
  li a7, 0x53525354; li a6, 0; li a0, 0; li a1, 0; ecall`;

describe('exits recorded to a file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let program = '';
  before(() => {
    program = assemble(folder, 'calls', guest, 0x80200000);
  });
  const linesOf = (file: string) =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('are all of them, the same that --trace exits writes', () =>
    withTranscript(async (t) => {
      const file = path.join(folder, 'session.jsonl');
      await launch(t, { program, stopOnEntry: true });
      await t.request('configurationDone');
      await t.event('stopped');
      await t.request('trapline/recordExits', { file });
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      await t.request('disconnect');
      const recorded = linesOf(file);
      assert.deepEqual(
        recorded.map(({ sequence }) => sequence),
        recorded.map((_, i) => i + 1),
      );
      assert.equal(recorded.filter(({ kind }) => kind === 'sbi').length, calls + 1);
      assert(recorded.some(({ source }) => source !== undefined));
      const trace = path.join(folder, 'trace.jsonl');
      const options = ['--trace', 'exits', '--trace-format', 'json', '--trace-file', trace];
      assert.equal(trapline(['run', ...options, program]).code, 0);
      assert.deepEqual(
        recorded.map(({ source: _, ...rest }) => rest),
        linesOf(trace),
      );
      t.check('exitsRecorded', folder);
    }));

  it('end when they are asked to, and begin again with another guest', () =>
    withTranscript(async (t) => {
      const [first, second] = ['first', 'second'].map((name) => path.join(folder, `${name}.jsonl`));
      assert(first !== undefined && second !== undefined);
      await launch(t, { program, stopOnEntry: true });
      await t.request('configurationDone');
      await t.event('stopped');
      await t.request('trapline/recordExits', { file: first });
      await t.request('trapline/recordExits', {});
      await t.request('trapline/recordExits', { file: second });
      await t.request('restart');
      await t.event('stopped');
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      await t.request('disconnect');
      assert.equal(readFileSync(first, 'utf8'), '');
      assert.equal(linesOf(second).filter(({ kind }) => kind === 'sbi').length, calls + 1);
      t.check('exitsRecordedAgain', folder);
    }));

  it('name the file that cannot be written', () =>
    withTranscript(async (t) => {
      await launch(t, { program, stopOnEntry: true });
      await t.request('configurationDone');
      await t.event('stopped');
      const file = path.join(folder, 'none', 'exits.jsonl');
      const answer = await t.request('trapline/recordExits', { file });
      assert.match(answer.error.format, /exits cannot be written to .*none.exits.jsonl/);
      await t.request('terminate');
      t.check('exitsRefused', folder);
    }));
});
