/**
 * mstatus, sstatus and vsstatus beside their fields: SD is not stored, sstatus is a view, and what
 * is written may change how memory is accessed.
 */
import { status, type HartState } from '../hartState.ts';
import { updateFloatUnit } from './floatStatus.ts';
import { CSR } from './numbers.ts';
import { effect, type CsrHart, type WordBehaviour } from './row.ts';

/** Bits that change how memory is accessed. */
const accessBits = status.MPRV | status.MPP | status.SUM | status.MXR;
const highAccessBits = status.high.MPV;
/** Where one is set, what was masked may interrupt. */
const enables = status.MIE | status.SIE;
const top = 1 << 31;

/** Whether some unit's state is dirty: the register's top bit. */
const summary = (state: HartState, slot: number): number =>
  (state.low(slot) & status.FS) === status.FS ? top : 0;

function store(h: CsrHart, slot: number, low: number, high: number): void {
  const { state } = h;
  const changed = state.low(slot) ^ (state.xlen === 32 ? low & ~top : low);
  const highChanged = state.high(slot) ^ (state.xlen === 64 ? high & ~top : high);
  if ((changed | highChanged) === 0) return;
  state.setWords(slot, state.low(slot) ^ changed, state.high(slot) ^ highChanged);
  if (changed & status.FS) updateFloatUnit(state);
  if (changed & accessBits || highChanged & highAccessBits) h.affect(effect.translation);
  if (changed & enables & state.low(slot)) h.affect(effect.interrupts);
}

const storedStatus = (slot: number): WordBehaviour => ({
  low: ({ state }) => state.low(slot) | (state.xlen === 32 ? summary(state, slot) : 0),
  high: ({ state }) => state.high(slot) | (state.xlen === 64 ? summary(state, slot) : 0),
  write: (h, low, high) => store(h, slot, low, high),
});

export const mstatus = storedStatus(CSR.mstatus);
export const vsstatus = storedStatus(CSR.vsstatus);

/** A view of mstatus, none of whose own fields is WARL. The bits outside it keep their values. */
export function sstatus(view: bigint): WordBehaviour {
  const lowView = Number(BigInt.asIntN(32, view));
  const highView = Number(BigInt.asIntN(32, view >> 32n));
  return {
    low: (h) => mstatus.low(h) & lowView,
    high: (h) => mstatus.high(h) & highView,
    write: (h, low, high) => {
      const others = h.state.low(CSR.mstatus) & ~lowView;
      const highOthers = h.state.high(CSR.mstatus) & ~highView;
      store(h, CSR.mstatus, others | low, highOthers | high);
    },
  };
}
