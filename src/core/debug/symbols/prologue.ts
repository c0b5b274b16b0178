/**
 * Where a function's body begins, by its line table: at the row that the compiler marked as the end
 * of the prologue, else at the second row, since the first one is the line of the opening brace.
 */
import type { SymbolModule } from './symbolModule.ts';

/** For the function [low, high); `low` where the line table does not tell. */
export function afterPrologue(module: SymbolModule, low: bigint, high: bigint): bigint {
  const table = module.lineTableAt(low);
  const rows = table
    ?.sequenceAt(low)
    ?.rows.filter((r) => !r.endSequence && r.address >= low && r.address < high);
  if (!rows) return low;
  const marked = rows.find((row) => row.prologueEnd);
  if (marked) return marked.address;
  const statements = rows.filter((row) => row.isStmt && row.line !== 0);
  // Optimised code may begin with its first statement: then two rows share the first address.
  const atEntry = new Set(statements.filter((r) => r.address === low).map((r) => r.line));
  if (atEntry.size > 1) return low;
  return statements.find((row) => row.address > low)?.address ?? low;
}
