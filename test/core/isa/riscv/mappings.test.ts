/** Page tables as the rows of a view: every scheme, ranges merged, what entries say of their pages. */
import assert from 'node:assert/strict';
import type { MappingRow } from '../../../../src/core/debug/target.ts';
import { rig, type Rig } from './rig.ts';
import { shapes, World, ram, ramBytes, type Shape } from './translation/world.ts';

const short = (row: MappingRow): string =>
  [
    `${row.input.toString(16)}+${row.size.toString(16)}`,
    row.output.toString(16),
    row.pageSize.toString(16),
    (row.readable ? 'r' : '-') + (row.writable ? 'w' : '-') + (row.executable ? 'x' : '-'),
    (row.user ? 'u' : '-') + (row.accessed ? 'a' : '-') + (row.dirty ? 'd' : '-'),
    row.memoryType,
  ]
    .join(' ')
    .trim();

function activate(r: Rig, register: string, shape: Shape, root: number, id: bigint): void {
  const narrow = shape.entryBytes === 4;
  const mode = BigInt(shape.mode) << (narrow ? 31n : 60n);
  r.setCsr(register, mode | (id << (narrow ? 22n : 44n)) | BigInt(root / 4096));
}

describe('core/isa/riscv/mappings', () => {
  for (const shape of Object.values(shapes)) {
    it(`shows both stages of ${shape.name}`, () => {
      const xlen = shape.entryBytes === 4 ? 32 : 64;
      const r = rig('', { isa: `rv${xlen}imach`, ramBytes });
      const world = new World(r.memory, shape, shape);
      activate(r, 'satp', shape, world.firstRoot, 5n);
      activate(r, 'vsatp', shape, world.firstRoot, 6n);
      activate(r, 'hgatp', shape, world.guestRoot, 7n);
      for (const virtualized of [false, true]) {
        r.hart.virtualized = virtualized;
        const { title, rows } = r.hart.mappings('virtual', 100);
        const asid = virtualized ? 6 : 5;
        assert.equal(title, `${shape.name}, root 0x${world.firstRoot.toString(16)}, ASID ${asid}`);
        const [low, high] = world.dataPages;
        const target = (ram + 0x52 * 4096).toString(16);
        const data = [low, high].map((page) => `${page!.toString(16)}+1000 ${target} 1000 rwx uad`);
        for (const row of data)
          assert.ok(rows.map(short).includes(row), `${row}: ${rows.map(short)}`);
      }
      const { title, rows } = r.hart.mappings('guest', 100);
      assert.equal(title, `${shape.name}x4, root 0x${world.guestRoot.toString(16)}, VMID 7`);
      const moved = rows.find(({ input }) => input === BigInt(ram + 0x52 * 4096))!;
      assert.equal(
        short(moved),
        `${(ram + 0x52 * 4096).toString(16)}+1000 ${(ram + 0x5b * 4096).toString(16)} 1000 rwx uad`,
      );
      // The root's highest bit leads to the same.
      const alias = rows.find(({ input }) => input === world.alias + BigInt(ram + 0x52 * 4096))!;
      assert.equal(alias.output, moved.output);
      assert.deepEqual(r.hart.mappings('guest', 1).rows.length, 1);
      assert.ok(r.hart.mappings('guest', 1).truncated);
    });
  }

  it('merges what continues, and tells page sizes, NAPOT ranges and memory types apart', () => {
    const r = rig('', { isa: 'rv64imach_svnapot_svpbmt', ramBytes });
    const [root, middle, last] = [ram, ram + 4096, ram + 8192];
    const set = (table: number, index: number, value: bigint): void =>
      r.memory.write64(table + index * 8, value);
    const leaf = (page: number, flags: bigint): bigint => (BigInt(page) << 10n) | flags;
    const N = 1n << 63n;
    const NC = 1n << 61n;
    set(root, 1, leaf(middle / 4096, 1n));
    set(root, 0x1ff, leaf(0x4_0000, 0xcbn));
    set(middle, 0, leaf(last / 4096, 1n));
    set(middle, 1, leaf(0x8_0200, 0xc7n));
    set(middle, 2, leaf(0x8_0400, 0xc7n));
    // Misaligned, and so no mapping at all.
    set(middle, 3, leaf(0x8_0601, 0xc7n));
    for (const i of [0, 1, 2]) set(last, i, leaf(0x100 + i, 0xc7n));
    set(last, 3, leaf(0x103, 0xc3n));
    set(last, 4, leaf(0x104, 0xc3n | NC));
    set(last, 5, leaf(0x105, 0xc3n | (3n << 61n)));
    for (let i = 16; i < 32; i++) set(last, i, leaf(0x208, 0xdfn | N));
    set(last, 40, leaf(0x300, 0xdfn | N));
    r.setCsr('satp', (8n << 60n) | BigInt(root / 4096));
    const rows = (): string[] => r.hart.mappings('virtual', 100).rows.map(short);
    const expected = [
      '40000000+3000 100000 1000 rw- -ad',
      '40003000+1000 103000 1000 r-- -ad',
      '40010000+10000 200000 10000 rwx uad',
      '40200000+400000 80200000 200000 rw- -ad',
      'ffffffffc0000000+40000000 40000000 40000000 r-x -ad',
    ];
    assert.deepEqual(rows(), expected);
    r.setCsr('menvcfg', 1n << 62n);
    expected.splice(2, 0, '40004000+1000 104000 1000 r-- -ad NC');
    assert.deepEqual(rows(), expected);
  });

  it('a stage that is off is Bare', () => {
    const r = rig('', { isa: 'rv64imach' });
    const bare = (stage: 'guest' | 'virtual'): void => {
      const { title, length, truncated } = r.hart.mappings(stage, 10);
      assert.deepEqual(
        { title, length, truncated },
        { title: 'Bare', length: 0, truncated: false },
      );
    };
    bare('guest');
    bare('virtual');
  });

  it('makes one row of a million pages that continue, and stops at as many as asked for', () => {
    const r = rig('', { isa: 'rv64imach', ramBytes: 16 << 20 });
    const tables = 2048;
    const [root, middle, last] = [ram, ram + 16 * 1024, ram + 64 * 1024];
    const entry = (page: number, flags: number): bigint => (BigInt(page) << 10n) | BigInt(flags);
    const set = (at: number, value: bigint) => r.memory.write64(at, value);
    for (let i = 0; i < tables / 512; i++) set(root + i * 8, entry(middle / 4096 + i, 1));
    for (let i = 0; i < tables; i++) set(middle + i * 8, entry(last / 4096 + i, 1));
    for (let i = 0; i < tables * 512; i++) set(last + i * 8, entry(0x8_0000 + i, 0xdf));
    r.setCsr('hgatp', (8n << 60n) | BigInt(root / 4096));
    const whole = r.hart.mappings('guest', 10);
    assert.deepEqual(whole.rows.map(short), ['0+100000000 80000000 1000 rwx uad']);
    assert.equal(whole.truncated, false);
    // Every other page is read-only: none continues another.
    for (let i = 0; i < tables * 512; i += 2) set(last + i * 8, entry(0x8_0000 + i, 0xdb));
    assert.equal(r.hart.mappings('guest', tables * 512).rows.length, tables * 512);
    const some = r.hart.mappings('guest', 1000);
    assert.equal(some.rows.length, 1000);
    assert.ok(some.truncated);
  });

  it('comes to an end where every entry of a table leads back to it', () => {
    const r = rig('', { isa: 'rv64imach', ramBytes: 16 << 20 });
    for (let i = 0; i < 512; i++) r.memory.write64(ram + i * 8, (BigInt(ram / 4096) << 10n) | 1n);
    for (const mode of [9n, 10n]) {
      r.setCsr('satp', (mode << 60n) | BigInt(ram / 4096));
      const { length, truncated } = r.hart.mappings('virtual', 1000);
      assert.deepEqual([length, truncated], [0, true]);
    }
  });
});
