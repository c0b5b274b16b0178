/** Lookups in the CSR table, and the numbers by name for code that works on CSRs. */
import { Bug } from '../../../base/assert.ts';
import type { CsrRow } from './row.ts';
import { statedRows } from './table.ts';

const byNumber = new Map(statedRows.map((row) => [row.number, row]));
const byName = new Map(statedRows.map((row) => [row.name, row]));

export const csrName = (number: number): string | undefined => byNumber.get(number)?.name;
export const csrByNumber = (number: number): CsrRow | undefined => byNumber.get(number);
export const csrByName = (name: string): CsrRow | undefined => byName.get(name);

/** Number of a CSR that is known to exist. */
export function csrNumber(name: string): number {
  const row = byName.get(name);
  if (!row) throw new Bug(`no CSR ${name}`);
  return row.number;
}
