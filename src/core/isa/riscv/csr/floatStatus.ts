/**
 * What the floating-point unit is ready for, and who learns that it was used (privileged manual,
 * extension context status in mstatus; hypervisor, vsstatus: "When V=1, both vsstatus.FS and the
 * HS-level sstatus.FS are in effect").
 */
import { floatUnit, hart as layout } from '../../../engine/layout.ts';
import { flag, isRoundingMode, rounding } from '../float/environment.ts';
import { status, type HartState } from '../hartState.ts';
import { CSR } from './numbers.ts';

/** The unit's state for generated code, which reads it from memory; brought up to date after changes. */
export function updateFloatUnit(state: HartState): void {
  state.u32[(state.area + layout.floatUnit) >>> 2] = unitState(state);
}

export const floatUnitIsOn = (state: HartState): boolean =>
  (state.low(CSR.mstatus) & status.FS) !== 0 &&
  (!state.virtualized || (state.low(CSR.vsstatus) & status.FS) !== 0);

/**
 * The registers or flags were written: what is not Off is Dirty now. "Modifying the floating-point
 * state when V=1 causes both fields to be set to 3 (Dirty)."
 */
export function markFloatsDirty(state: HartState): void {
  markDirty(state, CSR.mstatus);
  if (state.virtualized) markDirty(state, CSR.vsstatus);
  updateFloatUnit(state);
}

function markDirty(state: HartState, slot: number): void {
  const low = state.low(slot);
  if (low & status.FS) state.setLow(slot, low | status.FS);
}

function unitState(state: HartState): number {
  if (!floatUnitIsOn(state)) return floatUnit.off;
  const host = state.low(CSR.mstatus) & status.FS;
  const guest = state.virtualized ? state.low(CSR.vsstatus) & status.FS : status.FS;
  if (host !== status.FS || guest !== status.FS) return floatUnit.on;
  const mode = state.low(CSR.frm);
  if (!isRoundingMode(mode)) return floatUnit.dirty;
  if (mode !== rounding.RNE) return floatUnit.rounding;
  return state.low(CSR.fflags) & flag.NX ? floatUnit.steady : floatUnit.nearest;
}
