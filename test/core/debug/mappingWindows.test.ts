/** Windows of the rows of page tables: any place of a million of them, filtered, found. */
import assert from 'node:assert/strict';
import { MappingWindows } from '../../../src/core/debug/mappingWindows.ts';
import type { MappingQuery } from '../../../src/core/debug/target.ts';
import type { Cpu } from '../../../src/core/isa/cpu.ts';
import { MappingList, mappingFlags } from '../../../src/core/isa/mappingList.ts';

const usual = mappingFlags({
  ...{ readable: true, writable: true, executable: false, user: true },
  ...{ accessed: true, dirty: false, memoryType: 0, pageOrder: 0 },
});
const readOnlyLarge = mappingFlags({
  ...{ readable: true, writable: false, executable: false, user: false },
  ...{ accessed: false, dirty: false, memoryType: 1, pageOrder: 9 },
});

/** Every other page, each where the next one is in physical memory, from 0x40000000 on. */
function scattered(rows: number, maxRows = 2 ** 22): MappingList {
  const list = new MappingList('Sv39x4', maxRows, ['', 'NC', 'IO']);
  for (let i = 0; i < rows; i++) {
    list.add({ input: 0x4_0000 + 2 * i, output: 0x8_0000 + i, pages: 1, flags: usual });
  }
  return list;
}

interface Reading {
  readonly windows: MappingWindows;
  /** How often the tables were read. */
  readonly readings: () => number;
  readonly read: (query?: Partial<MappingQuery>) => ReturnType<MappingWindows['read']>;
}

function reading(make: () => MappingList): Reading {
  let readings = 0;
  const mappings = (): MappingList => {
    readings++;
    return make();
  };
  const cpu = { mappings } as unknown as Cpu;
  const windows = new MappingWindows((at) => (at < 0x5000_0000 ? 'low' : 'High'));
  const read: Reading['read'] = (query = {}) =>
    windows.read(cpu, { stage: 'guest', from: 0, count: 3, ...query });
  return { windows, read, readings: () => readings };
}

const inputs = ({ rows }: ReturnType<MappingWindows['read']>): string[] =>
  rows.map(({ input }) => input.toString(16));

describe('core/debug/mappingWindows', () => {
  it('joins what continues, in whole rows', () => {
    const list = new MappingList('Sv39', 10, ['', 'NC', 'IO']);
    for (const page of [0, 1, 2]) {
      list.add({ input: page, output: 16 + page, pages: 1, flags: usual });
    }
    list.add({ input: 3, output: 20, pages: 1, flags: usual });
    list.add({ input: 512, output: 1024, pages: 512, flags: readOnlyLarge });
    list.add({ input: 1024, output: 1536, pages: 512, flags: readOnlyLarge });
    const row = { executable: false, dirty: false, backing: '' };
    assert.deepEqual(list.rows, [
      {
        ...{ ...row, input: 0n, size: 0x3000n, output: 0x10000n, pageSize: 0x1000n },
        ...{ readable: true, writable: true, user: true, accessed: true, memoryType: '' },
      },
      {
        ...{ ...row, input: 0x3000n, size: 0x1000n, output: 0x14000n, pageSize: 0x1000n },
        ...{ readable: true, writable: true, user: true, accessed: true, memoryType: '' },
      },
      {
        ...{ ...row, input: 0x20_0000n, size: 0x40_0000n, output: 0x40_0000n },
        ...{ pageSize: 0x20_0000n, readable: true, writable: false, user: false },
        ...{ accessed: false, memoryType: 'NC' },
      },
    ]);
  });

  it('holds no more rows than it may, and says so', () => {
    const list = scattered(5, 5);
    assert.equal(list.truncated, false);
    list.add({ input: 0x9_0000, output: 1, pages: 1, flags: usual });
    assert.equal(list.length, 5);
    assert.equal(list.truncated, true);
  });

  it('goes on with a reading until the tables are to be read anew', () => {
    const { read, readings } = reading(() => scattered(10));
    const first = read();
    assert.deepEqual(inputs(first), ['40000000', '40002000', '40004000']);
    assert.deepEqual([first.total, first.matching, first.truncated], [10, 10, false]);
    const { list } = first;
    assert.deepEqual(inputs(read({ list, from: 8 })), ['40010000', '40012000']);
    assert.deepEqual(inputs(read({ list, from: 100 })), []);
    assert.equal(readings(), 1);
    const second = read();
    assert.notEqual(second.list, list);
    assert.equal(readings(), 2);
    assert.notEqual(read({ list: second.list, stage: 'virtual' }).list, second.list);
    assert.equal(readings(), 3);
  });

  it('filters by all of a row, and by an address anywhere in it', () => {
    const { read } = reading(() => {
      const list = scattered(1000);
      list.add({ input: 0x10_0000, output: 0x20_0000, pages: 1024, flags: readOnlyLarge });
      return list;
    });
    const { list } = read();
    const filtered = (filter: string) => {
      const found = read({ list, filter });
      return [found.matching, ...inputs(found)];
    };
    assert.deepEqual(filtered('0x40002abc'), [1, '40002000']);
    assert.deepEqual(filtered('0x0000000040002abc'), [1, '40002000']);
    assert.deepEqual(filtered('0x40001abc'), [0]);
    assert.deepEqual(filtered('0x100200abc'), [1, '100000000']);
    assert.deepEqual(filtered('0x100000000–0x1003fffff'), [1, '100000000']);
    assert.deepEqual(filtered('NC 2 MiB'), [1, '100000000']);
    assert.deepEqual(filtered('R--- high'), [1, '100000000']);
    assert.deepEqual(filtered('"high"'), [0]);
    assert.equal(filtered('RW-U LOW')[0], 1000);
    // An address that is in the texts of some and within another.
    assert.deepEqual(filtered('0x4007c0'), [1, '4007c000']);
    assert.deepEqual(filtered('nothing'), [0]);
  });

  it('what was typed on leaves what it would leave by itself, leading zeros or not', () => {
    const { read } = reading(() => scattered(3000));
    const words = ['0x0', '0x08', '0x080', '0x0802', '0x0802f', '0x0802f 4', '0x0802', '', 'rw 1'];
    const { list } = read();
    for (const filter of words) {
      const typed = read({ list, filter, count: 5000 });
      const alone = reading(() => scattered(3000)).read({ filter, count: 5000 });
      assert.deepEqual(inputs(typed), inputs(alone), filter);
      assert.equal(typed.matching, alone.matching);
    }
  });

  it('finds where a row is, or the next one, also among those that a filter leaves', () => {
    const { read } = reading(() => scattered(100));
    const { list } = read();
    assert.equal(read({ list, find: 0x4000_2fffn }).found, 1);
    assert.equal(read({ list, find: 0x4000_3000n }).found, 2);
    assert.equal(read({ list, find: 0n }).found, 0);
    assert.equal(read({ list, find: 0xffff_ffff_ffff_f000n }).found, 100);
    assert.equal(read({ list }).found, undefined);
    const filter = '0x40020000';
    assert.deepEqual(inputs(read({ list, filter, find: 0n })), ['40020000']);
    assert.equal(read({ list, filter, find: 0x4002_0000n }).found, 0);
    assert.equal(read({ list, filter, find: 0x4002_1000n }).found, 1);
  });

  it('reaches any place of a million rows, and finds those with a filter’s words', () => {
    const rows = 1_000_000;
    const { read, readings } = reading(() => scattered(rows));
    const { list, total } = read();
    assert.equal(total, rows);
    for (const from of [0, 1, 499_999, 999_997]) {
      const wanted = [0, 1, 2].map((i) => (0x4000_0000 + (from + i) * 0x2000).toString(16));
      assert.deepEqual(inputs(read({ list, from })), wanted);
    }
    assert.equal(read({ list, find: 0x4000_0000n + 777_777n * 0x2000n }).found, 777_777);
    const last = (0x4000_0000 + (rows - 1) * 0x2000).toString(16);
    assert.deepEqual(inputs(read({ list, filter: `0x${last}` })), [last]);
    assert.equal(read({ list, filter: 'rw-u high' }).matching, rows - 0x1000_0000 / 0x2000);
    assert.equal(readings(), 1);
  });
});
