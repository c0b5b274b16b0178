/**
 * The program of the thread that owns a machine, in Node's worker threads. A browser's worker
 * would give `serveMachine` its own port and clock. Nothing else of the project runs here.
 */
import { parentPort } from 'node:worker_threads';
import { defined } from '../core/base/assert.ts';
import { createMachine } from '../core/registry.ts';
import { handlersOf } from '../handlers/attach.ts';
import { serveMachine } from './machineServer.ts';
import { nodeRunHost, portOfParent } from './nodePort.ts';

const parent = defined(parentPort ?? undefined, 'parent port');
serveMachine(
  portOfParent(parent),
  async (config, files) => {
    const withHandlers = await handlersOf(config);
    return (again) => {
      const machine = createMachine(config, files, { now: () => performance.now() });
      return withHandlers(machine, again);
    };
  },
  nodeRunHost,
);
