/** What `trapline run` says after the guest's end: one JSON object, or a summary to read. */
import { probeHostFeatures } from '../core/wasm/hostFeatures.ts';
import type { MappingRow } from '../core/debug/target.ts';
import type { Machine } from '../core/machine/machine.ts';
import type { Outcome } from './drive.ts';

export interface RunResult {
  readonly reason: string;
  readonly exitCode: number;
  readonly text: string;
  readonly instructions: number;
  readonly seconds: number;
  readonly mips: number;
  readonly exits: Readonly<Record<string, number>>;
  /** What the translator did; absent where all was interpreted. */
  readonly engine?: Readonly<Record<string, number>>;
  /** What of WebAssembly the host has. */
  readonly features?: readonly string[];
  /** Whether the interpreter's code of an earlier run was there. */
  readonly keptInterpreter: boolean;
}

export function resultObject(
  machine: Machine,
  { end, seconds }: Outcome,
  keptInterpreter: boolean,
): RunResult {
  const mips = seconds > 0 ? machine.instructions / seconds / 1e6 : 0;
  return {
    reason: end.reason,
    exitCode: end.code,
    text: end.text,
    instructions: machine.instructions,
    seconds: Number(seconds.toFixed(6)),
    mips: Number(mips.toFixed(3)),
    exits: machine.exitCounts,
    ...(machine.engineCounters
      ? { engine: rounded(machine.engineCounters()), features: featureNames() }
      : {}),
    keptInterpreter,
  };
}

function featureNames(): string[] {
  const features = Object.entries(probeHostFeatures());
  return features.filter(([, there]) => there).map(([name]) => name);
}

function rounded(counters: Readonly<Record<string, number>>): Record<string, number> {
  const entries = Object.entries(counters);
  return Object.fromEntries(entries.map(([name, value]) => [name, Number(value.toFixed(3))]));
}

const mostRows = 200;

export function summaryText(machine: Machine): string {
  const lines = [`${machine.instructions.toLocaleString('en')} instructions`];
  if (machine.mode === 'machine') return `${lines.join('\n')}\n`;
  lines.push('', 'Exits to the hypervisor', ...exitLines(machine.exitCounts));
  const hart = machine.harts[0];
  if (hart) {
    const table = hart.mappings('guest', mostRows);
    lines.push('', `Stage-2 mappings: ${table.title}`);
    lines.push(...mappingLines(table.rows, (row) => machine.backingName(Number(row.input))));
    if (table.truncated) lines.push(`  (only the first ${mostRows} are shown)`);
  }
  return `${lines.join('\n')}\n`;
}

function exitLines(counts: Readonly<Record<string, number>>): string[] {
  const rows = Object.entries(counts).sort(([, a], [, b]) => b - a);
  if (rows.length === 0) return ['  none'];
  const width = Math.max(...rows.map(([kind]) => kind.length));
  return rows.map(([kind, count]) => `  ${kind.padEnd(width)}  ${String(count).padStart(8)}`);
}

function mappingLines(rows: readonly MappingRow[], backing: (row: MappingRow) => string): string[] {
  if (rows.length === 0) return ['  none'];
  const cells = rows.map((row) => [
    `${hex(row.input)}–${hex(row.input + row.size - 1n)}`,
    `→ ${hex(row.output)}`,
    `${sizeText(row.size)} in pages of ${sizeText(row.pageSize)}`,
    permissions(row),
    `${row.accessed ? 'A' : '-'}${row.dirty ? 'D' : '-'} ${row.memoryType}`.trimEnd(),
    row.backing || backing(row),
  ]);
  const widths =
    cells[0]?.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0))) ?? [];
  return cells.map((row) =>
    `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd(),
  );
}

function permissions(row: MappingRow): string {
  return (
    (row.readable ? 'r' : '-') +
    (row.writable ? 'w' : '-') +
    (row.executable ? 'x' : '-') +
    (row.user ? 'u' : '-')
  );
}

function hex(value: bigint): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

function sizeText(bytes: bigint): string {
  const units: readonly (readonly [string, bigint])[] = [
    ['GiB', 1n << 30n],
    ['MiB', 1n << 20n],
    ['KiB', 1n << 10n],
  ];
  for (const [unit, size] of units)
    if (bytes >= size && bytes % size === 0n) return `${bytes / size} ${unit}`;
  return `${bytes} bytes`;
}
