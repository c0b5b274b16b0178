import assert from 'node:assert/strict';
import path from 'node:path';
import { launch, lineOf, rows, sample, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const folder = sample('hello-dbcn');
const program = path.join(folder, 'hello-dbcn.elf');
const main = path.join(folder, 'main.c');

const stopAt = async (t: Transcript, text: string) => {
  await launch(t, { program });
  const breakpoints = [{ line: lineOf(main, text) }];
  await t.request('setBreakpoints', { source: { path: main }, breakpoints });
  await t.request('configurationDone');
  await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
  await t.event('stopped');
  await t.request('setBreakpoints', { source: { path: main }, breakpoints: [] });
};
const info = async (t: Transcript, args: object) =>
  (await t.request('dataBreakpointInfo', args))['dataId'] as string;
const goOn = async (t: Transcript) => {
  await t.request('continue', { threadId: 1 });
  return (await t.event('stopped', 'terminated'))['description'] as string;
};

describe('data breakpoints beyond virtual addresses', () => {
  it('at a physical address, whoever maps it: the window and the page itself', () =>
    withTranscript(async (t) => {
      await stopAt(t, 'phase = PHASE_PAGING');
      t.note('0x80800000 is written through a window elsewhere, then read in its own place');
      const { rows: mapped } = await t.request('trapline/mappings', { hart: 0, stage: 'guest' });
      const [first] = mapped as { input: string; output: string }[];
      const offset = BigInt(first!.output) - BigInt(first!.input);
      const physical = `0x${(0x80800000n + offset).toString(16)}`;
      const byMode = await info(t, { name: physical, asAddress: true, bytes: 8, mode: 'physical' });
      assert.match(byMode, /^phys:/);
      await t.request('setDataBreakpoints', {
        breakpoints: [{ dataId: byMode, accessType: 'readWrite' }],
      });
      const written = await goOn(t);
      assert.match(written, /^8 bytes at phys:\w+ was written: 0x0 \(0\) → 0x1111/);
      assert.match(await goOn(t), /^8 bytes at phys:\w+ was read: 0x1111/);
      t.note('the same by the guest’s own address, only when it becomes something');
      await t.request('restart', {});
      await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
      const byGuest = await info(t, { name: 'gpa:0x80801000', asAddress: true, bytes: 8 });
      await t.request('setDataBreakpoints', {
        breakpoints: [{ dataId: byGuest, accessType: 'write', condition: '0 -> 0x2222' }],
      });
      const { description } = await t.event('stopped');
      assert.match(description, /was written: 0x0 \(0\) → 0x2222/);
      await t.request('terminate');
      t.check('dataSpaces');
    }));

  it('at a register and a field of a control register, from one value to another', () =>
    withTranscript(async (t) => {
      await stopAt(t, 'phase = PHASE_PAGING');
      const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
      const { scopes } = await t.request('scopes', { frameId: stackFrames[0].id });
      const registers = scopes.find(({ name }: { name: string }) => name === 'Registers');
      const found = await rows(t, registers.variablesReference);
      assert.ok(found.some(({ name }) => name === 's1'));
      const s1 = await info(t, { variablesReference: registers.variablesReference, name: 's1' });
      assert.equal(s1, 'register $s1');
      const mode = await info(t, { name: '$vsatp.MODE' });
      await t.request('setDataBreakpoints', {
        breakpoints: [{ dataId: mode, accessType: 'write', condition: '-> 8 << 60' }],
      });
      const description = await goOn(t);
      assert.match(description, /^\$vsatp\.MODE changed: 0x0 \(0\) → 0x8000000000000000/);
      assert.match(description, /<paging_enable/);
      await t.request('setDataBreakpoints', {
        breakpoints: [{ dataId: s1, accessType: 'write', hitCondition: '2' }],
      });
      assert.match(await goOn(t), /^\$s1 changed: .* → .*, by 0x/);
      const satp = await info(t, { name: '$vsatp' });
      await t.request('setDataBreakpoints', {
        breakpoints: [{ dataId: s1, accessType: 'read' }],
      });
      assert.match(await goOn(t), /^\$s1 was read: 0x[0-9a-f]+ \(\d+\), by 0x/);
      assert.equal(satp, 'register $vsatp');
      await t.request('setDataBreakpoints', { breakpoints: [{ dataId: 'register $nothing' }] });
      await t.request('terminate');
      t.check('dataRegisters');
    }));
});
