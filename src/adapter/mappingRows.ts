/** Windows of mappings between the protocol's strings and a target's numbers. */
import { UserError } from '../core/base/userError.ts';
import type { MappingQuery, MappingRow, MappingTable } from '../core/debug/target.ts';
import { hex } from './guest.ts';
import type { MappingsArguments, MappingsBody } from './protocol.ts';

const DEFAULT_ROWS = 1000;

export function mappingQuery(args: Omit<MappingsArguments, 'hart'>): MappingQuery {
  const { stage, from = 0, maxRows = DEFAULT_ROWS, filter, list, find } = args;
  if (stage !== 'guest' && stage !== 'virtual') {
    throw new UserError(`stage: '${String(stage)}' is neither guest nor virtual`, 'stage');
  }
  return {
    ...{ stage, from, count: maxRows },
    ...(filter === undefined ? {} : { filter }),
    ...(list === undefined ? {} : { list }),
    ...(find === undefined ? {} : { find: addressOf(find) }),
  };
}

export function mappingsBody(table: MappingTable, from: number): MappingsBody {
  const { list, title, total, matching, found, rows, truncated } = table;
  return {
    ...{ list, title, total, matching, truncated },
    ...(found === undefined ? {} : { found }),
    from: Math.min(from, matching),
    rows: rows.map(rowBody),
  };
}

function rowBody(row: MappingRow): MappingsBody['rows'][number] {
  const flag = (set: boolean, letter: string): string => (set ? letter : '-');
  return {
    input: hex(row.input),
    size: hex(row.size),
    output: hex(row.output),
    pageSize: hex(row.pageSize),
    permissions:
      flag(row.readable, 'r') +
      flag(row.writable, 'w') +
      flag(row.executable, 'x') +
      flag(row.user, 'u'),
    accessed: row.accessed,
    dirty: row.dirty,
    memoryType: row.memoryType,
    backing: row.backing,
  };
}

function addressOf(text: string): bigint {
  if (/^0x[0-9a-f]{1,16}$/i.test(text)) return BigInt(text);
  throw new UserError(`find: '${text}' is no address as 0x80200000`, 'find');
}
