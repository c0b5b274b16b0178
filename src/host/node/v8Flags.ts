/**
 * V8's settings, which are those of the whole process. Bundles in it do not share modules, so they
 * hear of a change as of an event of the process.
 */
import type { EventEmitter } from 'node:events';
import { setFlagsFromString } from 'node:v8';

const change = 'traplineFlags';
let isChanged = false;

/** WebAssembly is checked when it is called for the first time, and compiled as well as V8 can, from now on. */
export function optimizeAtOnce(): void {
  if (isChanged) return;
  isChanged = true;
  (process as EventEmitter).emit(change);
  setFlagsFromString('--no-liftoff');
  setFlagsFromString('--wasm-lazy-validation');
}

/**
 * For a program that is soon over: V8 makes no code of JavaScript that is quick to make and slow to
 * run. It does so for whatever was called a few times, on threads of its own, and most is not called
 * again; what is called often is optimized anyhow. To be said before anything is compiled.
 */
export function compileLittle(): void {
  setFlagsFromString('--no-sparkplug');
}

export function onceBeforeFlagsChange(listener: () => void): void {
  (process as EventEmitter).once(change, listener);
}

/**
 * Runs the body of a function of `a` and `b` that calls V8's own functions, and gives what it does;
 * undefined where this V8 has no such function, or the process may not make code of strings.
 */
export function withNatives(body: string, a: unknown, b?: unknown): unknown {
  setFlagsFromString('--allow-natives-syntax');
  try {
    return (new Function('a', 'b', body) as (a: unknown, b: unknown) => unknown)(a, b);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof EvalError) return undefined;
    throw error;
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
}
