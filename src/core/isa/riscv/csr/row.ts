/** The form of a CSR row, and the shorthands in which rows are written. */
import type { ControlRegisterInfo, FieldInfo } from '../../isa.ts';

export interface CsrRow extends ControlRegisterInfo {
  /** Bits that a write may change; the others keep their value. Hooks may legalise further. */
  readonly mask: bigint;
  readonly reset: bigint;
}

export const all64 = 0xffff_ffff_ffff_ffffn;

export interface FieldOptions {
  readonly values?: Readonly<Record<number, string>>;
  readonly readOnly?: boolean;
  /** Without it the field reads as zero. */
  readonly extension?: string;
}

/** A field of one bit or of `[high, low]`. */
export function field(
  name: string,
  bits: number | readonly [high: number, low: number],
  description: string,
  options: FieldOptions = {},
): FieldInfo {
  const [high, low] = typeof bits === 'number' ? [bits, bits] : bits;
  const { values, readOnly = false, extension } = options;
  return {
    name,
    high,
    low,
    description,
    writable: !readOnly,
    ...(values ? { values } : {}),
    ...(extension === undefined ? {} : { extension }),
  };
}

/** Bits of all writable fields. */
export function maskOf(fields: readonly FieldInfo[]): bigint {
  return fields
    .filter((f) => f.writable)
    .reduce((mask, f) => mask | (((1n << BigInt(f.high - f.low + 1)) - 1n) << BigInt(f.low)), 0n);
}

export interface CsrOptions {
  readonly fields?: readonly FieldInfo[];
  /** Default: the writable fields, or all bits when there are no fields. */
  readonly mask?: bigint;
  readonly reset?: bigint;
  readonly extension?: string;
}

/** Rows of one group; the number's bits 11:10 say whether writes exist, 9:8 the privilege. */
export function group(
  name: string,
  section: string,
  rows: readonly (readonly [number, string, string, CsrOptions?])[],
): CsrRow[] {
  return rows.map(([number, csr, description, options = {}]) => {
    const fields = options.fields ?? [];
    const writable = number >>> 10 !== 3;
    const mask = options.mask ?? (fields.length > 0 ? maskOf(fields) : all64);
    return {
      name: csr,
      number,
      bits: 64,
      description,
      section,
      group: name,
      privilege: (['U', 'S', 'HS', 'M'] as const)[(number >>> 8) & 3]!,
      writable,
      fields,
      extension: options.extension ?? '',
      mask: writable ? mask : 0n,
      reset: options.reset ?? 0n,
    };
  });
}
