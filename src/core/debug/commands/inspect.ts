/** Commands that look at what a machine is made of: mappings, registers, exits, calls. */
import { UserError } from '../../base/userError.ts';
import { fieldValue, meaningOf } from '../controlRegisters.ts';
import type { ControlRegisterInfo } from '../../isa/isa.ts';
import type { MappingRow } from '../target.ts';
import { behind, hex, type CommandScope } from './scope.ts';

const MOST_ROWS = 200;
const USUAL_EXITS = 20;

export async function stage(
  { target, hart }: CommandScope,
  which: 'guest' | 'virtual',
): Promise<string> {
  const query = { stage: which, from: 0, count: MOST_ROWS };
  const { title, rows, total, truncated } = await target.mappings(hart, query);
  const lines = rows.map(mappingLine);
  if (lines.length === 0) lines.push('nothing is mapped');
  const more = total - rows.length;
  if (more > 0) lines.push(`… and ${truncated ? 'more than ' : ''}${more} more rows`);
  return [title, ...lines].join('\n');
}

function mappingLine(row: MappingRow): string {
  const { input, size, output, pageSize, backing, memoryType } = row;
  const flags = [
    row.readable ? 'r' : '-',
    row.writable ? 'w' : '-',
    row.executable ? 'x' : '-',
    row.user ? 'u' : '-',
    row.accessed ? 'a' : '-',
    row.dirty ? 'd' : '-',
  ].join('');
  const more = [memoryType, backing].filter((text) => text !== '').join(', ');
  return `${hex(input)}-${hex(input + size)} → ${hex(output)}  ${flags}  pages of ${bytes(pageSize)}${more === '' ? '' : `  ${more}`}`;
}

function bytes(size: bigint): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = size;
  let unit = 0;
  while (value >= 1024n && value % 1024n === 0n && unit < units.length - 1) {
    value /= 1024n;
    unit++;
  }
  return `${value} ${units[unit]}`;
}

export async function harts({ target }: CommandScope): Promise<string> {
  const all = await target.harts();
  return all.map(({ id, mode, state }) => `hart ${id}: ${mode}, ${state}`).join('\n');
}

export async function modules({ symbols }: CommandScope): Promise<string> {
  const lines = (symbols?.modules ?? []).map(
    ({ name, low, high, offset, symbolStatus }) =>
      `${hex(low)}-${hex(high)}  ${name}${offset === 0n ? '' : ` at offset ${hex(offset)}`}: ${symbolStatus}`,
  );
  return lines.length === 0 ? 'no file with symbols' : lines.join('\n');
}

/** All general registers without a name; else control registers whose names begin so. */
export async function registers(scope: CommandScope, name?: string): Promise<string> {
  const { isa, target, hart } = scope;
  if (name === undefined) {
    const names = isa.registers.map((register) => register.name);
    const values = await target.readRegisters(hart, names);
    return isa.registers
      .flatMap((register, index) => {
        const value = values[index];
        return value === undefined ? [] : [line(register.name, value, register.bits, scope)];
      })
      .join('\n');
  }
  const wanted = name.replace(/^\$/, '').toLowerCase();
  const exact = isa.controlRegisters.find((register) => register.name === wanted);
  const found = exact
    ? [exact]
    : isa.controlRegisters.filter((register) => register.name.startsWith(wanted));
  if (found.length === 0) throw new UserError(`csr: there is no control register '${name}'`);
  const values = await target.readRegisters(
    hart,
    found.map((register) => register.name),
  );
  const lines = found.flatMap((register, index) => {
    const value = values[index];
    if (value === undefined) return [];
    const own = line(register.name, value, register.bits, scope);
    return exact ? [own, ...fields(register, value)] : [own];
  });
  if (lines.length === 0) throw new UserError(`csr: this hart has no ${found[0]?.name}`);
  return lines.join('\n');
}

function line(name: string, value: bigint, bits: number, scope: CommandScope): string {
  const { symbols } = scope;
  const digits = Math.ceil(bits / 4);
  const symbol = value === 0n ? undefined : symbols?.symbolAt(value);
  const offset = symbol && symbol.offset !== 0n ? `+${hex(symbol.offset)}` : '';
  const where = symbol ? `  <${symbol.name}${offset}>${behind(scope, value)}` : '';
  return `${name.padEnd(10)} 0x${value.toString(16).padStart(digits, '0')}${where}`;
}

function fields(register: ControlRegisterInfo, value: bigint): string[] {
  return register.fields.map((field) => {
    const now = fieldValue(field, value);
    const meaning = meaningOf(field, now);
    const place = field.high === field.low ? `${field.low}` : `${field.high}:${field.low}`;
    return `  ${field.name.padEnd(8)} [${place}] ${hex(now)}${meaning === undefined ? '' : ` ${meaning}`}  ${field.description}`;
  });
}

export async function exits(args: string, scope: CommandScope): Promise<string> {
  const words = args.split(/\s+/).filter((word) => word !== '');
  const count = words.find((word) => /^\d+$/.test(word));
  const kind = words.find((word) => !/^\d+$/.test(word));
  const { exits: counts } = await scope.target.statistics();
  const all = Object.values(counts).reduce((a, b) => a + b, 0);
  const most = Number(count ?? USUAL_EXITS);
  // Of one kind there may be few among the last: all that are kept are looked through.
  const records = await scope.target.exits(kind === undefined ? Math.max(0, all - most) : 0, all);
  const shown = records.filter((record) => kind === undefined || record.kind === kind).slice(-most);
  const lines = shown.map(({ sequence, hart, pc, kind: own, text }) => {
    return `#${sequence} hart ${hart} ${hex(pc)} ${own}: ${text}${behind(scope, pc)}`;
  });
  const totals = Object.entries(counts).map(([name, number]) => `${number} ${name}`);
  return [...lines, totals.length === 0 ? 'no exits' : totals.join(', ')].join('\n');
}

export async function calls({ target }: CommandScope): Promise<string> {
  const { rows } = await target.callTable();
  if (rows.length === 0) return 'no hypervisor of ours takes the calls of this machine';
  const range = ([first, last]: readonly [number, number]) =>
    first === last ? hex(BigInt(first)) : `${hex(BigInt(first))}-${hex(BigInt(last))}`;
  return rows
    .map(({ extension, function: fn, name, action, answeredBy, source }) => {
      const id = `${range(extension)}${fn ? ` function ${range(fn)}` : ''}`;
      return `${id.padEnd(28)} ${name.padEnd(8)} ${action.padEnd(8)} ${answeredBy} (${source})`;
    })
    .join('\n');
}
