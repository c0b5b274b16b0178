/** Makes the engine's WebAssembly modules from the instruction rows; run by the build. */
import { generateInterpreter } from '../core/engine/interpreterGenerator.ts';
import { encodingTables } from '../core/isa/riscv/encodingTables.ts';
import { engineTables } from '../core/isa/riscv/engineRows.ts';

/** File name in dist/generated → content. */
export function generate(): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (const xlen of [32, 64] as const) {
    const { handlers } = engineTables(xlen);
    const encodings = encodingTables(xlen);
    files[`encodings-rv${xlen}.bin`] = encodings.bytes;
    files[`interpreter-rv${xlen}.wasm`] = generateInterpreter(handlers, xlen, encodings);
    files[`interpreter-rv${xlen}-tiered.wasm`] = generateInterpreter(
      handlers,
      xlen,
      encodings,
      true,
    );
  }
  return files;
}
