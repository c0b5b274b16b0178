/** The interpreter generated from the instruction rows, compiled on first use. */
import bytes from '#generated/interpreter-rv64.wasm';

let module: WebAssembly.Module | undefined;

export function interpreterModule(): WebAssembly.Module {
  module ??= new WebAssembly.Module(bytes);
  return module;
}
