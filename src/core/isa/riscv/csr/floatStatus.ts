/**
 * What the floating-point unit is ready for, and who learns that it was used (privileged manual,
 * extension context status in mstatus; hypervisor, vsstatus: "When V=1, both vsstatus.FS and the
 * HS-level sstatus.FS are in effect").
 */
import type { RegisterWidth } from '../../../engine/semantics.ts';
import { floatUnit, hart as layout } from '../../../engine/layout.ts';
import { flag, isRoundingMode, rounding } from '../float/environment.ts';
import { status, type HartState } from '../hartState.ts';
import { CSR } from './numbers.ts';

/** The unit's state for generated code, which reads it from memory; brought up to date after changes. */
export function updateFloatUnit(state: HartState): void {
  state.u32[(state.area + layout.floatUnit) >>> 2] = unitState(state);
}

export const floatUnitIsOn = (state: HartState): boolean => unitState(state) !== floatUnit.off;

/**
 * The registers or flags were written: what is not Off is Dirty now. "Modifying the floating-point
 * state when V=1 causes both fields to be set to 3 (Dirty)."
 */
export function markFloatsDirty(state: HartState): void {
  for (const slot of state.virtualized ? [CSR.mstatus, CSR.vsstatus] : [CSR.mstatus]) {
    const low = state.low(slot);
    if (low & status.FS) state.setLow(slot, low | status.FS);
  }
  updateFloatUnit(state);
}

/** SD of a status register: whether some unit's state is dirty. It is the top bit, and not stored. */
export function withSummary(value: bigint, xlen: RegisterWidth): bigint {
  return (value & dirty) === dirty ? value | summary[xlen] : value;
}

export const withoutSummary = (value: bigint, xlen: RegisterWidth): bigint =>
  value & ~summary[xlen];

const dirty = BigInt(status.FS);
const summary = { 32: 1n << 31n, 64: 1n << 63n } as const;

function unitState(state: HartState): number {
  const host = state.low(CSR.mstatus) & status.FS;
  const guest = state.virtualized ? state.low(CSR.vsstatus) & status.FS : status.FS;
  if (host === 0 || guest === 0) return floatUnit.off;
  if (host !== status.FS || guest !== status.FS) return floatUnit.on;
  const mode = state.low(CSR.frm);
  if (!isRoundingMode(mode)) return floatUnit.dirty;
  if (mode !== rounding.RNE) return floatUnit.rounding;
  return state.low(CSR.fflags) & flag.NX ? floatUnit.steady : floatUnit.nearest;
}
