/**
 * Counters and the events they count (privileged manual, hardware performance monitor; Sscofpmf,
 * Smcntrpmf). Events are tallied by the mode they happen in, always; a counter is the tallies it
 * looks at, and a number added to them. So counting costs nothing where nobody counts.
 */
import { largeCount } from '../../../base/largeCount.ts';
import { big, fields, list, mustFit, numbers, whole, within } from '../../../base/persist.ts';
import type { HartState } from '../hartState.ts';
import { CSR } from './numbers.ts';

/** Index of a tally. Instructions are not tallied one by one: the hart knows how many retired. */
export const event = {
  instructions: 0,
  loadMiss: 1,
  storeMiss: 2,
  fetchMiss: 3,
  exception: 4,
  interrupt: 5,
  pageFault: 6,
  guestPageFault: 7,
  environmentCall: 8,
  illegalInstruction: 9,
  guestExit: 10,
  fence: 11,
} as const;
export type CountedEvent = (typeof event)[keyof typeof event];

export interface CountersState {
  readonly tallies: Float64Array;
  readonly mode: number;
  readonly enteredAt: number;
  readonly selected: Int8Array;
  readonly counted: Uint8Array;
  readonly added: readonly bigint[];
  readonly watched: number;
}

const kinds = Object.keys(event).length;

/**
 * What mhpmevent can select. The first are those of QEMU's `virt` machine, whose codes are the
 * SBI's; the others are Trapline's own.
 */
export const selectableEvents: readonly (readonly [
  code: number,
  event: CountedEvent,
  name: string,
])[] = [
  [0x1, event.instructions, 'cycles'],
  [0x2, event.instructions, 'instructions'],
  [0x10019, event.loadMiss, 'data TLB misses of loads'],
  [0x1001b, event.storeMiss, 'data TLB misses of stores'],
  [0x10021, event.fetchMiss, 'instruction TLB misses'],
  [0x20001, event.exception, 'exceptions'],
  [0x20002, event.interrupt, 'interrupts'],
  [0x20003, event.pageFault, 'page faults'],
  [0x20004, event.guestPageFault, 'guest-page faults'],
  [0x20005, event.environmentCall, 'environment calls'],
  [0x20006, event.illegalInstruction, 'illegal and virtual instructions'],
  [0x20007, event.guestExit, 'traps out of a guest'],
  [0x20008, event.fence, 'fences of translations'],
];

const eventByCode = new Map(selectableEvents.map(([code, selected]) => [code, selected]));

/** Events of accesses that the TLB did not serve. */
export const missEvent = {
  fetch: event.fetchMiss,
  load: event.loadMiss,
  store: event.storeMiss,
} as const;

/** MINH, SINH, UINH, VSINH, VUINH from bit 62 downwards, in the order of the modes here. */
const modes = 5;
const allModes = (1 << modes) - 1;
const counters = 32;
const [cycle, instret] = [0, 2];
const shape = fields({
  tallies: numbers(Float64Array, kinds * modes),
  ...{ mode: within(0, modes - 1), enteredAt: whole, watched: whole },
  ...{ selected: numbers(Int8Array, counters), counted: numbers(Uint8Array, counters) },
  added: list(big, counters),
});
const OF = 1 << 31;
const LCOFI = 1 << 13;

export class Counters {
  private readonly state: HartState;
  private readonly retired: () => number;
  private readonly filters: boolean;
  private readonly overflows: boolean;
  /** By event and mode; of instructions without those since `enteredAt`. */
  private readonly tallies = new Float64Array(kinds * modes);
  private mode = 0;
  private enteredAt = largeCount;
  /** By counter: what it counts, -1 for nothing, and in which modes. */
  private readonly selected = new Int8Array(counters).fill(-1);
  private readonly counted = new Uint8Array(counters);
  /** By counter: its value is this and the tallies it looks at. */
  private readonly added: bigint[] = Array<bigint>(counters).fill(0n);
  /** A bit for each event that a counter counts whose overflow would be told. */
  private watched = 0;

  constructor(state: HartState, retired: () => number, has: (extension: string) => boolean) {
    this.enteredAt = 0;
    this.state = state;
    this.retired = retired;
    this.filters = has('smcntrpmf');
    this.overflows = has('sscofpmf');
  }

  /** All counters 0 but those of instructions, which go on. */
  reset(): void {
    this.tallies.fill(0);
    this.mode = 0;
    this.enteredAt = 0;
    this.added.fill(0n);
    this.selected.fill(-1);
    this.counted.fill(0);
    this.configure();
  }

  save(): CountersState {
    const { mode, enteredAt, watched } = this;
    const [tallies, selected, counted] = [this.tallies, this.selected, this.counted];
    const copies = {
      tallies: tallies.slice(),
      selected: selected.slice(),
      counted: counted.slice(),
    };
    return { mode, enteredAt, watched, ...copies, added: [...this.added] };
  }

  checkState(name: string, state: CountersState): void {
    mustFit(`the counters of ${name}`, state, shape);
  }

  /** Of a state that fits. */
  restore(state: CountersState): void {
    this.tallies.set(state.tallies);
    this.selected.set(state.selected);
    this.counted.set(state.counted);
    state.added.forEach((value, counter) => (this.added[counter] = value));
    this.mode = state.mode;
    this.enteredAt = state.enteredAt;
    this.watched = state.watched;
  }

  /** An event of the mode that the hart is in. */
  count(happened: CountedEvent): void {
    // While nobody counts these, translated loads go past the TLB: how often is the engine's affair.
    if (happened === event.loadMiss && !this.counts(happened)) return;
    this.tallies[happened * modes + this.mode]!++;
    if (this.watched & (1 << happened)) this.noticeOverflows(happened);
  }

  /** `finished`: the instruction that changes the mode is going to retire, in the mode it leaves. */
  enterMode(privilege: number, virtualized: boolean, finished: boolean): void {
    const now = this.retired() + (finished ? 1 : 0);
    this.tallies[event.instructions * modes + this.mode]! += now - this.enteredAt;
    this.enteredAt = now;
    this.mode = privilege === 3 ? 0 : (virtualized ? 4 : 2) - privilege;
  }

  value(counter: number): bigint {
    const added = this.added[counter]!;
    const sum = BigInt(this.sum(counter));
    // Few counters are ever written.
    return added === 0n ? sum : BigInt.asUintN(64, added + sum);
  }

  /** The same as a number, or -1 where that would not be exact. */
  number(counter: number): number {
    return this.added[counter] === 0n ? this.sum(counter) : -1;
  }

  /**
   * `retiring`: an instruction writes, which is not counted itself: "the written value takes effect
   * after the writing instruction otherwise completes".
   */
  setValue(counter: number, value: bigint, retiring: boolean): void {
    const itself = retiring && this.countsNow(counter) ? 1n : 0n;
    this.added[counter] = value - BigInt(this.sum(counter)) - itself;
  }

  /** Takes over what mcountinhibit, the event selectors and filters say now; no value changes. */
  configure(): void {
    const values = this.added.map((_, counter) => this.value(counter));
    const inhibited = this.state.low(CSR.mcountinhibit);
    this.watched = 0;
    for (let counter = 0; counter < counters; counter++) {
      const on = ((inhibited >>> counter) & 1) === 0;
      const selected = on ? this.eventOf(counter) : undefined;
      this.selected[counter] = selected ?? -1;
      this.counted[counter] = this.modesOf(counter);
      this.added[counter] = values[counter]! - BigInt(this.sum(counter));
      if (selected !== undefined && this.armed(counter)) this.watched |= 1 << selected;
    }
  }

  /** Some event may make a counter overflow, which interrupts. */
  get watching(): boolean {
    return this.watched !== 0;
  }

  /** Whether some counter does. */
  counts(what: CountedEvent): boolean {
    return this.selected.includes(what);
  }

  /** Instructions after which a counter overflows that software wants to hear of. */
  untilOverflow(): number {
    if (!(this.watched & (1 << event.instructions))) return Infinity;
    let least = Infinity;
    for (let counter = 3; counter < counters; counter++) {
      if (this.selected[counter] !== event.instructions || !this.armed(counter)) continue;
      if (!this.countsNow(counter)) continue;
      least = Math.min(least, Number((1n << 64n) - this.value(counter)));
    }
    return least;
  }

  /** Instructions have retired: some of their counters may have gone past their end. */
  noticeInstructions(): void {
    if (this.watched & (1 << event.instructions)) this.noticeOverflows(event.instructions);
  }

  /** OF of all event counters, as scountovf has them. */
  overflowed(): number {
    let bits = 0;
    for (let counter = 3; counter < counters; counter++) {
      if (this.state.high(selectorOf(counter)) & OF) bits |= 1 << counter;
    }
    return bits >>> 0;
  }

  private noticeOverflows(happened: CountedEvent): void {
    for (let counter = 3; counter < counters; counter++) {
      if (this.selected[counter] !== happened || !this.armed(counter)) continue;
      if (this.added[counter]! + BigInt(this.sum(counter)) < 1n << 64n) continue;
      const selector = selectorOf(counter);
      this.state.setHigh(selector, this.state.high(selector) | OF);
      this.state.setLow(CSR.mip, this.state.low(CSR.mip) | LCOFI);
      this.configure();
    }
  }

  /** "If an hpmcounter overflows while the associated OF bit is zero" it interrupts. */
  private armed(counter: number): boolean {
    return this.overflows && counter >= 3 && (this.state.high(selectorOf(counter)) & OF) === 0;
  }

  private countsNow(counter: number): boolean {
    if (this.selected[counter] !== event.instructions) return false;
    return ((this.counted[counter]! >>> this.mode) & 1) === 1;
  }

  private sum(counter: number): number {
    const selected = this.selected[counter]!;
    if (selected < 0) return 0;
    let sum = this.countsNow(counter) ? this.retired() - this.enteredAt : 0;
    for (let mode = 0; mode < modes; mode++) {
      if ((this.counted[counter]! >>> mode) & 1) sum += this.tallies[selected * modes + mode]!;
    }
    return sum;
  }

  private eventOf(counter: number): CountedEvent | undefined {
    if (counter === cycle || counter === instret) return event.instructions;
    return eventByCode.get(this.state.low(selectorOf(counter)));
  }

  private modesOf(counter: number): number {
    const filtered = counter < 3 ? this.filters : this.overflows;
    if (!filtered) return allModes;
    const inhibit = (this.state.high(selectorOf(counter)) >>> (31 - modes)) & allModes;
    let counted = 0;
    for (let mode = 0; mode < modes; mode++) {
      if (!((inhibit >>> (modes - 1 - mode)) & 1)) counted |= 1 << mode;
    }
    return counted;
  }
}

/** mcyclecfg, minstretcfg and mhpmevent3 to 31 are at mcountinhibit and the counter's number. */
const selectorOf = (counter: number): number =>
  counter < 3 ? (counter === cycle ? CSR.mcyclecfg : CSR.minstretcfg) : CSR.mcountinhibit + counter;
