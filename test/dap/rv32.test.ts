import assert from 'node:assert/strict';
import path from 'node:path';
import { launch, lineOf, rows, withTranscript } from './machine.ts';

const program = path.resolve('test/guests/rv32-supervisor.elf');
const main = path.resolve('test/guests/src/rv32/main.c');

describe('debugging a guest of 32 bits', () => {
  it('has registers, variables, frames and CSRs of its width', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await t.request('setBreakpoints', {
        source: { path: main },
        breakpoints: [{ line: lineOf(main, 'where->x = (short)negative') }],
      });
      await t.request('configurationDone');
      await t.event('stopped');
      const { stackFrames } = await t.request('stackTrace', { threadId: 1 });
      const frameId = stackFrames[0].id;
      const { scopes } = await t.request('scopes', { frameId });
      const [locals, , registers] = scopes;
      await rows(t, locals.variablesReference);
      for (const expression of ['*where', 'where->wide', 'negative', 'numbers[0]'])
        await t.request('evaluate', { expression, frameId, context: 'watch' });
      for (const expression of ['where->wide = 1', 'where->wide', 'where->x = -2', '*where'])
        await t.request('evaluate', { expression, frameId, context: 'repl' });
      assert.equal((await rows(t, registers.variablesReference)).length, 33);
      for (const expression of ['$t0 = -1', '$t0', '$pc', '$sp'])
        await t.request('evaluate', { expression, frameId, context: 'repl' });

      t.note('CSRs');
      for (const expression of ['$vsatp.MODE', '$vsatp', '$vstimecmp', '$vstimecmph', '$misa.MXL'])
        await t.request('evaluate', { expression, frameId, context: 'repl' });

      t.note('steps');
      await t.request('next', { threadId: 1 });
      await t.event('stopped');
      await t.request('stepIn', { threadId: 1 });
      await t.event('stopped');
      await t.request('stackTrace', { threadId: 1 });
      await t.request('stepOut', { threadId: 1 });
      await t.event('stopped');
      await t.request('stepOut', { threadId: 1 });
      await t.event('stopped');
      await t.request('stackTrace', { threadId: 1 });
      await t.request('disassemble', {
        memoryReference: stackFrames[0].instructionPointerReference,
        instructionCount: 6,
      });
      await t.request('setBreakpoints', { source: { path: main }, breakpoints: [] });
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('rv32');
    }));
});
