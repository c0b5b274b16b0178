/** The instruction rows as the engine takes them, and the numbers of their handlers. */
import { special } from '../../engine/layout.ts';
import { HandlerTable, type EngineRow } from '../../engine/semantics.ts';
import { compressedRows, instructionRows } from './instructions/all.ts';
import { host } from './instructions/row.ts';

const compressible = new Set(compressedRows.map((row) => row.expandsTo));

/** What does not decode is an instruction too: one that raises illegal-instruction. */
const illegal: EngineRow = {
  mnemonic: 'illegal',
  lengths: [2, 4],
  direct: false,
  hostOnly: true,
  execute: host,
};

export const engineRows: readonly EngineRow[] = [
  ...instructionRows.map((row) => ({
    mnemonic: row.mnemonic,
    lengths: compressible.has(row.mnemonic) ? [2, 4] : [4],
    direct: row.mnemonic === 'jal' || row.flow === 'branch',
    hostOnly: row.execute === host,
    execute: row.execute,
  })),
  illegal,
];

export const illegalRow = engineRows.length - 1;
export const handlers = new HandlerTable(engineRows, special.first);
