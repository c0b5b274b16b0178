/** Page tables as rows of a view: leaves of equal kind that follow each other are one row. */
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import { MappingList, mappingFlags } from '../mappingList.ts';
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

/** Of Svpbmt; 3 is reserved. */
const memoryTypes = ['', 'NC', 'IO'] as const;
/**
 * Tables that are looked at: as many as map 32 GiB in pages of 4 KiB. Entries that lead back to
 * their own table make a few words look like more than anyone can walk.
 */
const mostTables = 16_384;

interface Walk {
  readonly memory: PhysicalMemory;
  readonly scheme: Scheme;
  readonly rules: EntryRules;
  /** Physical address of a table's page, or -1: tables of a guest lie in its own memory. */
  readonly tableAt: (page: number) => number;
  /** A page's number as its address is written: sign-extended where the scheme wants that. */
  readonly spelled: (page: number) => number;
  readonly list: MappingList;
  tablesLeft: number;
}

export function guestStageTable(
  state: HartState,
  mmu: Mmu,
  memory: PhysicalMemory,
  maxRows: number,
): MappingList {
  const { scheme, page } = mmu.root(CSR.hgatp);
  if (!scheme) return new MappingList('Bare', maxRows);
  const vmid = vmidOf(state.xlen, state.low(CSR.hgatp), state.high(CSR.hgatp));
  const title = `${scheme.name}x4, root ${addressOf(page)}, VMID ${vmid}`;
  const walk = begin('G', scheme, mmu, {
    memory,
    list: new MappingList(title, maxRows, memoryTypes),
    tableAt: (table) => table * 4096,
    spelled: (input) => input,
  });
  visit(walk, page, scheme.levels - 1, 0, 2 ** (scheme.indexBits + guestRootBits));
  return walk.list;
}

export function firstStageTable(
  state: HartState,
  mmu: Mmu,
  memory: PhysicalMemory,
  virtualized: boolean,
  maxRows: number,
): MappingList {
  const register = virtualized ? CSR.vsatp : CSR.satp;
  const { scheme, page } = mmu.root(register);
  if (!scheme) return new MappingList('Bare', maxRows);
  const asid = asidOf(state.xlen, state.low(register), state.high(register));
  const title = `${scheme.name}, root ${addressOf(page)}, ASID ${asid}`;
  const tableAt = (table: number): number =>
    virtualized
      ? mmu.translateGuestPage(table, 0, 'load', { privilege: 1, virtualized, debug: true })
      : table * 4096;
  const list = new MappingList(title, maxRows, memoryTypes);
  const spelled = signExtended(scheme, state.xlen);
  const walk = begin(virtualized ? 'VS' : 'S', scheme, mmu, { memory, list, tableAt, spelled });
  visit(walk, page, scheme.levels - 1, 0, 2 ** scheme.indexBits);
  return list;
}

/** Of numbers of pages: the upper half of what the scheme translates is at the end of all. */
function signExtended({ levels, indexBits }: Scheme, xlen: number): (page: number) => number {
  const pages = 2 ** (levels * indexBits);
  const added = 2 ** (xlen - 12) - pages;
  return (page) => (page >= pages / 2 ? page + added : page);
}

function begin(
  stage: Stage,
  scheme: Scheme,
  mmu: Mmu,
  options: Pick<Walk, 'memory' | 'tableAt' | 'spelled' | 'list'>,
): Walk {
  const rules = mmu.rules(stage);
  return { ...options, scheme, rules, tablesLeft: mostTables };
}

/** `first` is the number of the first page that the table translates. */
function visit(walk: Walk, table: number, level: number, first: number, entries: number): void {
  const { memory, scheme, rules, list } = walk;
  const { entryBytes, indexBits } = scheme;
  const base = walk.tableAt(table);
  if (base < 0 || !memory.regionAt(base, entries * entryBytes)) return;
  if (walk.tablesLeft-- === 0) list.truncated = true;
  for (let i = 0; i < entries && !list.truncated; i++) {
    const at = base + i * entryBytes;
    const entry = {
      lower: memory.read32(at),
      upper: entryBytes === 8 ? memory.read32(at + 4) : 0,
    };
    const page = pageNumber(entry, scheme);
    if (!wellFormed(entry, level, page, rules)) continue;
    const input = first + i * 2 ** (level * indexBits);
    if (isLeaf(entry)) addLeaf(walk, entry, level, input);
    else if (level > 0) visit(walk, page, level - 1, input, 2 ** indexBits);
  }
}

/** Entries of a NAPOT range are a page each; together they are what their page size says. */
function addLeaf(walk: Walk, entry: Entry, level: number, input: number): void {
  const { scheme } = walk;
  const page = pageNumber(entry, scheme);
  const order = leafBits(entry, level, scheme);
  const pages = 2 ** order;
  if (level > 0 && page % pages !== 0) return;
  const start = page - (page % pages);
  const { lower } = entry;
  walk.list.add({
    input: walk.spelled(input),
    output: level > 0 ? start : start + (input % pages),
    pages: level > 0 ? pages : 1,
    flags: mappingFlags({
      readable: (lower & pte.R) !== 0,
      writable: (lower & pte.W) !== 0,
      executable: (lower & pte.X) !== 0,
      user: (lower & pte.U) !== 0,
      accessed: (lower & pte.A) !== 0,
      dirty: (lower & pte.D) !== 0,
      memoryType: memoryType(entry),
      pageOrder: order,
    }),
  });
}

const addressOf = (page: number): string => `0x${(page * 4096).toString(16)}`;
