/**
 * mstatus, sstatus and vsstatus beside their fields: SD is not stored, sstatus is a view, and what
 * is written may change how memory is accessed.
 */
import { status } from '../hartState.ts';
import { updateFloatUnit, withoutSummary, withSummary } from './floatStatus.ts';
import { CSR } from './numbers.ts';
import { all64, effect, type Behaviour, type CsrHart } from './row.ts';

/** Bits that change how memory is accessed, by word. */
const accessBits = status.MPRV | status.MPP | status.SUM | status.MXR;
const highAccessBits = status.high.MPV;
/** What was masked may be pending. */
const enables = status.MIE | status.SIE;

function store(h: CsrHart, slot: number, value: bigint): void {
  const { state } = h;
  const [low, high] = [state.low(slot), state.high(slot)];
  state.setCsr(slot, value);
  withoutSummary(state, slot);
  const changed = low ^ state.low(slot);
  const highChanged = high ^ state.high(slot);
  if ((changed | highChanged) === 0) return;
  if (changed & status.FS) updateFloatUnit(state);
  if (changed & accessBits || highChanged & highAccessBits) h.affect(effect.translation);
  if (changed & enables & ~low) h.affect(effect.interrupts);
}

const storedStatus = (slot: number): Behaviour => ({
  read: ({ state }, stored) => withSummary(stored, state.low(slot), state.xlen),
  write: (h, value) => store(h, slot, value),
});

export const mstatus = storedStatus(CSR.mstatus);
export const vsstatus = storedStatus(CSR.vsstatus);

/** A view of mstatus, none of whose own fields is WARL. The bits outside it keep their values. */
export function sstatus(view: bigint): Behaviour {
  const others = all64 ^ view;
  return {
    read: ({ state, xlen }) =>
      withSummary(state.csr(CSR.mstatus) & view, state.low(CSR.mstatus), xlen),
    write: (h, value) => store(h, CSR.mstatus, (h.state.csr(CSR.mstatus) & others) | value),
  };
}
