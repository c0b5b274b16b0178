import assert from 'node:assert/strict';
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
});
