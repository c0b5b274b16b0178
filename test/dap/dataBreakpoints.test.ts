import assert from 'node:assert/strict';
import path from 'node:path';
import { launch, lineOf, sample, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const folder = sample('hello-dbcn');
const program = path.join(folder, 'hello-dbcn.elf');
const main = path.join(folder, 'main.c');

const start = async (t: Transcript) => {
  await t.request('configurationDone');
  await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
};
const stopAt = async (t: Transcript, text: string) => {
  await t.request('setBreakpoints', {
    source: { path: main },
    breakpoints: [{ line: lineOf(main, text) }],
  });
  await start(t);
  await t.event('stopped');
  await t.request('setBreakpoints', { source: { path: main }, breakpoints: [] });
};
const value = async (t: Transcript, expression: string) =>
  (await t.request('evaluate', { expression, context: 'watch' }))['result'] as string;
const dataId = async (t: Transcript, args: object) =>
  (await t.request('dataBreakpointInfo', args))['dataId'] as string;
const set = (t: Transcript, ...breakpoints: object[]) =>
  t.request('setDataBreakpoints', { breakpoints });
const goOn = async (t: Transcript) => {
  await t.request('continue', { threadId: 1 });
  return t.event('stopped');
};

describe('data breakpoints', () => {
  it('stop behind a write, with both values, and survive a restart', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await stopAt(t, 'phase = PHASE_PAGING');
      const visited = await dataId(t, { name: 'planets[1].visited' });
      const { breakpoints } = await set(t, { dataId: visited, accessType: 'write' });
      const { reason, hitBreakpointIds, description } = await goOn(t);
      assert.equal(reason, 'data breakpoint');
      assert.deepEqual(hitBreakpointIds, [breakpoints[0].id]);
      assert.match(
        description,
        /^planets\[1\]\.visited \(4 bytes at 0x\w+\) was written: 0x0 \(0\) → 0x1 \(1\), by/,
      );
      assert.match(await value(t, 'planets[1].visited'), /1/);
      assert.match(await value(t, 'p->name'), /Venus/);
      t.note('a restart');
      await t.request('restart', {});
      await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
      await t.event('stopped');
      assert.match(await value(t, 'p->name'), /Venus/);
      await set(t);
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('dataBreakpointWrite');
    }));

  it('take locals, elements, pointers, addresses; say why registers and values cannot be', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await stopAt(t, 'moons += p->moons');
      const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
      const frameId = stackFrames[0].id;
      const { scopes } = await t.request('scopes', { frameId });
      const [locals, , registers] = scopes;
      for (const [variablesReference, name] of [
        [locals.variablesReference, 'moons'],
        [locals.variablesReference, 'nothing'],
        [registers.variablesReference, 'a0'],
      ]) {
        await t.request('dataBreakpointInfo', { variablesReference, name });
      }
      for (const name of [
        'distance[1]',
        '*p',
        'p',
        'p->name',
        'moons + 1',
        '$sp',
        'kernel_main',
        'nothing',
      ]) {
        await t.request('dataBreakpointInfo', { name, frameId });
      }
      await t.request('dataBreakpointInfo', { name: '$sp + 8', frameId, bytes: 16 });
      for (const [name, bytes] of [
        ['0x80200000', 8],
        ['2149580800'],
        ['somewhere', 4],
        ['0xffffffffffffffff', 2],
        ['0', 0],
      ]) {
        await t.request('dataBreakpointInfo', { name, bytes, asAddress: true });
      }
      await set(t, { dataId: 'gone+0x0/4 gone' }, { dataId: 'what' });
      await t.request('terminate');
      t.check('dataBreakpointInfo');
    }));

  it('stop for reads, for both, where conditions hold and hits count, and in steps', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await stopAt(t, 'phase = PHASE_PAGING');
      const phase = await dataId(t, { name: 'phase' });
      t.note('one in the way of a step, which another step ends');
      await set(t, { dataId: phase });
      await t.request('next', { threadId: 1 });
      assert.equal((await t.event('stopped'))['reason'], 'data breakpoint');
      assert.equal(await value(t, 'phase'), 'PHASE_PAGING');
      await t.request('next', { threadId: 1 });
      assert.equal((await t.event('stopped'))['reason'], 'step');
      t.note('the third of all accesses to a struct: visited, moons, name');
      const earth = await dataId(t, { name: 'planets[2]' });
      await set(t, { dataId: earth, accessType: 'readWrite', hitCondition: '3' });
      assert.match((await goOn(t))['description'], /was read by 8 bytes/);
      t.note('a read, of what the debugger has changed and looks at');
      const moons = await dataId(t, { name: 'planets[3].moons' });
      await set(t, { dataId: moons, accessType: 'read' });
      await t.request('setExpression', { expression: 'planets[3].moons', value: '9' });
      assert.equal(await value(t, 'planets[3].moons'), '9');
      assert.match((await goOn(t))['description'], /was read: 0x9 \(9\), by/);
      t.note('what a trap handler writes, while a step runs through a call');
      await set(t, { dataId: phase });
      await goOn(t);
      const ticks = await dataId(t, { name: 'timer_ticks' });
      const counted = { dataId: ticks, accessType: 'readWrite', condition: 'timer_ticks > 0' };
      await set(t, counted);
      await t.request('next', { threadId: 1 });
      assert.match((await t.event('stopped'))['description'], /was written: 0x0 \(0\) → 0x1 \(1\)/);
      await t.request('stackTrace', { threadId: 1 });
      await set(t, { dataId: ticks, accessType: 'readWrite', condition: '0' });
      await t.request('stepOut', { threadId: 1 });
      assert.equal((await t.event('stopped'))['reason'], 'step');
      t.note('a write for which a condition holds');
      await set(t, { dataId: phase, condition: 'phase != PHASE_TIMER' });
      await goOn(t);
      assert.equal(await value(t, 'phase'), 'PHASE_DONE');
      await t.request('terminate');
      t.check('dataBreakpointRules');
    }));

  it('stop once for an access to memory that is not mapped yet', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await stopAt(t, 'phase = PHASE_PAGING');
      const first = await dataId(t, { name: '0xffffffc000000000', bytes: 8, asAddress: true });
      await set(t, { dataId: first, accessType: 'readWrite' });
      assert.match((await goOn(t))['description'], /was written: .* → 0x1111 \(4369\), by/);
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('dataBreakpointUnmapped');
    }));

  it('stop for the registers of a device, on the bare machine', () =>
    withTranscript(async (t) => {
      const bare = path.join(sample('machine-hello'), 'machine-hello.elf');
      await launch(t, { program: bare, mode: 'machine' });
      const uart = await dataId(t, { name: '0x10000000', asAddress: true });
      await set(t, { dataId: uart, accessType: 'write', hitCondition: '2' });
      await t.request('configurationDone');
      assert.match(
        (await t.event('stopped'))['description'],
        /^1 byte at 0x10000000 was written, by/,
      );
      await t.request('terminate');
      t.check('dataBreakpointDevice');
    }));
});
