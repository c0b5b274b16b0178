/**
 * Rates of what leaves fast code: runs each loop of exits.S in this process, warm, and prints a line
 * of JSON for each. `exits.mjs` builds the loops and bundles this.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { GuestMachine } from '../../../src/core/machine/guestMachine.ts';
import type { Machine } from '../../../src/core/machine/machine.ts';
import { parseLaunchConfig } from '../../../src/core/machine/parseLaunchConfig.ts';
import { createMachine } from '../../../src/core/registry.ts';
import { handlersOf } from '../../../src/handlers/attach.ts';

const memLogDirtyPages = 1;
const [folder = '', engine = 'auto', ...loops] = process.argv.slice(2);
/** Seconds of processor time. */
const warmUp = 0.5;
const measured = 1;
/** The pages that `guest_faults` touches, and instructions of a round. */
const faulting = { first: 0x82000, count: 0x2000, instructions: 0x2000 * 4 + 4 };

for (const loop of loops) {
  const program = path.join(folder, `${loop}.elf`);
  const mode = loop.startsWith('guest') ? 'guest' : 'machine';
  const handlers =
    loop === 'guest_sbi_handler' ? { handlers: path.resolve('test/bench/exits/handlers.ts') } : {};
  const config = parseLaunchConfig({ program, mode, engine, memory: '128M', ...handlers });
  const withHandlers = await handlersOf(config);
  const machine = withHandlers(createMachine(config, new Map([[program, readFileSync(program)]])));
  const isFaulting = loop === 'guest_faults' && machine instanceof GuestMachine;
  const run = isFaulting ? faultingRun(machine) : () => runSlice(machine, 1_000_000);
  const rounds = (): number =>
    isFaulting
      ? (machine.exitCounts['guest-page-fault'] ?? 0)
      : Number(machine.harts[0]!.readRegister('s0'));
  spend(run, warmUp);
  const before = { rounds: rounds(), instructions: machine.instructions };
  const seconds = spend(run, measured);
  const result = {
    loop,
    rate: (rounds() - before.rounds) / seconds,
    mips: (machine.instructions - before.instructions) / seconds / 1e6,
  };
  console.log(JSON.stringify(result));
}

/** Runs until so much processor time is used in `run`; the time. */
function spend(run: () => number, seconds: number): number {
  let used = 0;
  while (used < seconds * 1e6) used += run();
  return used / 1e6;
}

/** Microseconds of processor time, of all threads. */
function runSlice(machine: Machine, budget: number): number {
  const before = process.cpuUsage();
  const stop = machine.run(budget);
  const { user, system } = process.cpuUsage(before);
  if (stop.kind !== 'budget') throw new Error(`stopped: ${JSON.stringify(stop)}`);
  return user + system;
}

function faultingRun(machine: GuestMachine): () => number {
  const region = machine.vm.slots.find(faulting.first * 4096)!;
  // Pages are mapped one by one while stores are logged.
  machine.vm.setUserMemoryRegion({ ...region, flags: memLogDirtyPages });
  return () => {
    machine.vm.unmapGfnRange(faulting.first, faulting.count);
    return runSlice(machine, faulting.instructions);
  };
}
