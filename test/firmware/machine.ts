/**
 * Drives our machine through a console script, in slices of a fixed number of instructions, so
 * that what is typed arrives at the same instruction in every run.
 */
import { createMachine } from '../../src/core/registry.ts';
import type { EndEvent } from '../../src/core/debug/target.ts';
import type { LaunchConfig, LaunchFiles } from '../../src/core/machine/launchConfig.ts';
import type { Machine } from '../../src/core/machine/machine.ts';
import { readFileSync } from 'node:fs';
import { testEngine } from '../engine.ts';
import { ScriptRunner, type Step } from './script.ts';

const sliceInstructions = 50_000;

export interface MachineRun {
  readonly transcript: string;
  readonly end: EndEvent;
  readonly instructions: number;
  /** Instructions retired, and the time CSR, when each step of the script was met. */
  readonly marks: readonly { readonly instructions: number; readonly time: bigint }[];
  readonly log: readonly string[];
  readonly machine: Machine;
}

export type Launch = Pick<LaunchConfig, 'program' | 'mode'> & Partial<LaunchConfig>;

/** A machine with the defaults of launch.json, its files read from where their names say. */
export function makeMachine(launch: Launch): Machine {
  const config: LaunchConfig = {
    board: 'virt',
    isa: '',
    harts: 1,
    memory: 256 << 20,
    loadFiles: [],
    calls: [],
    engine: testEngine,
    time: 'virtual',
    ...launch,
  };
  const names = [config.program, config.firmware, config.initrd, config.dtb];
  const files: LaunchFiles = new Map(
    names
      .filter((name) => name !== undefined)
      .map((name) => [name, new Uint8Array(readFileSync(name))]),
  );
  return createMachine(config, files);
}

/** Runs to the machine's end; throws when the script is stuck or `limit` instructions are used. */
export function runMachine(launch: Launch, script: readonly Step[], limit = 6e9): MachineRun {
  const machine = makeMachine(launch);
  const runner = new ScriptRunner(script);
  const marks: { instructions: number; time: bigint }[] = [];
  const log: string[] = [];
  machine.log.on((line) => log.push(line));

  let replies: { readonly console: number; readonly text: string }[] = [];
  machine.consoles.forEach((console, index) =>
    console.output.on((bytes) => {
      const { send, met } = runner.output(bytes);
      for (let i = 0; i < met; i++) {
        marks.push({ instructions: machine.instructions, time: timeOf(machine) });
      }
      if (send !== '') replies.push({ console: index, text: send });
    }),
  );

  while (machine.instructions < limit) {
    const stop = machine.run(sliceInstructions);
    for (const console of machine.consoles) console.flush();
    if (stop.kind === 'ended') {
      if (!runner.finished) throw new Error(failure(`ended (${stop.end.text})`, runner, log));
      const { instructions } = machine;
      return { transcript: runner.text, end: stop.end, instructions, marks, log, machine };
    }
    if (stop.kind === 'event') throw new Error(failure(`${stop.name}: ${stop.text}`, runner, log));
    if (stop.kind === 'idle' && replies.length === 0) {
      throw new Error(failure('waits, and nothing will wake it', runner, log));
    }
    for (const reply of replies) {
      machine.consoles[reply.console]?.feed(Buffer.from(reply.text, 'latin1'));
    }
    replies = [];
  }
  throw new Error(failure(`used ${limit} instructions`, runner, log));
}

/** The device tree that the machine hands to its first program: what a1 points to. */
export function deviceTreeOf(machine: Machine): Uint8Array {
  const hart = machine.harts[0];
  if (!hart) throw new Error('a machine without harts');
  // The reset vector takes a few instructions until it has put the address into a1.
  for (let step = 0; step < 20; step++) {
    const address = Number(hart.readRegister('a1') ?? 0n);
    const header = machine.memory.view8(address, 8);
    if (header && Buffer.from(header).readUInt32BE(0) === 0xd00dfeed) {
      const tree = machine.memory.view8(address, Buffer.from(header).readUInt32BE(4));
      if (tree) return tree.slice();
    }
    machine.run(1);
  }
  throw new Error('a1 does not point to a device tree after 20 instructions');
}

function timeOf(machine: Machine): bigint {
  const time = machine.harts[0]?.readRegister('time');
  if (time === undefined) throw new Error('the hart has no register `time`');
  return time;
}

function failure(what: string, runner: ScriptRunner, log: readonly string[]): string {
  const said = log.length > 0 ? `\nlog:\n${log.slice(-10).join('\n')}` : '';
  return `the machine ${what} at ${runner.waitingFor}${said}\n${runner.text.slice(-2000)}`;
}
