/** The interpreters generated from the instruction rows, each compiled on first use. */
import bytes32 from '#generated/interpreter-rv32.wasm';
import tieredBytes32 from '#generated/interpreter-rv32-tiered.wasm';
import bytes64 from '#generated/interpreter-rv64.wasm';
import tieredBytes64 from '#generated/interpreter-rv64-tiered.wasm';
import type { RegisterWidth } from '../../engine/semantics.ts';

const bytes = {
  plain: { 32: bytes32, 64: bytes64 },
  tiered: { 32: tieredBytes32, 64: tieredBytes64 },
} as const;
const modules = new Map<string, WebAssembly.Module>();

/** The plain one, or the one that works with the translator. */
export function interpreterModule(
  xlen: RegisterWidth,
  kind: 'plain' | 'tiered' = 'plain',
): WebAssembly.Module {
  const key = `${kind} ${xlen}`;
  let module = modules.get(key);
  if (!module) modules.set(key, (module = new WebAssembly.Module(bytes[kind][xlen])));
  return module;
}
