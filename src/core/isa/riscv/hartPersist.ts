/**
 * The saved state of a hart: what hardware would have in it, translations too, since software may
 * rely on them until its next fence; what can be told of its counters; and where the debugger let it
 * through once. Records and regions are not part of it: they are made again from memory.
 */
import {
  big,
  fields,
  flag,
  list,
  mustFit,
  oneOf,
  optional,
  whole,
  within,
} from '../../base/persist.ts';
import { firstFloat, hart as layout } from '../../engine/layout.ts';
import type { TlbPlaces } from '../../engine/tlbSet.ts';
import type { CountersState } from './csr/counters.ts';
import type { CsrFile } from './csr/csrFile.ts';
import { effect } from './csr/row.ts';
import type { Fetcher } from './fetcher.ts';
import type { HartState } from './hartState.ts';
import type { Regimes, RegimesState } from './regimes.ts';
import type { Privilege } from './riscvHart.ts';
import type { TriggerState } from './triggers.ts';

export interface HartSaved {
  readonly pc: bigint;
  readonly x: readonly bigint[];
  readonly f: readonly bigint[];
  readonly privilege: Privilege;
  readonly virtualized: boolean;
  /** Address of the load reservation; all ones when there is none. */
  readonly reservation: bigint;
  /** By number, those that are not 0; with the slots that rows use beyond registers. */
  readonly csrs: readonly { readonly number: number; readonly value: bigint }[];
  readonly inputs: number;
  readonly guestInputs: bigint;
  readonly counters: CountersState;
  readonly triggers: readonly TriggerState[];
  readonly regimes: RegimesState;
  /** All translations go before the next instruction. */
  readonly flushes: boolean;
  /** The breakpoint that does not stop the next time. */
  readonly skipBreakpoint: bigint | undefined;
  readonly oneByOne: boolean;
  readonly run: HartRunState;
}

/** What the loop that runs a hart knows of it. */
export interface HartRunState {
  readonly instructions: number;
  readonly waiting: boolean;
  readonly waitEnd: bigint | undefined;
  readonly returnAt: number;
}

export interface SavedParts {
  readonly state: HartState;
  readonly csrs: CsrFile;
  readonly regimes: Regimes;
  readonly fetcher: Fetcher;
}

const csrCount = 4096;
const registers = firstFloat;

export function saveHart(parts: SavedParts, places: TlbPlaces, run: HartRunState): HartSaved {
  const { state, csrs, regimes, fetcher } = parts;
  const indices = Array.from({ length: registers }, (_, i) => i);
  const numbers: { number: number; value: bigint }[] = [];
  for (let number = 0; number < csrCount; number++) {
    if ((state.low(number) | state.high(number)) === 0) continue;
    numbers.push({ number, value: state.csr(number) });
  }
  return {
    pc: state.pc,
    x: indices.map((i) => state.getX(i)),
    f: indices.map((i) => state.getF(i)),
    privilege: state.privilege,
    virtualized: state.virtualized,
    reservation: state.view.getBigUint64(state.area + layout.reservation, true),
    csrs: numbers,
    inputs: csrs.inputs,
    guestInputs: csrs.guestInputs,
    counters: csrs.counters.save(),
    triggers: csrs.triggers.save(),
    regimes: regimes.save(places),
    flushes: csrs.protectionChanged || fetcher.uncacheable,
    skipBreakpoint: fetcher.skipBreakpoint,
    oneByOne: fetcher.oneByOne,
    run,
  };
}

const shape = fields({
  ...{ pc: big, privilege: oneOf(0, 1, 3), virtualized: flag, reservation: big },
  ...{ x: list(big, registers), f: list(big, registers) },
  csrs: list(fields({ number: within(0, csrCount - 1), value: big })),
  ...{
    inputs: whole,
    guestInputs: big,
    skipBreakpoint: optional(big),
    oneByOne: flag,
    flushes: flag,
  },
  run: fields({ instructions: whole, waiting: flag, waitEnd: optional(big), returnAt: whole }),
});

/** All but what `run` says, which is the caller's. */
export function restoreHart(
  name: string,
  parts: SavedParts,
  places: TlbPlaces,
  saved: HartSaved,
): void {
  const { state, csrs, regimes, fetcher } = parts;
  mustFit(name, saved, shape);
  csrs.counters.checkState(name, saved.counters);
  csrs.triggers.checkState(name, saved.triggers);
  regimes.checkState(name, saved.regimes);
  state.pc = saved.pc;
  saved.x.forEach((value, i) => state.setX(i, value));
  saved.f.forEach((value, i) => state.setF(i, value));
  state.privilege = saved.privilege;
  state.virtualized = saved.virtualized;
  state.view.setBigUint64(state.area + layout.reservation, saved.reservation, true);
  // The page that was executed may have other records by now, or none.
  state.u32[(state.area + layout.recordPage) >>> 2] = 0;
  state.clearCsrs();
  for (const { number, value } of saved.csrs) state.setCsr(number, value);
  csrs.inputs = saved.inputs;
  csrs.guestInputs = saved.guestInputs;
  csrs.counters.restore(saved.counters);
  csrs.triggers.restore(saved.triggers);
  csrs.pmp.update();
  regimes.restore(saved.regimes, places);
  fetcher.skipBreakpoint = saved.skipBreakpoint;
  fetcher.oneByOne = saved.oneByOne;
  fetcher.uncacheable = false;
  csrs.affect(effect.translation | effect.interrupts | effect.timers);
  csrs.protectionChanged = saved.flushes;
}
