/** The channel's port over Node's worker threads, from either side, and the loop's clock in Node. */
import type { MessagePort, Worker } from 'node:worker_threads';
import type { RunHost } from '../core/debug/runControl.ts';
import type { Port } from './port.ts';

/** The side inside a worker. */
export function portOfParent(parent: MessagePort): Port {
  return {
    post: (message) => parent.postMessage(message),
    onMessage: (listener) => void parent.on('message', listener),
    onClose: (listener) => void parent.on('close', () => listener()),
  };
}

/** The side of a worker's owner. */
export function portOfWorker(worker: Worker): Port {
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => void worker.on('message', listener),
    onClose(listener) {
      worker.on('error', (error) => listener(asError(error)));
      worker.on('exit', () => listener());
    },
  };
}

export const nodeRunHost: RunHost = {
  now: () => performance.now(),
  yieldToHost: () => new Promise((resolve) => setImmediate(resolve)),
  delay: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
