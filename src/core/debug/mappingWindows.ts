/**
 * Windows of the rows of page tables. A reading of the tables is kept until another is wanted, so
 * that a view can go on through millions of rows without more than those in sight travelling, and
 * sees the tables as they were at one moment.
 */
import type { Cpu } from '../isa/cpu.ts';
import type { MappedPages, MappingList } from '../isa/mappingList.ts';
import { addressIn, filterMappings, type FilteredRows } from './mappingFilter.ts';
import type { MappingQuery, MappingRow, MappingTable } from './target.ts';

/** Of a reading: 28 bytes each. */
const mostRows = 1 << 22;
/** Of one window. */
const mostAtOnce = 10_000;

export class MappingWindows {
  private readonly backingName: (address: number) => string;
  private reading: { id: number; cpu: Cpu; stage: string; list: MappingList } | undefined;
  private matching: FilteredRows | undefined;
  private readings = 0;

  /** What backs a guest-physical address. */
  constructor(backingName: (address: number) => string) {
    this.backingName = backingName;
  }

  /** The machine is gone: its memory must not be held by what was read of it. */
  forget(): void {
    this.reading = this.matching = undefined;
  }

  read(cpu: Cpu, query: MappingQuery): MappingTable {
    const { stage, filter = '', find } = query;
    const { id, list } = this.readingFor(cpu, query);
    const backing = (pages: MappedPages): string => this.backing(pages, stage);
    const rows = filter.trim() === '' ? undefined : this.filtered(list, filter, backing);
    const matching = rows?.length ?? list.length;
    const from = Math.min(query.from, matching);
    const count = Math.min(query.count, mostAtOnce, matching - from);
    return {
      list: id,
      title: list.title,
      total: list.length,
      matching,
      truncated: list.truncated,
      rows: Array.from({ length: count }, (_, i) => {
        const row = rows ? rows[from + i]! : from + i;
        return { ...list.row(row), backing: backing(list.pagesAt(row)) } satisfies MappingRow;
      }),
      ...(find === undefined ? {} : { found: placeOf(list.rowAtOrAfter(find), rows) }),
    };
  }

  private readingFor(cpu: Cpu, { stage, list }: MappingQuery) {
    const kept = this.reading;
    if (list !== undefined && kept?.id === list && kept.cpu === cpu && kept.stage === stage) {
      return kept;
    }
    this.matching = undefined;
    this.reading = { id: ++this.readings, cpu, stage, list: cpu.mappings(stage, mostRows) };
    return this.reading;
  }

  private filtered(
    list: MappingList,
    filter: string,
    backing: (pages: MappedPages) => string,
  ): Uint32Array {
    this.matching = filterMappings(list, filter, backing, this.matching);
    const { rows } = this.matching;
    const address = addressIn(filter);
    if (address === undefined) return rows;
    const at = list.rowAtOrAfter(address);
    const isThere = rows[placeOf(at, rows)] === at;
    return isThere || !list.covers(at, address) ? rows : inserted(rows, at);
  }

  /** Known by guest-physical address: the input of stage 'guest', the output of the other one. */
  private backing({ input, output }: MappedPages, stage: 'guest' | 'virtual'): string {
    return this.backingName((stage === 'guest' ? input : output) * 4096);
  }
}

/** Where a row of the list stands among those that are left, or where it would stand. */
function placeOf(row: number, rows: Uint32Array | undefined): number {
  if (!rows) return row;
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]! >= row) high = middle;
    else low = middle + 1;
  }
  return low;
}

function inserted(rows: Uint32Array, row: number): Uint32Array {
  const at = placeOf(row, rows);
  const result = new Uint32Array(rows.length + 1);
  result.set(rows.subarray(0, at));
  result[at] = row;
  result.set(rows.subarray(at), at + 1);
  return result;
}
