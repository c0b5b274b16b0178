import assert from 'node:assert/strict';
import {
  arrange,
  bitsText,
  groupKey,
  parseValue,
  visibleRows,
  withField,
  type RowChoice,
} from '../../src/webview/csrRows.ts';
import type { CsrRow } from '../../src/adapter/protocol.ts';

const field = (name: string, high: number, low: number, meaning = '') => ({
  name,
  high,
  low,
  value: '0x0',
  meaning,
  description: `${name} field`,
  changed: false,
});
const register = (name: string, number: number, more: Partial<CsrRow> = {}): CsrRow => ({
  name,
  number,
  description: `${name} register`,
  section: '1.1',
  value: '0x0000000000000000',
  changed: false,
  writable: true,
  fields: [],
  ...more,
});

const groups = [
  {
    name: 'Machine',
    registers: [
      register('mstatus', 0x300, { fields: [field('MPP', 12, 11, 'M'), field('MIE', 3, 3)] }),
      register('mepc', 0x341, { value: '0x0000000080200000', changed: true }),
    ],
  },
  {
    name: 'Hypervisor',
    registers: [register('hgatp', 0x680, { fields: [field('MODE', 63, 60)] })],
  },
];

function check(choice: Partial<RowChoice>, expected: string[]): void {
  const all = {
    filter: '',
    changedOnly: false,
    expanded: new Set<string>(),
    collapsed: new Set<string>(),
  };
  const rows = visibleRows(groups, { ...all, ...choice });
  assert.deepEqual(
    rows.map(({ key }) => key),
    expected,
  );
  for (const row of rows) assert.ok(row.position >= 1 && row.position <= row.size, row.key);
}

describe('visibleRows', () => {
  it('shows groups with registers, and fields of those that are open', () => {
    check({}, ['group Machine', 'mstatus', 'mepc', 'group Hypervisor', 'hgatp']);
    check({ expanded: new Set(['mstatus']), collapsed: new Set([groupKey('Hypervisor')]) }, [
      'group Machine',
      'mstatus',
      'mstatus about',
      'mstatus.MPP',
      'mstatus.MIE',
      'mepc',
      'group Hypervisor',
    ]);
  });

  it('finds by name, number, value without its zeros, and words in any order', () => {
    check({ filter: 'HGATP' }, ['group Hypervisor', 'hgatp']);
    check({ filter: '0x341' }, ['group Machine', 'mepc']);
    check({ filter: '0x80200000' }, ['group Machine', 'mepc']);
    check({ filter: 'register mepc' }, ['group Machine', 'mepc']);
    check({ filter: 'nothing' }, []);
  });

  it('opens a register for a field that was searched for, and only that field', () => {
    const found = ['group Machine', 'mstatus', 'mstatus about', 'mstatus.MPP'];
    check({ filter: 'mstatus mpp' }, found);
    check({ filter: 'mpp', collapsed: new Set([groupKey('Machine')]) }, found);
  });

  it('shows only what changed', () => {
    check({ changedOnly: true }, ['group Machine', 'mepc']);
  });
});

describe('arrange', () => {
  const copies = [
    {
      name: 'Machine',
      registers: [
        register('mstatus', 0x300, { counterpart: 'status' }),
        register('mepc', 0x341, { counterpart: 'epc' }),
        register('misa', 0x301, { counterpart: 'isa' }),
      ],
    },
    {
      name: 'Supervisor',
      registers: [
        register('sstatus', 0x100, { counterpart: 'status' }),
        register('sepc', 0x141, { counterpart: 'epc' }),
      ],
    },
  ];
  const shape = (pinned: string[], sideBySide: boolean) =>
    arrange(copies, { pinned, sideBySide }).map((group) => [
      group.name,
      ...group.registers.map(({ name }) => name),
    ]);

  it('puts pinned registers first, in the order of pinning, and only there', () => {
    assert.deepEqual(shape(['sepc', 'gone', 'misa'], false), [
      ['Pinned', 'sepc', 'misa'],
      ['Machine', 'mstatus', 'mepc'],
      ['Supervisor', 'sstatus'],
    ]);
    assert.equal(shape([], false)[0]?.[0], 'Machine');
  });

  it('puts copies of a register at all levels together', () => {
    assert.deepEqual(shape([], true), [
      ['mstatus · sstatus', 'mstatus', 'sstatus'],
      ['mepc · sepc', 'mepc', 'sepc'],
      ['At one level only', 'misa'],
    ]);
  });
});

describe('values', () => {
  it('reads numbers as people write them', () => {
    assert.equal(parseValue(' 0xFFFF_0000 '), 0xffff0000n);
    assert.equal(parseValue('0b101'), 5n);
    assert.equal(parseValue('42'), 42n);
    for (const wrong of ['', '0x', '-1', '12z', '1.5']) assert.equal(parseValue(wrong), undefined);
  });

  it('replaces one field of a register', () => {
    const hgatp = register('hgatp', 0x680, { value: '0x9000000000080004' });
    const mode = field('MODE', 63, 60);
    assert.equal(withField(hgatp, mode, 8n), 0x8000000000080004n);
    assert.equal(withField(hgatp, field('PPN', 43, 0), 1n), 0x9000000000000001n);
    assert.equal(withField(hgatp, mode, 16n), undefined);
  });

  it('writes bits as the manual does', () => {
    assert.equal(bitsText(field('MPP', 12, 11)), '12:11');
    assert.equal(bitsText(field('MIE', 3, 3)), '3');
  });
});
