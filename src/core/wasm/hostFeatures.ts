/**
 * What the host's WebAssembly has beyond version 2.0 of the specification, found out by asking it to
 * validate a small module of each kind, and never by its name or version. Translated code uses fused
 * multiply-add where it is there, and does without elsewhere; the others are told to users only
 * (`trapline --version`, `--json`). Branch hints cannot be asked for: a host that does not know them
 * ignores their section. Node 24 has them behind a flag, and with it hints at ways out of regions
 * made no kernel of the bench faster, so none are written.
 */
import { i32, local } from './expression.ts';
import { FunctionBuilder } from './functionBuilder.ts';
import { fusesMultiplyAdd, usesSimd } from './fusedMultiplyAdd.ts';
import { ModuleBuilder } from './moduleBuilder.ts';
import { op } from './opcodes.ts';

export interface HostFeatures {
  /** `return_call`. */
  readonly tailCalls: boolean;
  readonly simd: boolean;
  /** `f64x2.relaxed_madd` of relaxed SIMD, which rounds once here. */
  readonly fusedMultiplyAdd: boolean;
  /** Memories with addresses of 64 bits. */
  readonly memory64: boolean;
}

export function probeHostFeatures(): HostFeatures {
  return {
    tailCalls: validates(returnCall()),
    simd: usesSimd(),
    fusedMultiplyAdd: fusesMultiplyAdd(),
    memory64: validates(wideMemory),
  };
}

const validates = (bytes: Uint8Array): boolean =>
  WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>);

/** A function that calls itself in tail position. */
function returnCall(): Uint8Array {
  const f = new FunctionBuilder(['i32'], ['i32']);
  local('i32', 0).emit(f);
  f.code.byte(op.returnCall).unsigned(0);
  f.return(i32(0));
  const module = new ModuleBuilder();
  module.addFunction(f, 'run');
  return module.build();
}

/** Memory section with one memory of one page: flag 4 of its limits says 64 bits. */
const wideMemory = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 4, 1);
