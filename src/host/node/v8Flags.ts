/**
 * V8's settings, which are those of the whole process. Bundles in it do not share modules, so they
 * hear of a change as of an event of the process.
 */
import type { EventEmitter } from 'node:events';
import { setFlagsFromString } from 'node:v8';

const change = 'traplineFlags';
let isChanged = false;

/** WebAssembly that is called for the first time is compiled as well as V8 can from now on. */
export function optimizeAtOnce(): void {
  if (isChanged) return;
  isChanged = true;
  (process as EventEmitter).emit(change);
  setFlagsFromString('--no-liftoff');
}

export function onceBeforeFlagsChange(listener: () => void): void {
  (process as EventEmitter).once(change, listener);
}
