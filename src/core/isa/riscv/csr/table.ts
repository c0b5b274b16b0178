/**
 * Every CSR that exists, stated once (privileged manual, CSR listing). Access checks, views, hovers
 * and tests are made from these rows. An extension's registers are a file in `tables` and a line
 * here.
 */
import type { RegisterWidth } from '../../../engine/semantics.ts';
import type { CsrField, CsrRow } from './row.ts';
import { advancedInterrupts } from './tables/aia.ts';
import { environments } from './tables/environment.ts';
import { hypervisor } from './tables/hypervisor.ts';
import { machine } from './tables/machine.ts';
import { performance } from './tables/performance.ts';
import { protection } from './tables/protection.ts';
import { stateEnables } from './tables/stateen.ts';
import { supervisor } from './tables/supervisor.ts';
import { triggers } from './tables/triggers.ts';
import { unprivileged } from './tables/unprivileged.ts';

/** As stated: registers of 64 bits, those of RV32 for upper halves beside them. */
export const statedRows: readonly CsrRow[] = [
  ...machine,
  ...environments,
  ...hypervisor,
  ...supervisor,
  ...unprivileged,
  ...protection,
  ...performance,
  ...stateEnables,
  ...triggers,
  ...advancedInterrupts,
];

/** Rows as software of this width sees them. */
export function csrTable(xlen: RegisterWidth): readonly CsrRow[] {
  return statedRows
    .filter((row) => row.xlen === undefined || row.xlen === xlen)
    .map((row) => ({ ...row, bits: xlen, fields: fieldsAt(row, xlen) }));
}

function fieldsAt({ fields, upperOf }: CsrRow, xlen: RegisterWidth): readonly CsrField[] {
  const there = fields.filter((f) => f.xlen === undefined || f.xlen === xlen);
  if (xlen === 64) return there;
  const [first, last] = upperOf === undefined ? [0, 31] : [32, 63];
  return there
    .filter((f) => f.low >= first && f.low <= last)
    .map((f) => ({ ...f, low: f.low - first, high: f.high - first }));
}
