/**
 * What gdb says about the fixture program wherever it calls `checkpoint`, running under QEMU, and
 * the same stopped hart for our own readers: its registers and a copy of its memory.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadProgramSymbols } from '../../../../src/core/debug/symbols/programSymbols.ts';
import type {
  Frame,
  ProgramSymbols,
  UnwindTarget,
  Variable,
} from '../../../../src/core/debug/symbols/symbols.ts';
import { unwind } from '../../../../src/core/debug/symbols/unwind.ts';
import { riscvIsa } from '../../../../src/core/isa/riscv/riscv.ts';
import { build, run, sourceFolder, type Fixture } from '../../formats/dwarf/fixtures.ts';

export interface GdbFrame {
  readonly pc: string;
  readonly function: string;
  readonly line: number;
  readonly inlined: boolean;
  readonly registers: Readonly<Record<string, string>>;
  /** By path down to scalars; a string that is pointed to has a `"` after its path. */
  readonly variables: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, string>>;
}

export interface Stop {
  readonly gdbFrames: readonly GdbFrame[];
  readonly symbols: ProgramSymbols;
  readonly target: UnwindTarget;
  readonly frames: readonly Frame[];
}

const BASE = 0x80000000n;
const observed = new Map<string, Promise<readonly Stop[]>>();

export function observe(fixture: Fixture): Promise<readonly Stop[]> {
  let stops = observed.get(fixture.name);
  if (!stops) {
    stops = runGdb(fixture);
    observed.set(fixture.name, stops);
  }
  return stops;
}

export function symbolsOf(fixture: Fixture): ProgramSymbols {
  const file = build(fixture);
  return loadProgramSymbols([{ name: file, bytes: readFileSync(file) }]);
}

async function runGdb(fixture: Fixture): Promise<readonly Stop[]> {
  const script = path.join(sourceFolder, 'observe.py');
  const text = run('gdb-multiarch', ['-nx', '-q', '-batch', '-x', script, build(fixture)]);
  const symbols = symbolsOf(fixture);
  const stops: Stop[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith('OBSERVED ')) continue;
    const { frames, memory, registers } = JSON.parse(line.slice(9)) as {
      frames: GdbFrame[];
      memory: string;
      registers: Record<string, string>;
    };
    const target = frozenTarget(registers, new Uint8Array(Buffer.from(memory, 'hex')));
    stops.push({
      gdbFrames: frames,
      symbols,
      target,
      frames: await unwind(symbols, target, { isa: riscvIsa(64) }),
    });
  }
  return stops;
}

function frozenTarget(registers: Record<string, string>, memory: Uint8Array): UnwindTarget {
  return {
    readRegisters: async (names) =>
      names.map((name) => {
        const value = registers[name === 's0' ? 'fp' : name];
        return value === undefined ? undefined : BigInt(value);
      }),
    readMemory: async (address, size) => {
      const start = Number(address - BASE);
      return start < 0 ? new Uint8Array(0) : memory.subarray(start, start + size);
    },
  };
}

/** Scalars of a variable by path, as `observe.py` writes them. */
export async function leaves(
  variable: Variable,
  at = variable.name,
  found: Record<string, string> = {},
): Promise<Record<string, string>> {
  const isAggregate = /^\{/.test(variable.value) || variable.indexedCount !== undefined;
  if (!isAggregate) {
    found[at] = scalar(variable);
    const string = /"(.*)"/.exec(variable.value)?.[1];
    if (string !== undefined) found[`${at}"`] = string;
    return found;
  }
  for (const child of (await variable.children?.()) ?? []) {
    const isElement = child.name.startsWith('[');
    const isAnonymous = child.name === '<anonymous>';
    await leaves(
      child,
      isAnonymous ? at : isElement ? at + child.name : `${at}.${child.name}`,
      found,
    );
  }
  return found;
}

function scalar({ value, pointsTo }: Variable): string {
  if (pointsTo !== undefined) return pointsTo.toString();
  return /^-?\d+ /.test(value) ? (value.split(' ')[0] ?? '') : value;
}
