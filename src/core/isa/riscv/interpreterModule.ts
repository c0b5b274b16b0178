/** The interpreters generated from the instruction rows, each compiled on first use. */
import bytes32 from '#generated/interpreter-rv32.wasm';
import bytes64 from '#generated/interpreter-rv64.wasm';
import type { RegisterWidth } from '../../engine/semantics.ts';

const bytes = { 32: bytes32, 64: bytes64 } as const;
const modules = new Map<RegisterWidth, WebAssembly.Module>();

export function interpreterModule(xlen: RegisterWidth): WebAssembly.Module {
  let module = modules.get(xlen);
  if (!module) modules.set(xlen, (module = new WebAssembly.Module(bytes[xlen])));
  return module;
}
