/** Page tables as rows of a view: leaves of equal kind that follow each other are one row. */
import type { MappingRow, MappingTable } from '../../debug/target.ts';
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import { CSR } from './csr/numbers.ts';
import type { HartState } from './hartState.ts';
import type { Mmu, Stage } from './mmu.ts';
import {
  asidOf,
  guestRootBits,
  isLeaf,
  leafBits,
  memoryType,
  pageNumber,
  pte,
  vmidOf,
  wellFormed,
  type Entry,
  type EntryRules,
  type Scheme,
} from './pageTable.ts';

const pageBytes = 4096n;
/** Of Svpbmt; 3 is reserved. */
const memoryTypes = ['', 'NC', 'IO'] as const;

interface Walk {
  readonly memory: PhysicalMemory;
  readonly scheme: Scheme;
  readonly rules: EntryRules;
  /** Physical address of a table's page, or -1: tables of a guest lie in its own memory. */
  readonly tableAt: (page: number) => number;
  /** An address as it is written: sign-extended where the scheme wants that. */
  readonly spelled: (address: bigint) => bigint;
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
  const { scheme, page } = mmu.root(CSR.hgatp);
  if (!scheme) return { title: 'Bare', rows: [], truncated: false };
  const vmid = vmidOf(state.xlen, state.low(CSR.hgatp), state.high(CSR.hgatp));
  const title = `${scheme.name}x4, root ${addressOf(page)}, VMID ${vmid}`;
  const walk = begin('G', scheme, mmu, {
    memory,
    maxRows,
    tableAt: (table) => table * 4096,
    spelled: (address) => address,
  });
  visit(walk, page, scheme.levels - 1, 0n, 2 ** (scheme.indexBits + guestRootBits));
  return { title, rows: walk.rows, truncated: walk.truncated };
}

export function firstStageTable(
  state: HartState,
  mmu: Mmu,
  memory: PhysicalMemory,
  virtualized: boolean,
  maxRows: number,
): MappingTable {
  const register = virtualized ? CSR.vsatp : CSR.satp;
  const { scheme, page } = mmu.root(register);
  if (!scheme) return { title: 'Bare', rows: [], truncated: false };
  const asid = asidOf(state.xlen, state.low(register), state.high(register));
  const title = `${scheme.name}, root ${addressOf(page)}, ASID ${asid}`;
  const tableAt = (table: number): number =>
    virtualized
      ? mmu.translateGuestPage(table, 0, 'load', { privilege: 1, virtualized, debug: true })
      : table * 4096;
  const bits = 12 + scheme.levels * scheme.indexBits;
  const spelled = (address: bigint): bigint =>
    BigInt.asUintN(state.xlen, BigInt.asIntN(bits, address));
  const walk = begin(virtualized ? 'VS' : 'S', scheme, mmu, { memory, maxRows, tableAt, spelled });
  visit(walk, page, scheme.levels - 1, 0n, 2 ** scheme.indexBits);
  return { title, rows: walk.rows, truncated: walk.truncated };
}

function begin(
  stage: Stage,
  scheme: Scheme,
  mmu: Mmu,
  options: Pick<Walk, 'memory' | 'tableAt' | 'spelled' | 'maxRows'>,
): Walk {
  const rules = mmu.rules(stage);
  return { ...options, scheme, rules, rows: [], truncated: false };
}

function visit(walk: Walk, table: number, level: number, prefix: bigint, entries: number): void {
  const { memory, scheme, rules } = walk;
  const { entryBytes, indexBits } = scheme;
  const base = walk.tableAt(table);
  if (base < 0 || !memory.regionAt(base, entries * entryBytes)) return;
  for (let i = 0; i < entries && !walk.truncated; i++) {
    const at = base + i * entryBytes;
    const entry = {
      lower: memory.read32(at),
      upper: entryBytes === 8 ? memory.read32(at + 4) : 0,
    };
    const page = pageNumber(entry, scheme);
    if (!wellFormed(entry, level, page, rules)) continue;
    const input = prefix | (BigInt(i) << BigInt(12 + level * indexBits));
    if (isLeaf(entry)) addLeaf(walk, entry, level, input);
    else if (level > 0) visit(walk, page, level - 1, input, 2 ** indexBits);
  }
}

/** Entries of a NAPOT range are a page each; together they are what their page size says. */
function addLeaf(walk: Walk, entry: Entry, level: number, input: bigint): void {
  const { scheme } = walk;
  const page = pageNumber(entry, scheme);
  const size = pageBytes << BigInt(level * scheme.indexBits);
  const pages = 2 ** leafBits(entry, level, scheme);
  if (level > 0 && page % pages !== 0) return;
  const start = page - (page % pages);
  const within = level > 0 ? 0 : Number((input / pageBytes) % BigInt(pages));
  const { lower } = entry;
  add(walk, {
    input: walk.spelled(input),
    size,
    output: BigInt(start + within) * pageBytes,
    pageSize: BigInt(pages) * pageBytes,
    readable: (lower & pte.R) !== 0,
    writable: (lower & pte.W) !== 0,
    executable: (lower & pte.X) !== 0,
    user: (lower & pte.U) !== 0,
    accessed: (lower & pte.A) !== 0,
    dirty: (lower & pte.D) !== 0,
    memoryType: memoryTypes[memoryType(entry)] ?? '',
    backing: '',
  });
}

function add(walk: Walk, row: MappingRow): void {
  const last = walk.rows.at(-1);
  if (last && continues(last, row)) {
    walk.rows[walk.rows.length - 1] = { ...last, size: last.size + row.size };
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
    a.dirty === b.dirty &&
    a.memoryType === b.memoryType
  );
}

const addressOf = (page: number): string => `0x${(page * 4096).toString(16)}`;
