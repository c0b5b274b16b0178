/** A target on a guest that can be compared, whole, at any place, and driven from stop to stop. */
import { readFileSync } from 'node:fs';
import { LocalTarget } from '../../../../src/core/debug/localTarget.ts';
import type { EndEvent, ResumeRequest, StopEvent } from '../../../../src/core/debug/target.ts';
import type { Machine } from '../../../../src/core/machine/machine.ts';
import { parseLaunchConfig } from '../../../../src/core/machine/parseLaunchConfig.ts';
import { ElfFile } from '../../../../src/core/formats/elf/elf.ts';
import { nodeRunHost } from '../../../../src/worker/nodePort.ts';
import { machineOnTestEngine } from '../../../engine.ts';
import { wholeState, type WholeState } from '../../machine/wholeState.ts';

export interface Rig {
  readonly target: LocalTarget;
  readonly machine: () => Machine;
  readonly log: string[];
  output(): string;
  state(): WholeState;
  resume(request: ResumeRequest): Promise<StopEvent | EndEvent>;
  next(): Promise<StopEvent | EndEvent>;
}

export interface RigOptions {
  readonly pace?: 'never' | 'waits';
  /** Without it, the only saved state is a machine made anew. */
  readonly snapshots?: boolean;
  readonly prepare?: (machine: Machine, again: boolean) => void;
  /** The program, when it is no file. */
  readonly bytes?: Uint8Array;
}

export function rig(
  launch: Readonly<Record<string, unknown>> & { readonly program: string },
  options: RigOptions = {},
): Rig {
  const config = parseLaunchConfig({ memory: '4M', ...launch });
  const bytes = options.bytes ?? new Uint8Array(readFileSync(launch.program));
  const files = new Map([[launch.program, bytes]]);
  let machine!: Machine;
  const make = (again = false) => {
    machine = machineOnTestEngine(config, files);
    if (options.snapshots === false) Object.assign(machine, { snapshots: undefined });
    options.prepare?.(machine, again);
    return machine;
  };
  const target = new LocalTarget(make, nodeRunHost, { pace: options.pace ?? 'never' });
  let text = '';
  const log: string[] = [];
  target.onConsole(({ bytes }) => (text += Buffer.from(bytes).toString('latin1')));
  target.onLog((line) => log.push(line));
  const next = () =>
    new Promise<StopEvent | EndEvent>((resolve) => {
      const off = [target.onStop(settle), target.onEnd(settle)];
      function settle(event: StopEvent | EndEvent) {
        for (const unsubscribe of off) unsubscribe();
        resolve(event);
      }
    });
  return {
    target,
    machine: () => machine,
    log,
    output: () => text,
    // Of two in lockstep, which compare themselves, one.
    state: () => withoutMisses(wholeState((machine as { first?: Machine }).first ?? machine)),
    next,
    async resume(request) {
      const event = next();
      await target.resume(request);
      return event;
    },
  };
}

/**
 * A machine that was put back begins with empty TLBs, which only these counts tell; and how often
 * somebody looked at the time counts the engines' comparison in lockstep, too.
 */
function withoutMisses(state: WholeState): WholeState {
  const isCount = (name: string) => /\.(counters\.tallies|clock\.looks)$/.test(name);
  return new Map([...state].filter(([name]) => !isCount(name)));
}

export const stepOne = (hart = 0): ResumeRequest => ({ kind: 'stepInstruction', hart });
export const backOne = (hart = 0): ResumeRequest => ({ kind: 'reverseStep', hart, over: false });
export const back: ResumeRequest = { kind: 'reverseContinue' };
export const go: ResumeRequest = { kind: 'continue' };

/** Where a function of a program begins. */
export function addressOf(program: string, name: string): bigint {
  const { symbols } = new ElfFile(new Uint8Array(readFileSync(program)), program);
  const found = symbols.find((symbol) => symbol.name === name);
  if (!found) throw new Error(`${program} has no ${name}`);
  return found.value;
}
