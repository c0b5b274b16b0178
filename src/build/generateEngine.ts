/** Makes the engine's WebAssembly modules from the instruction rows; run by the build. */
import { generateInterpreter } from '../core/engine/interpreterGenerator.ts';
import { engineTables } from '../core/isa/riscv/engineRows.ts';

/** File name in dist/generated → content. */
export function generate(): Record<string, Uint8Array> {
  return {
    'interpreter-rv32.wasm': generateInterpreter(engineTables(32).rows, 32),
    'interpreter-rv32-tiered.wasm': generateInterpreter(engineTables(32).rows, 32, true),
    'interpreter-rv64.wasm': generateInterpreter(engineTables(64).rows, 64),
    'interpreter-rv64-tiered.wasm': generateInterpreter(engineTables(64).rows, 64, true),
  };
}
