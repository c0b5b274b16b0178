/** The interpreters generated from the instruction rows, each compiled on first use, and their tables. */
import encodings32 from '#generated/encodings-rv32.bin';
import encodings64 from '#generated/encodings-rv64.bin';
import bytes32 from '#generated/interpreter-rv32.wasm';
import tieredBytes32 from '#generated/interpreter-rv32-tiered.wasm';
import bytes64 from '#generated/interpreter-rv64.wasm';
import tieredBytes64 from '#generated/interpreter-rv64-tiered.wasm';
import { encodingFlags, existsAt } from '../../engine/encodings.ts';
import type { EngineHost } from '../../engine/engineHost.ts';
import type { EngineMemory } from '../../engine/engineMemory.ts';
import { shared } from '../../engine/layout.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import { rowsOf } from './instructions/all.ts';
import { rowExists } from './instructions/row.ts';

const bytes = {
  plain: { 32: bytes32, 64: bytes64 },
  tiered: { 32: tieredBytes32, 64: tieredBytes64 },
} as const;
const modules = new Map<string, WebAssembly.Module>();

/** The plain one, or the one that works with the translator. */
export function interpreterModule(
  xlen: RegisterWidth,
  kind: 'plain' | 'tiered' = 'plain',
  compile: NonNullable<EngineHost['compile']> = (code) => new WebAssembly.Module(code),
): WebAssembly.Module {
  const key = `${kind} ${xlen}`;
  let module = modules.get(key);
  if (!module) modules.set(key, (module = compile(bytes[kind][xlen])));
  return module;
}

const encodings = { 32: encodings32, 64: encodings64 } as const;

/** Puts the tables that interpreters decode by into a machine's memory. */
export function loadEncodings(
  { bytes: memory, view }: EngineMemory,
  xlen: RegisterWidth,
  enabled: (extension: string) => boolean,
): void {
  const tables = encodings[xlen];
  memory.set(tables, shared.encodings);
  const { instructions, compressed } = rowsOf(xlen);
  const count = instructions.length + compressed.length;
  const exists = existsAt(tables.length, count);
  const asked = new Map<string, boolean>();
  const isEnabled = (name: string): boolean => {
    let known = asked.get(name);
    if (known === undefined) asked.set(name, (known = enabled(name)));
    return known;
  };
  let at = exists;
  for (const row of instructions) memory[at++] = rowExists(row, isEnabled) ? 1 : 0;
  for (const row of compressed) memory[at++] = rowExists(row, isEnabled) ? 1 : 0;
  const { anywhere, byTarget } = encodingFlags;
  view.setUint32(shared.checkedFlags, enabled('zca') ? 0 : anywhere | byTarget, true);
}
