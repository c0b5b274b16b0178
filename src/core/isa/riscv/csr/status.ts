/**
 * mstatus, sstatus and vsstatus beside their fields: SD is not stored, sstatus is a view, and what
 * is written may change how memory is accessed.
 */
import { status } from '../hartState.ts';
import { updateFloatUnit, withoutSummary, withSummary } from './floatStatus.ts';
import { CSR } from './numbers.ts';
import { effect, type Behaviour } from './row.ts';

/** Bits that change how memory is accessed: these, and MPV. */
const accessBits = BigInt(status.MPRV | status.MPP | status.SUM | status.MXR) | (1n << 39n);

const storedStatus = (slot: number): Behaviour => ({
  affects: effect.interrupts,
  read: ({ has, xlen }, stored) => (has('f') ? withSummary(stored, xlen) : stored),
  write: (h, value) => {
    const next = withoutSummary(value, h.xlen);
    const changed = h.state.csr(slot) ^ next;
    h.state.setCsr(slot, next);
    updateFloatUnit(h.state);
    if (changed & accessBits) h.affect(effect.translation);
  },
});

export const mstatus = storedStatus(CSR.mstatus);
export const vsstatus = storedStatus(CSR.vsstatus);

/** A view of mstatus. The bits outside it keep their values. */
export const sstatus = (view: bigint): Behaviour => ({
  read: (h) => h.readWhole(CSR.mstatus) & view,
  write: (h, value) =>
    h.writeWhole(CSR.mstatus, (h.readWhole(CSR.mstatus) & ~view) | (value & view)),
});
