/**
 * mstatus, sstatus and vsstatus beside their fields: SD is not stored, sstatus is a view, and what
 * is written may change how memory is accessed.
 */
import { status } from '../hartState.ts';
import { updateFloatUnit, withoutSummary, withSummary } from './floatStatus.ts';
import { CSR } from './numbers.ts';
import { all64, effect, type Behaviour, type CsrHart } from './row.ts';

/** Bits that change how memory is accessed: these, and MPV. */
const accessBits = BigInt(status.MPRV | status.MPP | status.SUM | status.MXR) | (1n << 39n);

function store(h: CsrHart, slot: number, value: bigint): void {
  const next = withoutSummary(value, h.xlen);
  const changed = h.state.csr(slot) ^ next;
  if (changed === 0n) return;
  h.state.setCsr(slot, next);
  updateFloatUnit(h.state);
  if (changed & accessBits) h.affect(effect.translation);
}

const storedStatus = (slot: number): Behaviour => ({
  affects: effect.interrupts,
  read: ({ xlen }, stored) => withSummary(stored, xlen),
  write: (h, value) => store(h, slot, value),
});

export const mstatus = storedStatus(CSR.mstatus);
export const vsstatus = storedStatus(CSR.vsstatus);

/** A view of mstatus, none of whose own fields is WARL. The bits outside it keep their values. */
export function sstatus(view: bigint): Behaviour {
  const others = all64 ^ view;
  return {
    affects: effect.interrupts,
    read: ({ state, xlen }) => withSummary(state.csr(CSR.mstatus), xlen) & view,
    write: (h, value) => store(h, CSR.mstatus, (h.state.csr(CSR.mstatus) & others) | value),
  };
}
