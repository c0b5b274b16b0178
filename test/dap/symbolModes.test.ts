/** Two worlds with the same addresses: which symbols count is the mode's to say. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launch, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

describe('symbols chosen by mode', () => {
  let folder = '';
  const file = (name: string) => path.join(folder, name);
  const top = async (t: Transcript) => {
    const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
    const [{ name, moduleId, source }] = stackFrames;
    assert.equal(source.name, `${name}.S`);
    return [name, moduleId] as const;
  };

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'trapline-'));
    // The same code runs in VS-mode and in VU-mode, and each of the two files is of one of them.
    const guest = path.resolve('test/guests/virtual.elf');
    const convert = (...args: string[]) => execFileSync('riscv64-unknown-elf-objcopy', args);
    convert('-O', 'binary', guest, file('raw.bin'));
    for (const world of ['kernel', 'program']) {
      convert(`--prefix-symbols=${world}_`, guest, file(`${world}.elf`));
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  const image = () => ({
    program: file('raw.bin'),
    mode: 'machine',
    stopOnEntry: true,
    symbolFiles: [
      { file: file('kernel.elf'), modes: ['VS', 'HS', 'M'] },
      { file: file('program.elf'), modes: ['VU', 'U'] },
    ],
  });

  it('at one address: names, modules and breakpoints are those of the world that runs', () =>
    withTranscript(async (t) => {
      await launch(t, image());
      await t.request('configurationDone');
      await t.event('stopped');
      const both = [{ name: 'kernel_do_ecall' }, { name: 'program_do_ecall' }];
      await t.request('setFunctionBreakpoints', { breakpoints: both });
      for (const world of [0, 1]) {
        await t.request('continue', { threadId: 1 });
        const { hitBreakpointIds } = await t.event('stopped', 'terminated');
        assert.deepEqual(hitBreakpointIds, [world + 1]);
        const name = both[world]!.name;
        assert.deepEqual(await top(t), [name, world]);
        const { stackFrames } = await t.requestQuietly('stackTrace', { threadId: 1, levels: 1 });
        const memoryReference = stackFrames[0].instructionPointerReference;
        const { instructions } = await t.request('disassemble', {
          memoryReference,
          instructionCount: 1,
        });
        assert.equal(instructions[0].symbol, name);
      }
      t.note('a breakpoint of one world lets the other pass');
      await t.request('restart', {});
      await t.event('stopped');
      await t.request('setFunctionBreakpoints', { breakpoints: [both[1]] });
      await t.request('continue', { threadId: 1 });
      await t.event('stopped', 'terminated');
      assert.deepEqual(await top(t), ['program_do_ecall', 1]);
      await t.request('terminate');
      t.check('symbolModes');
    }));

  it('only modes that the harts have', () =>
    withTranscript(async (t) => {
      await t.requestQuietly('initialize', { adapterID: 'trapline', clientID: 'test' });
      for (const modes of [['S'], [], 'VS', [1]]) {
        const answer = await t.request('launch', {
          ...image(),
          symbolFiles: [{ file: file('kernel.elf'), modes }],
        });
        assert.equal(answer['failed'], true);
      }
      t.check('symbolModesRefused');
    }));
});
