/**
 * What gdb says and what we say of the same stops: gdb steps through the stub and prints, and at
 * each stop has `monitor observe` take down our own unwinder's frames and our own readers' values.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadProgramSymbols } from '../../../src/core/debug/symbols/programSymbols.ts';
import { SymbolModule } from '../../../src/core/debug/symbols/symbolModule.ts';
import { anonymousMember } from '../../../src/core/debug/symbols/symbols.ts';
import type {
  Frame,
  ProgramSymbols,
  UnwindTarget,
  Variable,
} from '../../../src/core/debug/symbols/symbols.ts';
import { frameContext, unwind } from '../../../src/core/debug/symbols/unwind.ts';
import { ElfFile } from '../../../src/core/formats/elf/elf.ts';
import { riscvIsa } from '../../../src/core/isa/riscv/riscv.ts';
import { output, serve, type Serving } from '../serving.ts';

export interface SeenVariable {
  readonly name: string;
  readonly type: string;
  /** Its address, or `none`. */
  readonly place: string;
  /** By path down to scalars. */
  readonly values: Readonly<Record<string, string>>;
}

export interface SeenFrame {
  readonly pc: string;
  readonly function: string | null;
  readonly file: string | null;
  readonly line: number;
  readonly inlined: boolean;
  /** gdb makes frames for calls that ended in a tail call. */
  readonly tailCall?: boolean;
  readonly registers: Readonly<Record<string, string>>;
  readonly variables: readonly SeenVariable[];
  /** Of the innermost frame: the register that a variable is in, or ''. */
  readonly inRegisters?: Readonly<Record<string, string>>;
}

/** What is known of one instruction without running it. */
export interface SeenCode {
  readonly pc: string;
  readonly file: string | null;
  readonly line: number;
  /** Functions, innermost first, calls that are inlined here among them. */
  readonly calls: readonly string[];
  /** Of the outermost one. */
  readonly start: string | null;
  readonly end: string | null;
}

export interface SeenRow {
  readonly file: string;
  /** 0 at the end of a sequence. */
  readonly line: number;
  readonly address: string;
  readonly statement: boolean;
}

export interface Comparison {
  readonly theirs: {
    readonly stops: readonly (readonly SeenFrame[])[];
    readonly code: readonly SeenCode[];
    readonly rows: readonly SeenRow[];
  };
  readonly ours: Comparison['theirs'];
}

const isa = riscvIsa(64);
const names = new Map(
  isa.registers.flatMap((r) => (r.dwarf === undefined ? [] : [[r.dwarf, r.name]])),
);
const kept = ['ra', 'sp', 'gp', 'tp', ...Array.from({ length: 12 }, (_, i) => `s${i}`)];

export async function compare(elf: string, stride: number, stops: number): Promise<Comparison> {
  const bytes = readFileSync(elf);
  const symbols = loadProgramSymbols([{ name: elf, bytes }]);
  const ourStops: SeenFrame[][] = [];
  const observe = {
    name: 'observe',
    operands: '',
    help: 'take down what we see',
    async run() {
      ourStops.push(await lookAt(symbols, targetOf(serving)));
      return '';
    },
  };
  const serving: Serving = await serve({ program: elf, mode: 'machine' }, [observe]);
  try {
    const text = textSection(new ElfFile(bytes, elf));
    const printed = await output('env', [
      `COMPARE_PORT=${serving.port}`,
      `COMPARE_STOPS=${stops}`,
      `COMPARE_STRIDE=${stride}`,
      `COMPARE_TEXT=${text.low.toString(16)}-${text.high.toString(16)}`,
      ...['gdb-multiarch', '-nx', '-q', '-batch'],
      ...['-x', path.resolve('test/gdb/comparison/compare.py'), elf],
    ]);
    const said = <T>(kind: string): T[] =>
      printed
        .split('\n')
        .filter((line) => line.startsWith(`${kind} `))
        .map((line) => JSON.parse(line.slice(kind.length + 1)) as T);
    const code = said<SeenCode>('CODE');
    const theirs = { stops: said<SeenFrame[]>('STOP'), code, rows: said<SeenRow>('ROW') };
    // A script that fails on the way would have compared less than it says.
    if (said('DONE').length !== 1 || theirs.stops.length !== ourStops.length || code.length === 0)
      throw new Error(
        `${theirs.stops.length} ${ourStops.length} ` +
          printed
            .split('\n')
            .filter((l) => !/^(STOP|CODE|ROW|DONE)/.test(l))
            .join('\n')
            .slice(-3000),
      );
    const addresses = code.map(({ pc }) => BigInt(pc));
    const ours = {
      stops: ourStops,
      code: addresses.map((address) => codeAt(symbols, address)),
      rows: rowsOf(new SymbolModule({ name: elf, bytes })),
    };
    return { theirs, ours };
  } finally {
    await serving.close();
  }
}

function textSection(elf: ElfFile): { low: bigint; high: bigint } {
  const section = elf.sections.find(({ name }) => name === '.text');
  if (!section) throw new Error(`${elf.name} has no .text`);
  return { low: section.address, high: section.address + BigInt(section.size) };
}

function targetOf({ target }: Serving): UnwindTarget {
  return {
    readRegisters: (wanted) => target.readRegisters(0, wanted),
    readMemory: (address, size) => target.readMemory(0, 'virtual', address, size),
  };
}

/** A variable's scalars by path, as compare.py writes them. */
async function leaves(
  variable: Variable,
  at: string,
  found: Record<string, string>,
): Promise<void> {
  if (variable.pointsTo !== undefined) found[at] = `${variable.pointsTo}`;
  else if (!variable.children) {
    // Structs without members have no scalars.
    if (!/^(\{\}|\(\))$|^[A-Z]\w*$/.test(variable.value) || !/[<:]/.test(variable.type)) {
      found[at] = scalar(variable.value);
    }
  } else if (/^&(mut )?(str$|\[)/.test(variable.type)) await slice(variable, at, found);
  else {
    const children = await variable.children().catch(() => undefined);
    if (!children) found[at] = variable.value;
    for (const child of children ?? []) {
      const isHidden = child.name === anonymousMember;
      const name = child.name.startsWith('[') ? child.name : `.${child.name}`;
      await leaves(child, isHidden ? at : at + name, found);
    }
  }
}

/** gdb shows a slice as its pointer and length. */
async function slice(variable: Variable, at: string, found: Record<string, string>): Promise<void> {
  const elements = (await variable.children?.().catch(() => [])) ?? [];
  const address = elements[0]?.address;
  if (address === undefined) found[at] = variable.value;
  else {
    found[`${at}.data_ptr`] = `${address}`;
    found[`${at}.length`] = `${elements.length}`;
  }
}

/** A number without the character that it is; Rust's characters are numbers to gdb. */
function scalar(value: string): string {
  const [, letter] = /^'([^\\])'$/u.exec(value) ?? [];
  if (value === "'\\0'") return '0';
  if (letter !== undefined) return `${letter.codePointAt(0)}`;
  return /^-?\d+ /.test(value) ? (value.split(' ')[0] ?? '') : value;
}

async function lookAt(symbols: ProgramSymbols, target: UnwindTarget): Promise<SeenFrame[]> {
  const seen: SeenFrame[] = [];
  const frames = await unwind(symbols, target, { isa });
  for (const frame of frames) {
    const calls = symbols.callsAt(frame.lookupPc);
    const shown = calls.length > 0 ? calls : [undefined];
    for (const [depth, call] of shown.entries()) {
      const { variables, inRegisters } = await look(symbols, target, frames, frame, depth);
      seen.push({
        pc: `${frame.pc}`,
        function: call?.functionName ?? null,
        file: call?.position?.path ?? null,
        line: call?.position?.line ?? 0,
        inlined: call?.inlined ?? false,
        registers: Object.fromEntries(
          kept.flatMap((name) => {
            const value = frame.register(name);
            return value === undefined ? [] : [[name, `${value}`]];
          }),
        ),
        variables,
        ...(seen.length === 0 && { inRegisters }),
      });
    }
  }
  return seen;
}

async function look(
  symbols: ProgramSymbols,
  target: UnwindTarget,
  frames: readonly Frame[],
  { index }: Frame,
  depth: number,
) {
  const context = frameContext(frames, index, target);
  const found = new Map<string, Variable>();
  for (const variable of context ? await symbols.locals(context, depth) : []) {
    if (!found.has(variable.name)) found.set(variable.name, variable);
  }
  const variables: SeenVariable[] = [];
  const inRegisters: Record<string, string> = {};
  for (const [name, variable] of found) {
    const { type, address, register } = variable;
    const values: Record<string, string> = {};
    await leaves(variable, name, values);
    variables.push({ name, type, place: address === undefined ? 'none' : `${address}`, values });
    inRegisters[name] = register === undefined ? '' : (names.get(register) ?? `${register}`);
  }
  return { variables, inRegisters };
}

function codeAt(symbols: ProgramSymbols, address: bigint): SeenCode {
  const position = symbols.positionAt(address);
  const whole = symbols.functionAt(address);
  return {
    pc: `${address}`,
    file: position?.path ?? null,
    line: position?.line ?? 0,
    calls: symbols.callsAt(address).map(({ functionName }) => functionName),
    start: whole ? `${whole.low}` : null,
    end: whole ? `${whole.high}` : null,
  };
}

function rowsOf(module: SymbolModule): SeenRow[] {
  const tables = new Set(module.units.map((unit) => module.lineTableOf(unit)));
  return [...tables].flatMap((table) =>
    (table?.sequences ?? []).flatMap(({ rows }) =>
      rows.map(({ address, line, file, isStmt, endSequence }) => ({
        file: table?.path(file) ?? '',
        line: endSequence ? 0 : line,
        address: `${address}`,
        statement: isStmt,
      })),
    ),
  );
}
