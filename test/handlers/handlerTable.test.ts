import assert from 'node:assert/strict';
import { UserError } from '../../src/core/base/userError.ts';
import { callNames } from '../../src/core/registry.ts';
import { HandlerTable } from '../../src/handlers/handlerTable.ts';
import { parseExportName, parseKey } from '../../src/handlers/keys.ts';

const DBCN = 0x4442434e;
const handler = (name: string) => Object.assign(() => 0, { shown: name });

describe('keys of handlers', () => {
  const key = (text: string, first: number, last: number, fn?: number) =>
    it(text, () => {
      const expected = { extensions: [first, last], ...(fn === undefined ? {} : { function: fn }) };
      assert.deepEqual(parseKey(text, callNames), expected);
    });
  key('DBCN', DBCN, DBCN);
  key('DBCN/console_write_byte', DBCN, DBCN, 2);
  key('DBCN/1', DBCN, DBCN, 1);
  key('BASE/probe_extension', 0x10, 0x10, 3);
  key('0x09000001', 0x09000001, 0x09000001);
  key('0x09000001/0x10', 0x09000001, 0x09000001, 16);
  key('0x08000000 - 0x08ffffff', 0x08000000, 0x08ffffff);
  key('1/console_putchar', 1, 1, 0);

  for (const text of [
    '',
    'dbcn/2',
    'DBCN/nothing',
    'DBCN/1/2',
    '5-4',
    '1-2-3',
    '0x1ffffffff',
    'DBCN/-1',
    'DBCN/4294967296',
  ]) {
    it(`'${text}' is none`, () => {
      if (text === 'dbcn/2') assert.notEqual(parseKey(text, callNames).extensions[0], DBCN);
      else assert.throws(() => parseKey(text, callNames), UserError);
    });
  }

  it('are read from the names of exported functions', () => {
    const read = (name: string) => parseExportName(name, callNames);
    assert.deepEqual(read('DBCN'), { extensions: [DBCN, DBCN] });
    assert.deepEqual(read('DBCN_console_write'), { extensions: [DBCN, DBCN], function: 0 });
    assert.deepEqual(read('x09000001_7'), { extensions: [0x09000001, 0x09000001], function: 7 });
    assert.deepEqual(read('x08000042'), { extensions: [0x08000042, 0x08000042] });
    for (const helper of ['foo', 'setup', 'dbcn', 'xyz', 'Sensor', 'x']) {
      assert.equal(read(helper), undefined, helper);
    }
    assert.throws(() => read('DBCN_consol_write'), /'1145193294\/consol_write' is no key/);
  });
});

describe('a table of handlers', () => {
  const table = (exports: Readonly<Record<string, unknown>>) =>
    new HandlerTable(exports, callNames);
  const found = (t: HandlerTable, extension: number, fn: number) =>
    (t.find(extension, fn) as { shown?: string } | undefined)?.shown;

  it('finds the narrowest handler', () => {
    const t = table({
      default: {
        '0x08000000-0x08ffffff': handler('range'),
        '0x08000040-0x0800004f': handler('smaller'),
        '0x08000042': handler('extension'),
        '0x08000042/7': handler('function'),
        '0x08000000-0x08ffffff/9': handler('function of a range'),
      },
    });
    assert.equal(found(t, 0x08000042, 7), 'function');
    assert.equal(found(t, 0x08000042, 7), 'function', 'and again');
    assert.equal(found(t, 0x08000042, 8), 'extension');
    assert.equal(found(t, 0x08000042, 9), 'function of a range');
    assert.equal(found(t, 0x08000043, 7), 'smaller');
    assert.equal(found(t, 0x08000001, 7), 'range');
    assert.equal(found(t, 0x09000001, 7), undefined);
    assert.deepEqual([t.answers(0x08000001), t.answers(0x09000001)], [true, false]);
  });

  it('takes functions and the default object together, and names exports that are none', () => {
    const t = table({ DBCN: handler('one'), helper: () => 1, baud: 9600, default: {} });
    assert.equal(found(t, DBCN, 0), 'one');
    assert.deepEqual([t.keys, t.unused], [['0x4442434e'], ['helper']]);
  });

  const refused = (name: string, exports: Readonly<Record<string, unknown>>, message: RegExp) =>
    it(`refuses ${name}`, () =>
      assert.throws(
        () => table(exports),
        (error) => {
          assert(error instanceof UserError);
          assert.match(error.message, /^handlers: /);
          assert.match(error.message, message);
          return true;
        },
      ));
  refused('no handler', { x: 1 }, /exports no handler: export functions/);
  refused('only helpers', { dbcn: () => 1 }, /no handler \(dbcn are no names of calls\)/);
  refused(
    'two for one call',
    { DBCN: () => 1, default: { '0x4442434e': () => 2 } },
    /'DBCN' and '0x4442434e' are for the same calls/,
  );
  refused(
    'ranges that overlap in part',
    { default: { '1-5': () => 1, '4-8': () => 2 } },
    /'1-5' and '4-8' are for the same calls/,
  );
  refused('what is no function', { default: { DBCN: 5 } }, /'DBCN' is not a function/);
  refused('a default that is no object', { default: () => 1 }, /default is not an object/);
});
