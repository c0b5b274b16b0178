/** Objects of the C++ library over DAP: windows of elements, the object itself, expressions, changes. */
import assert from 'node:assert/strict';
import { buildLibraryProgram } from '../gdb/comparison/programs.ts';
import { inThisThread, launch } from './machine.ts';
import { Transcript } from './transcript.ts';

interface Row {
  readonly name: string;
  readonly value: string;
  readonly variablesReference: number;
  readonly indexedVariables?: number;
  readonly namedVariables?: number;
}

describe('objects of the C++ library at a stop', () => {
  it('are shown, opened, computed with and changed', async () => {
    // Addresses are as this compiler has them: what matters is compared here.
    const t = new Transcript(inThisThread);
    try {
      await launch(t, { program: buildLibraryProgram(5), mode: 'machine' });
      await t.request('setFunctionBreakpoints', { breakpoints: [{ name: 'checkpoint' }] });
      await t.request('configurationDone');
      await t.event('stopped');
      const trace = (await t.request('stackTrace', { threadId: 1 }))['stackFrames'] as {
        id: number;
        name: string;
      }[];
      const frameId = trace.find(({ name }) => name === 'main')?.id;
      assert.ok(frameId !== undefined);
      const evaluate = async (expression: string) =>
        (await t.request('evaluate', { expression, frameId, context: 'watch' }))['result'];
      const scopes = (await t.request('scopes', { frameId }))['scopes'] as Row[];
      const locals = await children(t, scopes[0]);
      const values = Object.fromEntries(locals.map(({ name, value }) => [name, value]));
      for (const [name, value] of Object.entries(shown)) assert.equal(values[name], value, name);

      const named = (name: string, rows = locals) => rows.find((row) => row.name === name);
      const numbers = named('numbers');
      assert.equal(numbers?.indexedVariables, 4);
      assert.equal(numbers?.namedVariables, 1);
      const texts = (rows: readonly Row[]) => rows.map(({ name, value }) => `${name} ${value}`);
      const window = { filter: 'indexed', start: 1, count: 2 };
      assert.deepEqual(texts(await children(t, numbers, window)), ['[1] 6', '[2] 7']);
      const own = await children(t, numbers, { filter: 'named' });
      assert.deepEqual(
        own.map(({ name }) => name),
        ['[raw]'],
      );
      const base = await children(t, own[0]);
      const inside = await children(t, base[0]);
      assert.deepEqual(
        inside.map(({ name }) => name),
        ['_M_impl'],
      );
      assert.deepEqual(texts(await children(t, named('by_number'))).slice(0, 3), [
        '[1] {x = 1, y = 10}',
        '[2] {x = 2, y = 20}',
        '[3] {x = 3, y = 30}',
      ]);

      for (const [expression, value] of Object.entries(computed)) {
        assert.equal(await evaluate(expression), value, expression);
      }
      await t.request('setExpression', { expression: 'numbers[2]', value: '70', frameId });
      await t.request('setExpression', { expression: 'counter', value: '43', frameId });
      await t.request('setExpression', { expression: 'reference.x', value: '5', frameId });
      assert.equal(await evaluate('numbers'), '{5, 6, 70, 8}');
      assert.equal(await evaluate('counter'), '43');
      assert.equal(await evaluate('path'), '{{x = 5, y = 2}, {x = -3, y = 4}}');
    } finally {
      await t.close(false);
    }
  });
});

async function children(t: Transcript, row: Row | undefined, more: object = {}): Promise<Row[]> {
  assert.ok(row);
  const { variablesReference } = row;
  return (await t.request('variables', { variablesReference, ...more }))['variables'] as Row[];
}

/** As library.cpp made them. */
const shown = {
  array: '{1, -2, 3}',
  points: '{{x = 1, y = 2}, {x = 3, y = 4}}',
  nothing: '{}',
  short_text: '"short"',
  long_text: '"a text that is longer than what stands in the object itself"',
  view: '"text"',
  numbers: '{5, 6, 7, 8}',
  words: '{"one", "two", "three"}',
  nested: '{{1, 2}, {}, {3}}',
  span: '{1, -2, 3}',
  fixed_span: '{{x = 1, y = 2}, {x = 3, y = 4}}',
  some: '7',
  none: 'nullopt',
  some_point: '{x = 8, y = 9}',
  nobody: '0x0',
  counter: '42',
  color: 'blue',
  by_name: '{["a"] = 1, ["b"] = 2, ["c"] = 3}',
  empty_map: '{}',
  set: '{1, 5, 9}',
  tuple: '{1, true, {x = 5, y = 6}}',
  variant: '{x = 12, y = 13}',
  options: '{1, nullopt, 3}',
  reference: '{x = 1, y = 2}',
  vector_reference: '{1, 2}',
};

const computed = {
  'numbers[1] + 1': '0x7 (7)',
  'owner->y': '11',
  '(*owner).x': '10',
  'counter + 1': '0x2b (43)',
  'some * 2': '0xe (14)',
  'some_point.x': '8',
  'by_number[2].y': '20',
  'path[1].x': '-3',
  'reference.x': '1',
  'vector_reference[1]': '2',
  '*vector_pointer': '{1, 2}',
  'numbers._M_impl._M_start[3]': '8',
  'words[1]': '"two"',
};
