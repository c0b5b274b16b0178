/** The instruction rows as the engine takes them, and the numbers of their handlers. */
import { special } from '../../engine/layout.ts';
import { HandlerTable } from '../../engine/handlers.ts';
import type { EngineRow, RegisterWidth } from '../../engine/semantics.ts';
import { alignedJumpName } from './alignedJumps.ts';
import { frequentSequences, joinedRows } from './frequentSequences.ts';
import { rowsOf } from './instructions/all.ts';
import { control, host, type InstructionRow } from './instructions/row.ts';

export interface EngineTables {
  /**
   * In the order of `rowsOf(xlen).instructions`, with `illegalRow` and `alignedJumpRow`
   * behind them.
   */
  readonly rows: readonly EngineRow[];
  readonly illegalRow: number;
  readonly alignedJumpRow: number;
  readonly handlers: HandlerTable;
}

/** What does not decode is an instruction too: one that raises illegal-instruction. */
const illegal: EngineRow = {
  mnemonic: 'illegal',
  lengths: [2, 4],
  direct: false,
  hostOnly: true,
  execute: host,
};

/** What jumps are where addresses of instructions are multiples of 4, if they may go elsewhere. */
const alignedJump: EngineRow = {
  mnemonic: alignedJumpName,
  lengths: [4],
  direct: false,
  hostOnly: true,
  execute: host,
};

/** What compilers hardly ever write, and what is mostly hot enough to be translated. */
const rareExtensions = new Set(
  'Zabha Zacas Zbc Zbkb Zbkx Zicbop Zihintntl Zihintpause Zimop Zknd Zknh Zksh'.split(' '),
);
const rareAtomics = /^amo(xor|minu?|maxu?)\./;
/** What compilers write less often than once in a thousand instructions. */
const seldomMnemonics =
  /^(mulhs?u?|(div|rem)u?w?|sh[123]add\.uw|slli\.uw|orn|xnor|ro[lr]i?w?|rev8|c[lt]zw?|cpopw?|maxu?|minu?|orc\.b|b(clr|ext|inv|set)i?|czero\.(eqz|nez))$/;

/** Their loads and stores, as seldom as their arithmetic. */
const halves = /^f[ls]h$/;

function apartOf(row: InstructionRow): Pick<EngineRow, 'apart'> {
  if (row.execute === host) return {};
  if (row.float || halves.test(row.mnemonic)) return { apart: 'float' };
  if (seldomMnemonics.test(row.mnemonic)) return { apart: 'seldom' };
  const isRare = rareExtensions.has(row.extension) || rareAtomics.test(row.mnemonic);
  return isRare ? { apart: 'rare' } : {};
}

function tablesOf(xlen: RegisterWidth): EngineTables {
  const { instructions, compressed } = rowsOf(xlen);
  const compressible = new Set(compressed.map((row) => row.expandsTo));
  const rows: EngineRow[] = instructions.map((row) => ({
    mnemonic: row.mnemonic,
    lengths: compressible.has(row.mnemonic) ? [2, 4] : [4],
    direct: row.mnemonic === 'jal' || row.flow === 'branch',
    hostOnly: row.execute === host || row.execute === control,
    ...apartOf(row),
    execute: row.execute,
  }));
  rows.push(illegal, alignedJump);
  return {
    rows,
    illegalRow: rows.indexOf(illegal),
    alignedJumpRow: rows.indexOf(alignedJump),
    handlers: new HandlerTable(rows, special.first, frequentSequences(xlen), joinedRows),
  };
}

const tables: Partial<Record<RegisterWidth, EngineTables>> = {};

export const engineTables = (xlen: RegisterWidth): EngineTables =>
  (tables[xlen] ??= tablesOf(xlen));
