/**
 * The form of floating-point rows. Arithmetic is a function over bit patterns, which
 * `floatInstructions.ts` gives its operands, and where the host has the format, a native form in
 * expressions for the usual case; loads and stores are expressions like all others.
 */
import { floatUnit } from '../../../engine/layout.ts';
import type { RegisterWidth, SemanticContext } from '../../../engine/semantics.ts';
import { i64, or } from '../../../wasm/expression.ts';
import { add } from '../../../wasm/expression.ts';
import type { FloatEnvironment } from '../float/environment.ts';
import { double, single, type Format } from '../float/format.ts';
import {
  nativeDouble,
  nativeSingle,
  type Native,
  type Precision,
} from '../float/native/precision.ts';
import {
  extensionRows,
  host,
  type InstructionRow,
  type RowConditions,
  type RowSpec,
} from './row.ts';

/** Operands in the source format, or as the registers hold them where there is no such format. */
export interface FloatOperands {
  a: bigint;
  b: bigint;
  c: bigint;
  /** The immediate field of FLI. */
  index: number;
}

export interface FloatOperation {
  /** Format of the float operands, which are unboxed; absent: the registers' bits. */
  readonly source?: Format;
  /** Format of a float result, which is boxed; absent: the result is rd's. */
  readonly result?: Format;
  /** Never rounds: assemblers write the mode RNE when none is given, not the dynamic one. */
  readonly exact?: boolean;
  readonly operate: (o: FloatOperands, e: FloatEnvironment) => bigint;
  /** The same on the host's own arithmetic, which gives up where that would not be exact. */
  readonly native?: Native | undefined;
}

export interface FloatRow extends InstructionRow {
  readonly float: FloatOperation;
}

export type FloatSpec = readonly [
  mnemonic: string,
  pattern: string,
  operands: string,
  summary: string,
  float: FloatOperation,
  xlen?: RegisterWidth,
];

/** With doublewords in general registers. */
export const onDoublewords = ([
  mnemonic,
  pattern,
  operands,
  summary,
  float,
]: FloatSpec): FloatSpec => [mnemonic, pattern, operands, summary, float, 64];

/** The precision of native forms: halves have none. */
export const precisions: ReadonlyMap<Format, Precision> = new Map([
  [single, nativeSingle],
  [double, nativeDouble],
]);

export function floatRows(
  extension: string,
  section: string,
  specs: readonly FloatSpec[],
  conditions: RowConditions = {},
): FloatRow[] {
  const plain = specs.map(([mnemonic, pattern, operands, summary, { native }, xlen]): RowSpec => {
    const execute = native
      ? (c: SemanticContext): void => c.orHost((giveUpIf) => native(c, giveUpIf))
      : host;
    return [mnemonic, pattern, operands, summary, execute, 'next', xlen];
  });
  const rows = extensionRows(extension, section, plain, conditions);
  return rows.map((row, i) => ({ ...row, float: specs[i]![4] }));
}

/** The fmt field, which is also the width of conversions. */
export const fmt = (f: Format): string => ({ h: '10', s: '00', d: '01' })[f.suffix]!;

/** 5 and 6 are reserved rounding modes (F, floating-point control and status). */
export const rm = 'rm:3!=5|6';
const OP_FP = '1010011';

/** `funct` is funct5 and what stands in the rounding mode's place, by default the mode. */
export function twoOperands(
  mnemonic: string,
  f: Format,
  funct: string,
  summary: string,
  float: FloatOperation,
): FloatSpec {
  const [funct5, funct3 = rm] = funct.split(' ');
  const to = float.result ? 'frd' : 'rd';
  const mode = funct3 === rm ? '[, rm]' : '';
  const pattern = `${funct5} ${fmt(f)} frs2:5 frs1:5 ${funct3} ${to}:5 ${OP_FP}`;
  return [`${mnemonic}.${f.suffix}`, pattern, `${to}, frs1, frs2${mode}`, summary, float];
}

/**
 * `funct` is funct5, the format's field, the selector in rs2's place and what stands in the rounding
 * mode's place: by default the mode; `exact` where it changes nothing, though reserved modes stay
 * reserved. `registers` names destination and source.
 */
export function oneOperand(
  mnemonic: string,
  funct: string,
  registers: 'frd, frs1' | 'rd, frs1' | 'frd, rs1',
  summary: string,
  float: FloatOperation,
): FloatSpec {
  const [funct5, format, selector, funct3 = 'rounds'] = funct.split(' ');
  const [to, from] = registers.split(', ');
  const field = /^[01]+$/.test(funct3) ? funct3 : rm;
  const pattern = `${funct5} ${format} ${selector} ${from}:5 ${field} ${to}:5 ${OP_FP}`;
  const mode = field === rm ? '[, rm]' : '';
  const operation = funct3 === 'exact' ? { ...float, exact: true } : float;
  return [mnemonic, pattern, `${registers}${mode}`, summary, operation];
}

const accessOf = {
  h: { width: 'h', funct3: '001', what: 'half' },
  s: { width: 'w', funct3: '010', what: 'single' },
  d: { width: 'd', funct3: '011', what: 'double' },
} as const;

/**
 * FLH, FLW, FLD and their stores: values move as bits, boxed on the way in. A load makes the unit
 * dirty after the access, which may fault and then has changed nothing.
 */
export function memoryRows(f: Format): RowSpec[] {
  const { width, funct3, what } = accessOf[f.suffix as keyof typeof accessOf];
  const letter = f.suffix === 's' ? 'w' : f.suffix;
  const unused = f.bits === 64 ? 0n : -1n << BigInt(f.bits);
  const load = (c: SemanticContext): void => {
    c.needFloatUnit(floatUnit.on);
    const zeroExtended = width === 'd' ? 'd' : (`${width}u` as const);
    const value = c.keep(c.load(zeroExtended, add(c.rs1(), c.imm())));
    c.needFloatUnit(floatUnit.dirty);
    c.wrWide(or(value, i64(unused)));
  };
  const store = (c: SemanticContext): void => {
    c.needFloatUnit(floatUnit.on);
    c.store(width, add(c.rs1(), c.imm()), c.rs2());
  };
  return [
    [
      `fl${letter}`,
      `imm[11:0] rs1:5 ${funct3} frd:5 0000111`,
      'frd, imm(rs1)',
      `Load ${what}-precision float.`,
      load,
    ],
    [
      `fs${letter}`,
      `imm[11:5] frs2:5 rs1:5 ${funct3} imm[4:0] 0100111`,
      'frs2, imm(rs1)',
      `Store ${what}-precision float.`,
      store,
    ],
  ];
}
