/**
 * What a debugger costs a guest that does not meet it: debugger.S runs plain and with something set,
 * in turns in this process, warm; prints a line of JSON for each. `debugger.mjs` builds and bundles.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Tracer, parseTrace } from '../../../src/cli/trace.ts';
import { ElfFile } from '../../../src/core/formats/elf/elf.ts';
import type { Machine, MachineStop } from '../../../src/core/machine/machine.ts';
import { parseLaunchConfig } from '../../../src/core/machine/parseLaunchConfig.ts';
import { createMachine } from '../../../src/core/registry.ts';

const [folder = '', engine = 'auto'] = process.argv.slice(2);
/**
 * Pairs of machines, one plain and one with something set: the host's compiler puts the code of each
 * elsewhere, and where it lies changes its speed more than what is measured. Turns that count of a
 * pair, after as many that warm it up; instructions of a turn.
 */
const pairs = 7;
const turns = 5;
const budget = engine === 'interpreter' ? 20_000_000 : 100_000_000;

interface Case {
  readonly name: string;
  readonly mode: 'machine' | 'guest';
  /** Sets up what is to be measured; the result runs the machine in place of its own `run`. */
  readonly set: (machine: Machine, symbol: (name: string) => bigint) => Run | undefined;
}
type Run = (budget: number) => MachineStop;

const cases: readonly Case[] = [
  {
    name: '50 breakpoints elsewhere',
    mode: 'machine',
    set: ({ harts }, symbol) => {
      const cold = symbol('cold');
      harts[0]!.setBreakpoints(Array.from({ length: 50 }, (_, i) => cold + BigInt(i * 4)));
      return undefined;
    },
  },
  {
    // Its condition is asked each time that the guest comes by, and does not hold.
    name: 'conditional breakpoint',
    mode: 'machine',
    set: (machine, symbol) => {
      const cpu = machine.harts[0]!;
      cpu.setBreakpoints([symbol('round')]);
      return (wanted) => {
        const end = machine.instructions + wanted;
        for (;;) {
          const stop = machine.run(end - machine.instructions);
          if (stop.kind !== 'breakpoint' || cpu.readRegister('s0') === 0xffff_ffffn) return stop;
          cpu.skipBreakpointOnce();
        }
      };
    },
  },
  {
    name: 'exits traced to a file',
    mode: 'guest',
    set: (machine) => {
      const tracer = new Tracer(parseTrace('exits'), path.join(folder, 'trace.txt'));
      return (wanted) => tracer.run(machine, wanted);
    },
  },
  {
    name: 'watchpoint on a cold page',
    mode: 'machine',
    set: ({ harts }, symbol) => {
      harts[0]!.setWatchpoints([{ address: symbol('cold_data') + 2048n, size: 8, access: 'both' }]);
      return undefined;
    },
  },
];

for (const each of cases) {
  const program = path.join(folder, `${each.mode}.elf`);
  const bytes = readFileSync(program);
  const config = parseLaunchConfig({ program, mode: each.mode, engine, memory: '64M' });
  const make = (): Machine => createMachine(config, new Map([[program, bytes]]));
  const symbols = new Map(new ElfFile(bytes, program).symbols.map((s) => [s.name, s.value]));
  const ratios = Array.from({ length: pairs }, () => {
    const plain = make();
    const debugged = make();
    const own = each.set(debugged, (name) => symbols.get(name)!);
    return speedOf([(n) => plain.run(n), own ?? ((n) => debugged.run(n))]);
  });
  ratios.sort((a, b) => a - b);
  console.log(JSON.stringify({ name: each.name, ratio: ratios[pairs >> 1] }));
}

/** Of the second side beside the first. What disturbs a turn makes it longer, so the shortest count. */
function speedOf(sides: readonly [Run, Run]): number {
  const shortest = [Infinity, Infinity];
  for (let turn = 0; turn < 2 * turns; turn++) {
    sides.forEach((run, side) => {
      const time = timeOf(run);
      if (turn >= turns) shortest[side] = Math.min(shortest[side]!, time);
    });
  }
  return shortest[0]! / shortest[1]!;
}

/** Microseconds of processor time, of all threads. */
function timeOf(run: Run): number {
  const before = process.cpuUsage();
  const stop = run(budget);
  const { user, system } = process.cpuUsage(before);
  if (stop.kind !== 'budget') throw new Error(`stopped: ${JSON.stringify(stop)}`);
  return user + system;
}
