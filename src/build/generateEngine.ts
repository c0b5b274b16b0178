/** Makes the engine's WebAssembly modules from the instruction rows; run by the build. */
import { generateInterpreter } from '../core/engine/interpreterGenerator.ts';
import { engineRows } from '../core/isa/riscv/engineRows.ts';

/** File name in dist/generated → content. */
export function generate(): Record<string, Uint8Array> {
  return { 'interpreter-rv64.wasm': generateInterpreter(engineRows) };
}
