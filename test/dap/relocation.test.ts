import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launch, withTranscript } from './machine.ts';

describe('code that has moved', () => {
  it('is recognised, and the offset of its symbols suggested; with it functions bind there', () =>
    withTranscript(async (t) => {
      const image = { program: path.resolve('test/guests/traps.elf'), mode: 'machine' };
      await launch(t, { ...image, stopOnEntry: true });
      await t.request('configurationDone');
      await t.event('stopped');
      t.note('as a bootloader does: its own code, copied elsewhere, goes on there');
      const { data } = await t.requestQuietly('readMemory', {
        memoryReference: '0x80000000',
        count: 16384,
      });
      await t.requestQuietly('writeMemory', { memoryReference: '0x84000000', data });
      await t.request('setExpression', { expression: '$pc', value: '0x84000000' });
      await t.request('stepIn', { threadId: 1, granularity: 'instruction' });
      await t.event('stopped');
      const { output } = await t.event('output');
      assert.match(output, /"symbolFiles": \[\{ "file": .*traps\.elf", "offset": "0x4000000" \}\]/);
      await t.request('restart', {
        arguments: {
          ...image,
          stopOnEntry: true,
          symbolFiles: [{ file: image.program, offset: '0x4000000' }],
        },
      });
      await t.event('stopped');
      const { breakpoints } = await t.request('setFunctionBreakpoints', {
        breakpoints: [{ name: '_start' }],
      });
      assert.equal(breakpoints[0].verified, true);
      await t.requestQuietly('writeMemory', { memoryReference: '0x84000000', data });
      await t.request('setExpression', { expression: '$pc', value: '0x84000000' });
      const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
      assert.match(stackFrames[0].name, /_start/);
      await t.request('terminate');
      t.check('relocation');
    }));

  it('is recognised below the addresses that it was linked for: the offset is negative', () =>
    withTranscript(async (t) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'trapline-'));
      try {
        const program = path.resolve('test/guests/traps.elf');
        // As kernels are linked, which run at physical addresses until they have page tables.
        const file = path.join(folder, 'high.elf');
        const high = ['--change-addresses', '0xffffffff00000000', program, file];
        execFileSync('riscv64-unknown-elf-objcopy', high);
        const raw = path.join(folder, 'raw.bin');
        execFileSync('riscv64-unknown-elf-objcopy', ['-O', 'binary', program, raw]);
        const image = { program: raw, mode: 'machine', stopOnEntry: true };
        await launch(t, { ...image, symbolFiles: [{ file }] });
        await t.request('configurationDone');
        await t.event('stopped');
        const breakpoints = [{ instructionReference: '0x80000000' }];
        await t.request('setInstructionBreakpoints', { breakpoints });
        await t.request('continue', { threadId: 1 });
        await t.event('stopped');
        const { output } = await t.event('output');
        assert.match(output, /moved by -0xffffffff00000000.*"offset": "-0xffffffff00000000"/);
        await t.request('restart', {
          arguments: { ...image, symbolFiles: [{ file, offset: '-0xffffffff00000000' }] },
        });
        await t.event('stopped');
        await t.request('continue', { threadId: 1 });
        await t.event('stopped');
        await t.request('modules');
        const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
        assert.equal(stackFrames[0].name, '_start');
        await t.request('terminate');
        t.check('relocationDown');
      } finally {
        rmSync(folder, { recursive: true });
      }
    }));
});
