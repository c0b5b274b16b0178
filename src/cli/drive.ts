/**
 * Runs a machine to its end: slices of so many instructions, and between them the world outside.
 * Slices are counted and not timed until all input that is there from the start has been delivered,
 * so that two runs with the same input are equal; and where somebody looks on, so that what he saw is.
 */
import { Bug } from '../core/base/assert.ts';
import { failedHandler } from '../core/machine/callDesk.ts';
import type { EndEvent } from '../core/debug/target.ts';
import type { Machine, MachineStop } from '../core/machine/machine.ts';
import { pacedTime, type Pace } from '../core/machine/waitedTime.ts';
import { milliseconds } from '../host/node/clock.ts';
import { exitCodes } from './command.ts';
import type { Consoles } from './console.ts';
import { SliceLength } from './sliceLength.ts';

export interface Onlooker {
  readonly longestSlice: number;
  run(machine: Machine, budget: number): MachineStop;
}

export interface DriveOptions {
  /** Instructions after which the guest is ended. */
  readonly maxInstructions: number | undefined;
  /** Seconds of host time. */
  readonly timeout: number | undefined;
  readonly pace: Pace;
  /** Runs the machine in the loop's place, to look on. */
  readonly onlooker: Onlooker | undefined;
  /** A line on standard error. */
  readonly say: (line: string) => void;
}

export interface Outcome {
  readonly end: EndEvent;
  /** Seconds spent in the machine. */
  readonly seconds: number;
}

/** The machine by itself. */
const unwatched: Pick<Onlooker, 'run'> = { run: (machine, budget) => machine.run(budget) };

/** A guest that has not written a word by then gets what was typed all the same. */
const patience = 1_000_000;
/** So many milliseconds after the last byte, nobody talks any more. */
const pauseInTalk = 100;
/** A guest may be ahead of the wall clock by so many milliseconds before the loop sleeps. */
const leadMilliseconds = 5;
/** One that is behind by more does not hurry to make good for it. */
const lagMilliseconds = 100;

export async function drive(
  machine: Machine,
  consoles: Consoles,
  options: DriveOptions,
): Promise<Outcome> {
  const slice = new SliceLength(options.onlooker?.longestSlice);
  const start = milliseconds();
  const deadline = options.timeout === undefined ? Infinity : start + options.timeout * 1000;
  const most = options.maxInstructions ?? Infinity;
  const waits = new Waits(deadline);
  const time = pacedTime(machine, options.pace);
  /** When the paced time was 0. */
  let origin = start;
  let busy = 0;
  let lastEvent = -1;
  const ended = (end: EndEvent): Outcome => ({ end, seconds: busy / 1000 });

  for (;;) {
    const began = milliseconds();
    const budget = Math.min(slice.instructions, most - machine.instructions);
    const stop = (options.onlooker ?? unwatched).run(machine, budget);
    const took = milliseconds() - began;
    busy += took;
    consoles.flush();
    const isCounted = machine.instructions <= patience || options.onlooker !== undefined;
    const talks = began - consoles.lastByte < pauseInTalk;
    if (isCounted) slice.grow();
    else slice.adapt(took, stop.kind === 'budget', talks);
    const settled = consoles.settled();
    if (settled) await waits.until(settled);
    switch (stop.kind) {
      case 'ended':
        return ended(stop.end);
      case 'breakpoint':
        throw new Bug('the machine stopped at a breakpoint that nobody set');
      case 'event':
        // Nobody is there to mend a handler.
        if (stop.name === failedHandler) return ended(crash(stop.text));
        options.say(stop.text);
        // An event that comes again without an instruction between is one nothing goes on from.
        if (lastEvent === machine.instructions) return ended(crash(stop.text));
        lastEvent = machine.instructions;
        break;
      case 'idle':
        if (!consoles.deliverToAnyone()) {
          if (consoles.inputEnded) return ended(crash(stuckText));
          await waits.until(consoles.untilInput());
        }
        break;
      case 'pending':
        await waits.until(stop.until);
        break;
      case 'budget':
        await waits.untilNextTurn();
        if (time) {
          const lead = origin + time() - milliseconds();
          if (lead < -lagMilliseconds) origin -= lead;
          await pace(lead, waits, consoles);
        }
        break;
    }
    if (machine.instructions > patience) consoles.deliverToAnyone();
    if (consoles.quit) return ended(quitByUser);
    if (machine.instructions >= most) return ended(limit(`${most} instructions`));
    if (milliseconds() > deadline) return ended(limit(`${options.timeout} seconds`));
  }
}

const stuckText = 'every hart waits, no timer is set and no input can come';

const quitByUser: EndEvent = { reason: 'killed', code: exitCodes.interrupted, text: 'quit' };

function crash(text: string): EndEvent {
  return { reason: 'crash', code: exitCodes.crash, text };
}

function limit(what: string): EndEvent {
  return { reason: 'limit', code: exitCodes.limit, text: `the limit of ${what} is reached` };
}

/** Sleeps that end early at the deadline. */
class Waits {
  private readonly deadline: number;

  constructor(deadline: number) {
    this.deadline = deadline;
  }

  untilNextTurn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async until(event: Promise<void>, longest = Infinity): Promise<void> {
    const limit = Math.min(longest, this.deadline - milliseconds() + 1);
    // Without any limit a timer is still needed: a promise alone does not keep the program alive.
    let timer: NodeJS.Timeout | undefined;
    const time = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, Math.min(limit, 1 << 30)));
    });
    await Promise.race([event, time]);
    clearTimeout(timer);
  }
}

async function pace(lead: number, waits: Waits, consoles: Consoles): Promise<void> {
  if (lead > leadMilliseconds) await waits.until(consoles.untilInput(), lead);
}
