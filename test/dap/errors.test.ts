import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launch, sample, withTranscript } from './machine.ts';

const program = path.join(sample('hello-dbcn'), 'hello-dbcn.elf');

describe('what a user can do wrong', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(path.join(tmpdir(), 'trapline-'))));
  after(() => rmSync(folder, { recursive: true }));

  const file = (name: string, bytes: Uint8Array) => {
    writeFileSync(path.join(folder, name), bytes);
    return name;
  };

  it('is one message each, which names what is at fault; the session can launch after it', () =>
    withTranscript(async (t) => {
      const elf = readFileSync(program);
      const otherMachine = Buffer.from(elf);
      otherMachine.writeUInt16LE(62, 18); // e_machine: EM_X86_64
      const cases: [string, object][] = [
        ['no program', {}],
        ['missing file', { program: 'nowhere.elf' }],
        ['a folder', { program: '.' }],
        ['not RISC-V', { program: file('x86.elf', otherMachine) }],
        ['truncated ELF', { program: file('short.elf', elf.subarray(0, 100)) }],
        ['segments cut off', { program: file('cut.elf', elf.subarray(0, 0x1100)) }],
        [
          'larger than memory',
          { program: file('huge.bin', new Uint8Array(9 << 20)), memory: '8M' },
        ],
        ['bad memory', { program, memory: 'lots' }],
        ['unknown attribute', { program, memroy: '1G' }],
        ['bad mode', { program, mode: 'guset' }],
        ['firmware in a guest', { program, firmware: program }],
        ['bad sourceMap', { program, sourceMap: ['/a', '/b'] }],
        ['bad symbolFiles', { program, symbolFiles: [{ file: 'huge.bin' }] }],
        ['bad stopOnEntry', { program, stopOnEntry: 'yes' }],
        ['bad stopOn', { program, stopOn: 'sbi' }],
        ['unknown stopOn', { program, stopOn: ['sbi', 'traps'] }],
        ['stopOn without a hypervisor', { program, mode: 'machine', stopOn: ['sbi: DBCN'] }],
      ];
      await t.requestQuietly('initialize', { adapterID: 'trapline' });
      for (const [what, attributes] of cases) {
        t.note(what);
        const body = await t.request('launch', { cwd: folder, ...attributes });
        assert.equal(body['failed'], true, what);
        assert.equal(body['error'].showUser, true, what);
      }
      t.note('and after all that, a right one');
      await launch(t, { program, stopOnEntry: true });
      await t.request('configurationDone');
      await t.event('stopped');
      await t.request('terminate');
      t.check('errorsLaunch', folder);
    }));

  it('is answered, not fatal, while debugging', () =>
    withTranscript(async (t) => {
      await t.requestQuietly('initialize', { adapterID: 'trapline' });
      await t.request('stackTrace', { threadId: 1 });
      await t.request('noSuchRequest');
      await launch(t, { program, stopOnEntry: true });
      await t.request('launch', { program });
      await t.request('setBreakpoints', {
        source: { path: '/elsewhere/unknown.c' },
        breakpoints: [{ line: 1 }],
      });
      await t.request('setBreakpoints', {
        source: { path: path.join(sample('hello-dbcn'), 'main.c') },
        breakpoints: [{ line: 100000 }],
      });
      await t.request('setFunctionBreakpoints', { breakpoints: [{ name: 'no_such_function' }] });
      await t.request('setInstructionBreakpoints', {
        breakpoints: [{ instructionReference: 'here' }, { instructionReference: '0x80200004' }],
      });
      await t.request('configurationDone');
      await t.event('stopped');
      await t.request('stepOut', { threadId: 1 });
      await t.request('scopes', { frameId: 4711 });
      await t.request('variables', { variablesReference: 4711 });
      await t.request('disassemble', { memoryReference: 'x', instructionCount: 1 });
      await t.request('setExpression', { expression: '$mscratch.NOPE', value: '1' });
      await t.request('setExpression', { expression: '$pc', value: 'main' });
      await t.request('trapline/writeCsr', { hart: 0, name: 'nope', value: '1' });
      await t.request('trapline/consoleInput', { console: 'nope', text: 'x' });
      await t.request('trapline/csrs', { hart: 7 });
      t.note('it goes on all the same');
      await t.request('continue', { threadId: 1 });
      await t.event('stopped');
      await t.request('terminate');
      t.check('errorsSession');
    }));
});
