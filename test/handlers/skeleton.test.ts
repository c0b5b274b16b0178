import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { sbiCallNames, explainCall } from '../../src/core/hypervisor/riscv/sbiNames.ts';
import { HandlerTable } from '../../src/handlers/handlerTable.ts';
import { ModuleLoader } from '../../src/handlers/moduleLoader.ts';
import {
  handlerFunction,
  handlerModule,
  handlerName,
  type SkeletonCall,
} from '../../src/handlers/skeleton.ts';
import { toCommonJs } from '../../src/handlers/stripTypes.ts';
import { scratch } from './scratch.ts';

describe('a handler module to begin with', () => {
  const { write, file } = scratch();

  const callOf = (extension: number, fn: number): SkeletonCall => {
    const described = explainCall(extension, fn, [1n, 2n, 3n, 4n, 5n, 6n]);
    return {
      extension,
      function: fn,
      extensionName: described.extension,
      functionName: described.function,
      text: described.text,
      args: described.args,
    };
  };
  const tableOf = (name: string, source: string) => {
    write(name, source);
    const said: string[] = [];
    const log = (line: unknown) => said.push(String(line));
    const loader = new ModuleLoader(toCommonJs, { ...console, log });
    return { table: new HandlerTable(loader.load(file(name)), sbiCallNames), said };
  };

  it('is a module that answers one call', () => {
    const { table } = tableOf('first.ts', handlerModule('./trapline.d.ts'));
    assert.deepEqual(table.keys, ['0x9000001/0']);
  });

  for (const [extension, fn, name] of [
    [0x08000042, 7, 'x08000042_7'],
    [0x4442434e, 0, 'DBCN_console_write'],
    [0x4442434e, 77, 'DBCN_77'],
    [0x48534d, 0, 'HSM_hart_start'],
    [1, 0, 'x00000001_0'],
  ] as const) {
    it(`answers ${name} with what the guest is told without it`, () => {
      const call = callOf(extension, fn);
      assert.equal(handlerName(call), name);
      const { table, said } = tableOf(`${name}.ts`, handlerModule('./trapline.d.ts', call));
      const handler = table.find(extension, fn);
      assert(handler);
      const made = { ...call, hart: 0, args: [1n, 2n, 3n, 4n, 5n, 6n], pc: 0n };
      const signal = new AbortController().signal;
      const answer = handler({ ...made, signal }, {} as never, () => assert.fail());
      assert.deepEqual(answer, { error: 'NOT_SUPPORTED' });
      assert.equal(said.length, 1);
      assert(said[0]?.startsWith(call.text), said[0]);
    });
  }

  it('takes more calls at its end', () => {
    const more = handlerFunction(callOf(0x09000001, 3));
    const { table } = tableOf('more.ts', handlerModule('./trapline.d.ts') + more);
    assert.deepEqual(table.keys, ['0x9000001/0', '0x9000001/3']);
  });

  it('the samples have the types that it imports', () => {
    assert.match(readFileSync('media/samples/trapline.d.ts', 'utf8'), /export interface Call /);
  });
});
