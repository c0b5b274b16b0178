/**
 * The form of an instruction row: everything Trapline knows of an instruction, stated once.
 * Decoder, disassembler, interpreter, hovers and tests are made from the rows.
 */
import type { RegisterWidth, SemanticContext } from '../../../engine/semantics.ts';
import type { ControlFlow, InstructionInfo } from '../../isa.ts';
import type { FloatOperation } from './floatRow.ts';

export interface InstructionRow extends InstructionInfo {
  readonly flow: ControlFlow;
  /** Present where the row exists on one register width alone. */
  readonly xlen?: RegisterWidth;
  /** Extensions that must all be there besides the one that brings it. */
  readonly needs?: readonly string[];
  readonly execute: (c: SemanticContext) => void;
  /** What a floating-point row computes. */
  readonly float?: FloatOperation;
}

/** A 16-bit form of a 32-bit instruction: it means exactly what it expands to. */
export interface CompressedRow extends InstructionInfo {
  readonly flow: ControlFlow;
  /** As in `InstructionRow`. */
  readonly needs?: readonly string[];
  readonly expandsTo: string;
  /** Operands of the expansion by name: a field of the pattern, or a number. */
  readonly bindings: Readonly<Record<string, string | number>>;
  /** As in `InstructionRow`. */
  readonly xlen?: RegisterWidth;
}

export type RowSpec = readonly [
  mnemonic: string,
  pattern: string,
  operands: string,
  summary: string,
  execute: (c: SemanticContext) => void,
  flow?: ControlFlow,
  xlen?: RegisterWidth | undefined,
];

/** The row on registers of this width alone. */
export const only = (
  xlen: RegisterWidth,
  [mnemonic, pattern, operands, summary, execute, flow = 'next']: RowSpec,
): RowSpec => [mnemonic, pattern, operands, summary, execute, flow, xlen];

/** When the rows exist, if not simply with their extension. */
export interface RowConditions {
  readonly alsoIn?: readonly string[];
  readonly needs?: readonly string[];
  readonly xlen?: RegisterWidth;
}

/** Whether a machine with these extensions has the instruction. */
export function rowExists(
  row: InstructionRow | CompressedRow,
  enabled: (extension: string) => boolean,
): boolean {
  const brought = enabled(row.extension) || (row.alsoIn?.some(enabled) ?? false);
  return brought && (row.needs?.every(enabled) ?? true);
}

/** Rows of one extension, described in one section of the manual. */
export function extensionRows(
  extension: string,
  section: string,
  specs: readonly RowSpec[],
  conditions: RowConditions = {},
): InstructionRow[] {
  return specs.map(([mnemonic, pattern, operands, summary, execute, flow = 'next', xlen]) => ({
    mnemonic,
    pattern,
    operands,
    summary,
    section,
    extension,
    flow,
    execute,
    ...conditions,
    ...(xlen ? { xlen } : {}),
  }));
}

type CompressedSpec = readonly [
  mnemonic: string,
  pattern: string,
  operands: string,
  expansion: string,
  flow?: ControlFlow,
  xlen?: RegisterWidth,
];

/**
 * Expansions are written `mnemonic name=value …` where a value is a field of the pattern or a
 * number.
 */
export function compressedExtensionRows(
  extension: string,
  section: string,
  specs: readonly CompressedSpec[],
  conditions: RowConditions = {},
): CompressedRow[] {
  return specs.map(([mnemonic, pattern, operands, expansion, flow = 'next', xlen]) => {
    const [expandsTo = '', ...assignments] = expansion.split(' ');
    const bindings = assignments.map((assignment) => {
      const [name = '', value = ''] = assignment.split('=');
      return [name, /^-?\d+$/.test(value) ? Number(value) : value] as const;
    });
    return {
      mnemonic,
      pattern,
      operands,
      summary: `Short for ${expandsTo}.`,
      section,
      extension,
      flow,
      expandsTo,
      bindings: Object.fromEntries(bindings),
      ...conditions,
      ...(xlen ? { xlen } : {}),
    };
  });
}

/** Carried out in TypeScript: rare, or with effects beyond registers and memory. */
export const host = (c: SemanticContext): void => c.host();
/** The same of what touches no memory, and no way that control goes but by a trap. */
export const control = (c: SemanticContext): void => c.control();
