/**
 * The form of an instruction row: everything Trapline knows of an instruction, stated once.
 * Decoder, disassembler, interpreter, hovers and tests are made from the rows.
 */
import type { SemanticContext } from '../../../engine/semantics.ts';
import type { ControlFlow, InstructionInfo } from '../../isa.ts';

export interface InstructionRow extends InstructionInfo {
  readonly flow: ControlFlow;
  readonly execute: (c: SemanticContext) => void;
}

/** A 16-bit form of a 32-bit instruction: it means exactly what it expands to. */
export interface CompressedRow extends InstructionInfo {
  readonly flow: ControlFlow;
  readonly expandsTo: string;
  /** Operands of the expansion by name: a field of the pattern, or a number. */
  readonly bindings: Readonly<Record<string, string | number>>;
  /** Present where the form exists on one register width alone. */
  readonly xlen?: 32 | 64;
}

export type RowSpec = readonly [
  mnemonic: string,
  pattern: string,
  operands: string,
  summary: string,
  execute: (c: SemanticContext) => void,
  flow?: ControlFlow,
];

/** Rows of one extension, described in one section of the manual. */
export function extensionRows(
  extension: string,
  section: string,
  specs: readonly RowSpec[],
): InstructionRow[] {
  return specs.map(([mnemonic, pattern, operands, summary, execute, flow = 'next']) => ({
    mnemonic,
    pattern,
    operands,
    summary,
    section,
    extension,
    flow,
    execute,
  }));
}

/** Carried out in TypeScript: rare, or with effects beyond registers and memory. */
export const host = (c: SemanticContext): void => c.host();
