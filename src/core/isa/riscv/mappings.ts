/** Page tables as rows of a view: leaves of equal kind that follow each other are one row. */
import type { MappingRow, MappingTable } from '../../debug/target.ts';
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import { CSR } from './csr/numbers.ts';
import type { HartState } from './hartState.ts';
import { pageNumber, type Mmu, type Root } from './mmu.ts';

const pageBytes = 4096n;

interface Walk {
  readonly memory: PhysicalMemory;
  /** Physical address of a table's page, or -1: tables of a guest lie in its own memory. */
  readonly tableAt: (page: number) => number;
  readonly rows: MappingRow[];
  readonly maxRows: number;
  truncated: boolean;
}

export function guestStageTable(
  state: HartState,
  mmu: Mmu,
  memory: PhysicalMemory,
  maxRows: number,
): MappingTable {
  const root = mmu.root(CSR.hgatp);
  if (root.levels === 0) return { title: 'Bare', rows: [], truncated: false };
  const vmid = (state.high(CSR.hgatp) >>> 12) & 0x3fff;
  const title = `Sv${root.levels * 9 + 12}x4, root 0x${(root.page * 4096).toString(16)}, VMID ${vmid}`;
  return walkAll(root, title, 2048, { memory, tableAt: (page) => page * 4096, maxRows });
}

export function firstStageTable(
  state: HartState,
  mmu: Mmu,
  memory: PhysicalMemory,
  virtualized: boolean,
  maxRows: number,
): MappingTable {
  const register = virtualized ? CSR.vsatp : CSR.satp;
  const root = mmu.root(register);
  if (root.levels === 0) return { title: 'Bare', rows: [], truncated: false };
  const asid = (state.high(register) >>> 12) & 0xffff;
  const title = `Sv${root.levels * 9 + 12}, root 0x${(root.page * 4096).toString(16)}, ASID ${asid}`;
  const tableAt = (page: number): number =>
    virtualized
      ? mmu.translateGuestPage(page, 0, 'load', { privilege: 1, virtualized, debug: true })
      : page * 4096;
  return walkAll(root, title, 512, { memory, tableAt, maxRows });
}

function walkAll(
  root: Root,
  title: string,
  rootEntries: number,
  options: Pick<Walk, 'memory' | 'tableAt' | 'maxRows'>,
): MappingTable {
  const walk: Walk = { ...options, rows: [], truncated: false };
  const signExtend = rootEntries === 512;
  visit(walk, root.page, root.levels - 1, 0n, rootEntries, signExtend ? root.levels : 0);
  return { title, rows: walk.rows, truncated: walk.truncated };
}

function visit(
  walk: Walk,
  table: number,
  level: number,
  prefix: bigint,
  entries: number,
  signLevels: number,
): void {
  const base = walk.tableAt(table);
  if (base < 0 || !walk.memory.regionAt(base, entries * 8)) return;
  for (let i = 0; i < entries && !walk.truncated; i++) {
    const lower = walk.memory.read32(base + i * 8);
    if ((lower & 1) === 0) continue;
    const page = pageNumber(lower, walk.memory.read32(base + i * 8 + 4));
    const input = prefix | (BigInt(i) << BigInt(12 + level * 9));
    if ((lower & 0xa) !== 0) addLeaf(walk, lower, page, level, canonical(input, signLevels));
    else if (level > 0) visit(walk, page, level - 1, input, 512, signLevels);
  }
}

function canonical(address: bigint, levels: number): bigint {
  if (levels === 0) return address;
  return BigInt.asUintN(64, BigInt.asIntN(12 + levels * 9, address));
}

function addLeaf(walk: Walk, entry: number, page: number, level: number, input: bigint): void {
  const pageSize = pageBytes << BigInt(level * 9);
  const row: MappingRow = {
    input,
    size: pageSize,
    output: BigInt(page) * pageBytes,
    pageSize,
    readable: (entry & 2) !== 0,
    writable: (entry & 4) !== 0,
    executable: (entry & 8) !== 0,
    user: (entry & 16) !== 0,
    accessed: (entry & 64) !== 0,
    dirty: (entry & 128) !== 0,
    backing: '',
  };
  const last = walk.rows.at(-1);
  if (last && continues(last, row)) {
    walk.rows[walk.rows.length - 1] = { ...last, size: last.size + pageSize };
  } else if (walk.rows.length === walk.maxRows) {
    walk.truncated = true;
  } else {
    walk.rows.push(row);
  }
}

function continues(a: MappingRow, b: MappingRow): boolean {
  return (
    a.input + a.size === b.input &&
    a.output + a.size === b.output &&
    a.pageSize === b.pageSize &&
    a.readable === b.readable &&
    a.writable === b.writable &&
    a.executable === b.executable &&
    a.user === b.user &&
    a.accessed === b.accessed &&
    a.dirty === b.dirty
  );
}
