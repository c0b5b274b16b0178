import assert from 'node:assert/strict';
import path from 'node:path';
import { launch, lineOf, rows, sample, withTranscript } from './machine.ts';

const folder = sample('hello-dbcn');
const program = path.join(folder, 'hello-dbcn.elf');
const main = path.join(folder, 'main.c');
const line = (text: string) => lineOf(main, text);
const at = (text: string) => ({
  source: { path: main },
  breakpoints: [{ line: line(text) }],
});

describe('debugging hello-dbcn', () => {
  it('stops on entry and at a breakpoint, steps, shows what is there, and ends', () =>
    withTranscript(async (t) => {
      await launch(t, { program, stopOnEntry: true });
      await t.request('setBreakpoints', at('phase = PHASE_BOOT'));
      await t.request('configurationDone');
      await t.event('stopped');
      await t.request('threads');
      await t.request('stackTrace', { threadId: 1 });

      await t.request('continue', { threadId: 1 });
      await t.event('stopped');
      const { stackFrames } = await t.request('stackTrace', { threadId: 1 });
      const { scopes } = await t.request('scopes', { frameId: stackFrames[0].id });
      await rows(t, scopes[0].variablesReference);

      t.note('over a line that only stores, into a function, and out of it');
      await t.request('next', { threadId: 1 });
      await t.event('stopped');
      await t.request('stepIn', { threadId: 1 });
      await t.event('stopped');
      await t.request('stackTrace', { threadId: 1 });
      await t.request('stepOut', { threadId: 1 });
      await t.event('stopped');
      await t.request('stackTrace', { threadId: 1 });

      t.note('one instruction');
      await t.request('next', { threadId: 1, granularity: 'instruction' });
      await t.event('stopped');
      await t.request('setBreakpoints', { source: { path: main }, breakpoints: [] });
      await t.request('setFunctionBreakpoints', { breakpoints: [{ name: 'shutdown' }] });
      await t.request('trapline/consoleInput', { console: 'sbi', text: 'Ada\r' });
      await t.request('continue', { threadId: 1 });
      await t.event('stopped');
      await t.request('stackTrace', { threadId: 1 });
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('helloDbcnRun');
    }));

  it('shows and changes variables, registers, fields of CSRs and memory', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await t.request('setBreakpoints', at('moons += p->moons'));
      await t.request('configurationDone');
      await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
      await t.event('stopped');
      const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 2 });
      const frameId = stackFrames[0].id;
      const { scopes } = await t.request('scopes', { frameId });
      const [locals, , registers, floats, csrs] = scopes;
      const variables = await rows(t, locals.variablesReference);

      const distance = variables.find(({ name }) => name === 'distance')!.variablesReference;
      await t.request('variables', {
        variablesReference: distance,
        filter: 'indexed',
        start: 2,
        count: 1,
      });
      for (const expression of [
        'p',
        'p->name',
        '*p',
        'p->next->moons',
        'distance[1]',
        'phase',
        'planets[2].moons',
      ]) {
        await t.request('evaluate', { expression, frameId, context: 'watch' });
      }
      await t.request('setVariable', {
        variablesReference: locals.variablesReference,
        name: 'moons',
        value: '40',
      });
      await t.request('setExpression', { expression: 'p->moons', value: '2', frameId });
      await t.request('setVariable', {
        variablesReference: locals.variablesReference,
        name: 'moons',
        value: 'many',
      });
      await t.request('evaluate', { expression: 'no_such_thing', frameId, context: 'hover' });

      t.note('registers and CSRs');
      const general = await rows(t, registers.variablesReference);
      assert.equal(general.length, 33);
      const fa0 = { variablesReference: floats.variablesReference, name: 'fa0' };
      const bits = { double: '0x3ff8000000000000 (1.5)', single: '0xffffffffbf800000 (-1f)' };
      for (const value of Object.values(bits)) {
        const set = await t.request('setVariable', { ...fa0, value });
        assert.equal(set['value'], value);
      }
      assert.equal((await rows(t, floats.variablesReference)).length, 32);
      const groups = await rows(t, csrs.variablesReference);
      const virtual = groups.find(({ name }) => name === 'Virtual supervisor')!;
      const list = await rows(t, virtual.variablesReference);
      const vsatp = list.find(({ name }) => name === 'vsatp')!;
      await rows(t, vsatp.variablesReference);
      await t.request('setVariable', {
        variablesReference: vsatp.variablesReference,
        name: 'MODE',
        value: 'Bare',
      });
      await t.request('setVariable', {
        variablesReference: vsatp.variablesReference,
        name: 'MODE',
        value: 'Sv39',
      });
      await t.request('setVariable', {
        variablesReference: vsatp.variablesReference,
        name: 'MODE',
        value: 'Sv3',
      });
      for (const expression of [
        '$vsatp.MODE',
        '$sp',
        'a0',
        'kernel_main',
        '0x10',
        '$t0 = 5',
        't0',
      ]) {
        await t.request('evaluate', { expression, frameId, context: 'repl' });
      }

      t.note('memory');
      await t.request('evaluate', { expression: '&moons', frameId });
      const address = await t.request('evaluate', { expression: '&distance', frameId });
      const again = await t.request('evaluate', { expression: 'distance', frameId });
      const memoryReference = again['memoryReference'] as string;
      assert.equal(address['memoryReference'], memoryReference);
      await t.request('readMemory', { memoryReference, count: 8 });
      await t.request('writeMemory', {
        memoryReference,
        data: Buffer.of(1, 0, 0, 0).toString('base64'),
      });
      await t.request('evaluate', { expression: 'distance[0]', frameId });
      await t.request('readMemory', { memoryReference: '0x10', count: 8 });
      await t.request('writeMemory', { memoryReference: '0x10', data: 'AAAA' });
      await t.request('setBreakpoints', { source: { path: main }, breakpoints: [] });
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('helloDbcnState');
    }));

  it('disassembles around an address', () =>
    withTranscript(async (t) => {
      await launch(t, { program, stopOnEntry: true });
      await t.request('setFunctionBreakpoints', { breakpoints: [{ name: 'factorial' }] });
      await t.request('configurationDone');
      await t.event('stopped');
      const { breakpoints } = await t.request('setFunctionBreakpoints', {
        breakpoints: [{ name: 'factorial' }],
      });
      const memoryReference = breakpoints[0].instructionReference;
      for (const args of [
        { instructionOffset: -6, instructionCount: 12 },
        { instructionOffset: 3, instructionCount: 2 },
        { instructionOffset: -3, instructionCount: 2 },
      ]) {
        const { instructions } = await t.request('disassemble', { memoryReference, ...args });
        assert.equal(instructions.length, args.instructionCount);
      }
      t.note('at the edge of memory');
      const edge = await t.request('disassemble', {
        memoryReference: '0x80000000',
        instructionOffset: -2,
        instructionCount: 4,
      });
      assert.equal(edge['instructions'].length, 4);
      await t.request('terminate');
      t.check('helloDbcnDisassembly');
    }));

  it('restarts with its breakpoints', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await t.request('setBreakpoints', at('phase = PHASE_BOOT'));
      await t.request('configurationDone');
      await t.event('stopped');
      await t.request('evaluate', { expression: 'phase = PHASE_DONE', context: 'repl' });
      await t.request('restart', {});
      await t.event('stopped');
      await t.request('stackTrace', { threadId: 1, levels: 1 });
      await t.request('disconnect');
      t.check('helloDbcnRestart');
    }));

  it('recurses: stepping over keeps its frame, stepping out leaves one level', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await t.request('setBreakpoints', at('return n * factorial'));
      await t.request('configurationDone');
      await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
      await t.event('stopped');
      await t.request('setBreakpoints', { source: { path: main }, breakpoints: [] });
      const depth = async () => {
        const { stackFrames } = await t.request('stackTrace', { threadId: 1 });
        return (stackFrames as { name: string }[]).filter(({ name }) => name === 'factorial')
          .length;
      };
      assert.equal(await depth(), 1);
      await t.request('stepIn', { threadId: 1 });
      await t.event('stopped');
      assert.equal(await depth(), 2);
      await t.request('next', { threadId: 1 });
      await t.event('stopped');
      assert.equal(await depth(), 2);
      t.note('over the recursive call, with which the function ends');
      await t.request('next', { threadId: 1 });
      await t.event('stopped');
      assert.equal(await depth(), 1);
      await t.request('stepOut', { threadId: 1 });
      await t.event('stopped');
      assert.equal(await depth(), 0);
      t.check('helloDbcnRecursion');
    }));
});
