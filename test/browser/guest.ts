/** Runs a guest on the core alone, so that the same can be done in any host and compared. */
import { parseLaunchConfig } from '../../src/core/machine/parseLaunchConfig.ts';
import { createMachine } from '../../src/core/registry.ts';
import { probeHostFeatures } from '../../src/core/wasm/hostFeatures.ts';

export interface Guest {
  /** Attributes as in launch.json; of files, `program` alone. */
  readonly launch: Readonly<Record<string, unknown>> & { readonly program: string };
  readonly bytes: Uint8Array;
  /** What its first console is fed. */
  readonly input: string;
}

export interface Ran {
  readonly console: readonly number[];
  readonly instructions: number;
  readonly end: string;
  readonly exits: Readonly<Record<string, number>>;
  /** Of the translator, as far as every host must have the same. */
  readonly regions: number;
  readonly features: Readonly<Record<string, boolean>>;
}

const slice = 1_000_000;

export function runGuest({ launch, bytes, input }: Guest): Ran {
  const machine = createMachine(parseLaunchConfig(launch), new Map([[launch.program, bytes]]));
  const console: number[] = [];
  for (const channel of machine.consoles) channel.output.on((sent) => console.push(...sent));
  machine.consoles[0]!.feed(new TextEncoder().encode(input));
  for (;;) {
    const stop = machine.run(slice);
    if (stop.kind === 'budget') continue;
    if (stop.kind !== 'ended') throw new Error(`stopped: ${stop.kind}`);
    return {
      console,
      instructions: machine.instructions,
      end: `${stop.end.reason} ${stop.end.code}`,
      exits: machine.exitCounts,
      regions: machine.engineCounters?.()['regions'] ?? 0,
      features: { ...probeHostFeatures() },
    };
  }
}
