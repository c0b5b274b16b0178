import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commands } from '../../src/core/debug/commands/commands.ts';
import { launch, lineOf, sample, withSnapshots, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const folder = sample('hello-dbcn');
const program = path.join(folder, 'hello-dbcn.elf');
const main = path.join(folder, 'main.c');

const stop = async (t: Transcript) => {
  await t.request('setBreakpoints', {
    source: { path: main },
    breakpoints: [{ line: lineOf(main, 'moons += p->moons') }],
  });
  await t.request('configurationDone');
  await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
  await t.event('stopped');
};
const typed = async (t: Transcript, expression: string) =>
  (await t.request('evaluate', { expression, context: 'repl' }))['result'] as string;

describe('commands of the debug console', () => {
  it('show translation, registers, exits, calls, memory and the stack', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await stop(t);
      const help = await typed(t, 'help');
      for (const { name } of commands) assert.match(help, new RegExp(`^${name}\\b`, 'm'));
      assert.match(await typed(t, 'help x'), /instructions/);
      assert.match(await typed(t, 'info stage2'), /^Sv39x4.*\n0x80200000-/);
      assert.match(await typed(t, 'info stage1'), /^Sv39/);
      assert.match(await typed(t, 'walk &planets'), /G-stage: level 2.*\n.*0x\w+ is at 0x\w+$/s);
      assert.match(await typed(t, 'walk 0x10000000 store'), /refused: /);
      assert.match(await typed(t, 'walk gpa:0x80200000 fetch'), /is at 0x100200000$/);
      assert.match(await typed(t, 'csr vsatp'), /MODE\s+\[63:60\] 0x8 Sv39/);
      assert.match(await typed(t, 'csr hs'), /^hstatus/);
      assert.match(await typed(t, 'exits 3'), /main\.c:\d+|console\.c:\d+|sbi\.c:\d+/);
      assert.match(await typed(t, 'exits 2 sbi'), /DBCN/);
      assert.match(await typed(t, 'calls'), /handle/);
      const code = (await typed(t, 'x/5i $pc')).split('\n');
      assert.equal(code.length, 5);
      t.note('what names code is followed by its place, once for each line of source');
      assert.match(code[0]!, /<run_planets\+\d+>: {2}\S.* {2}\/.*main\.c:\d+$/);
      assert.doesNotMatch(code[1]!, /main\.c/);
      assert.match(await typed(t, 'csr vstvec'), /^vstvec +0x\w+ {2}<trap_entry> {2}\/.*\.S:\d+$/m);
      assert.match(await typed(t, 'p kernel_main'), /<kernel_main> {2}\/.*main\.c:\d+$/);
      assert.equal(await typed(t, 'p &planets'), '0x80202000');
      t.note('as a value, it has a reference to its place');
      const value = { expression: 'kernel_main', context: 'watch' };
      const { valueLocationReference } = await t.request('evaluate', value);
      const place = await t.request('locations', { locationReference: valueLocationReference });
      assert.equal(place['source'].path, main);
      assert.equal(place['line'], lineOf(main, 'void kernel_main('));
      await t.request('locations', { locationReference: 99 });
      assert.match(await typed(t, 'x/2xg &planets'), /<planets>:/);
      assert.match(await typed(t, 'x/4dw distance'), /58 {2}108 {2}150 {2}228$/);
      assert.match(await typed(t, 'x/s p->name'), /"Mercury"$/);
      assert.match(await typed(t, 'x/2s planets[0].name'), /"Mercury"\n.*"Venus"$/);
      assert.match(await typed(t, 'x/7c p->name'), /77 'M'/);
      assert.match(await typed(t, 'x/2xw phys:0'), /cannot be read$/);
      assert.equal(await typed(t, 'p distance[1] + 1'), '0x6d (109)');
      assert.equal(await typed(t, 'p/x distance[1]'), '0x6c');
      assert.equal(await typed(t, 'p/t distance[0]'), '0b111010');
      const stack = (await typed(t, 'bt')).split('\n');
      assert.match(stack[0]!, /^#0 0x\w+ in run_planets at .*main\.c:\d+$/);
      assert.match(stack[1]!, /in kernel_main at .*main\.c:\d+$/);
      assert.equal((await typed(t, 'bt 1')).split('\n').length, 1);
      await typed(t, 'info harts');
      await typed(t, 'info modules');
      await typed(t, 'info registers');
      t.note('a variable of the same name, and mistakes');
      assert.match(await typed(t, 'p'), /^0x/);
      assert.match(await typed(t, 'p - planets'), /^0x0/);
      for (const wrong of ['info nothing', 'csr nothing', 'x/2q 0', 'x/0x 0', 'bt x', 'walk (']) {
        await typed(t, wrong);
      }
      await t.request('terminate');
      t.check('commands');
    }));

  it('keep the machine, and put it back to where it was', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await stop(t);
      const where = async () => [await typed(t, 'p $pc'), await typed(t, 'p p->name')];
      const refused = async (text: string) => assert.equal(await typed(t, text), undefined);
      const first = await where();
      assert.match(await typed(t, 'snapshot'), /^taken: 1, after \d+ instructions, \d+ KiB$/);
      await t.request('continue', { threadId: 1 });
      await t.event('stopped');
      const second = await where();
      assert.notDeepEqual(second, first);
      assert.match(await typed(t, 'snapshot take second planet'), /^taken: second planet, /);
      t.note('back to the first: a stop, and everything is read again');
      assert.match(await typed(t, 'snapshot restore 1'), /^at 1, after/);
      assert.equal((await t.event('stopped'))['reason'], 'restored');
      await t.event('invalidated');
      assert.deepEqual(await where(), first);
      t.note('breakpoints are still there');
      await t.request('continue', { threadId: 1 });
      assert.equal((await t.event('stopped'))['reason'], 'breakpoint');
      assert.deepEqual(await where(), second);
      const list = (await typed(t, 'snapshot list')).split('\n');
      assert.deepEqual(
        list.map((row) => row.split(',')[0]),
        ['1', 'second planet'],
      );
      const { targets } = await t.requestQuietly('completions', {
        text: 'snapshot drop ',
        column: 15,
      });
      assert.ok(targets.some(({ label }: { label: string }) => label === 'second planet'));
      await typed(t, 'snapshot drop second planet');
      for (const wrong of ['restore', 'restore second planet', 'drop 7', 'list all', 'keep']) {
        await refused(`snapshot ${wrong}`);
      }
      await typed(t, 'snapshot drop 1');
      assert.equal(await typed(t, 'snapshot list'), 'no snapshots');
      t.note('and in a file');
      const folder = mkdtempSync(path.join(tmpdir(), 'trapline-'));
      const file = path.join(folder, 'at venus.snapshot');
      assert.match(await typed(t, `snapshot save ${file}`), /^written: /);
      await t.request('continue', { threadId: 1 });
      await t.event('stopped');
      assert.match(await typed(t, `snapshot load ${file}`), /^at .*at venus/);
      await t.event('stopped');
      assert.deepEqual(await where(), second);
      for (const wrong of ['save', 'load', `load ${file}.not`, `load ${program}`]) {
        await refused(`snapshot ${wrong}`);
      }
      rmSync(folder, { recursive: true });
      await t.request('terminate');
      t.check('snapshots');
    }, withSnapshots));

  it('are completed, and coloured where the client can show it', () =>
    withTranscript(async (t) => {
      await t.requestQuietly('initialize', {
        ...{ adapterID: 'trapline', supportsANSIStyling: true, supportsMemoryEvent: true },
      });
      await t.request('launch', { program });
      await t.event('initialized');
      await stop(t);
      const complete = async (text: string) => {
        const { targets } = await t.requestQuietly('completions', {
          text,
          column: text.length + 1,
        });
        return targets.map(({ label }: { label: string }) => label) as string[];
      };
      assert.deepEqual(await complete('wal'), ['walk']);
      assert.deepEqual((await complete('info st')).slice(0, 2), ['stage1', 'stage2']);
      assert.ok((await complete('csr vsa')).includes('vsatp'));
      assert.ok((await complete('help ')).includes('bt'));
      for (const { name } of commands) assert.ok((await complete(name)).includes(name), name);
      assert.ok((await complete('exits s')).includes('sbi'));
      assert.ok((await complete('walk plan')).includes('planets'));
      assert.ok((await complete('x/20i kernel_m')).includes('kernel_main'));
      assert.deepEqual(await complete('p planets[0].na'), ['name']);
      assert.ok((await typed(t, 'walk 0x10000000')).includes('\x1b[31mrefused'));
      assert.ok((await typed(t, 'csr vsatp')).includes('\x1b[1m'));
      t.note('other views of memory that was written are told');
      await t.request('writeMemory', { memoryReference: '0x80202000', offset: 8, data: 'AQ==' });
      const memory = await t.event('memory');
      assert.deepEqual(memory, { memoryReference: '0x80202000', offset: 8, count: 1 });
      await t.request('terminate');
      t.check('commandsStyled');
    }));
});
