/** Starts the thread that owns a machine, and ends it. */
import { Worker } from 'node:worker_threads';
import type { DebugTarget } from '../../core/debug/target.ts';
import type { LaunchConfig, LaunchFiles } from '../../core/machine/launchConfig.ts';
import { connectMachine } from '../../worker/client.ts';
import { portOfWorker } from '../../worker/nodePort.ts';
import type { CreateOptions } from '../../worker/targetMethods.ts';

/**
 * MiB of the thread's JavaScript heap; guest RAM and translated code are outside it. The limit is far
 * above what the thread needs, and V8 collects earlier where it is lower: at its own limit half of
 * the heap is garbage of the translator.
 */
const heapLimit = 512;
/** Likewise of new objects: most live no longer than a region is being translated. */
const youngLimit = 16;

export interface MachineThread {
  readonly target: DebugTarget;
  /** Disposes the target and ends the thread. */
  end(): Promise<void>;
}

/** `script` is the bundle of `worker/machineWorker.ts`. */
export async function startMachineThread(
  script: string,
  config: LaunchConfig,
  files: LaunchFiles,
  options: CreateOptions,
): Promise<MachineThread> {
  // Flags of the process are not all allowed in a worker, so it starts without them.
  const worker = new Worker(script, {
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: youngLimit, maxOldGenerationSizeMb: heapLimit },
  });
  try {
    const target = await connectMachine(portOfWorker(worker), config, files, options);
    return {
      target,
      async end() {
        await target.dispose().catch(() => undefined);
        await worker.terminate();
      },
    };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}
