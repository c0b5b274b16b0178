/**
 * The interpreter as V8's optimizing compiler made it in an earlier run. That takes some 30 ms, much
 * of a run of a second, and until it is done loops run at half their speed. Node has no way to keep
 * WebAssembly, but V8 has functions for its own tests that write and read it. They end the process
 * where there is nothing to write, so they are used only with the V8 they were tried with, and after
 * a look. Where they give nothing, V8 compiles as always.
 */
import { KeptFile } from './keptFile.ts';
import { onceBeforeFlagsChange, withNatives } from './v8Flags.ts';

/** That of Node 24. Those of Node 20 and 22 give nothing. */
const knownV8 = '13.6.';
/** A run that was shorter than that hardly had more compiled than what was kept. */
const settledSeconds = 1;

export class KeptInterpreter {
  /** Whether what was kept is used. */
  isUsed = false;

  /** Compiles a module, whose functions are all exported, or takes what was made of it before. */
  readonly compile = (bytes: Uint8Array): WebAssembly.Module => {
    const isKnown = process.versions.v8.startsWith(knownV8) && !process.versions['electron'];
    const file = isKnown ? KeptFile.of('interpreter', bytes) : undefined;
    const kept = file?.content && restore(file.content, bytes);
    this.isUsed = kept !== undefined;
    const module = kept ?? new WebAssembly.Module(bytes);
    if (file) keepLater(module, file, kept !== undefined);
    return module;
  };
}

function keepLater(module: WebAssembly.Module, file: KeptFile, isUsed: boolean): void {
  let isOver = false;
  const keep = (): void => {
    if (isOver) return;
    isOver = true;
    if (isUsed && process.uptime() < settledSeconds) return;
    const optimized = countOptimized(module);
    if (optimized > (isUsed ? file.extent : 0)) file.write(serialized(module), optimized);
  };
  process.once('exit', keep);
  // What is written after that V8 would refuse.
  onceBeforeFlagsChange(keep);
}

function restore(content: Buffer, bytes: Uint8Array): WebAssembly.Module | undefined {
  // V8 takes whole buffers.
  const { buffer } = Uint8Array.from(content);
  const found = withNatives('return %DeserializeWasmModule(a, b)', buffer, bytes);
  return found instanceof WebAssembly.Module ? found : undefined;
}

const serialized = (module: WebAssembly.Module): Uint8Array =>
  new Uint8Array(withNatives('return %SerializeWasmModule(a)', module) as ArrayBuffer);

/** Of a module's functions, how many V8 has optimized by now; none as long as `run` is not. */
function countOptimized(module: WebAssembly.Module): number {
  // None of them is called.
  const own: Readonly<Record<string, unknown>> = {
    memory: new WebAssembly.Memory({ initial: 1 }),
    table: new WebAssembly.Table({ initial: 1, element: 'anyfunc' }),
  };
  const host = new Proxy(own, { get: (_, name) => own[String(name)] ?? (() => 0) });
  const { exports } = new WebAssembly.Instance(module, { host });
  const { run, ...others } = exports;
  const count =
    'return %IsTurboFanFunction(a) && b.filter((f) => %IsTurboFanFunction(f)).length + 1';
  return Number(withNatives(count, run, Object.values(others)) ?? 0);
}
