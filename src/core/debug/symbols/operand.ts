/**
 * What a value of a C type is in an expression: integers by their type (C17, 6.3.1.1), enumerations
 * with the names of their values, pointers with the size of what they point to, arrays as the
 * address of their first element (6.3.2.1). Text is values.ts.
 */
import { FormatError } from '../../base/byteReader.ts';
import { DW_ATE } from '../../formats/dwarf/constants.ts';
import { Unavailable } from '../../formats/dwarf/expression.ts';
import { floating, operand, type Operand } from '../expressions/operands.ts';
import { isSigned, type CType } from './cTypes.ts';
import { TypeHandle } from './typeHandle.ts';
import type { Storage } from './storage.ts';
import { readScalar, type BitField } from './values.ts';

const integers: readonly number[] = [
  ...[DW_ATE.signed, DW_ATE.unsigned, DW_ATE.signed_char, DW_ATE.unsigned_char, DW_ATE.boolean],
  DW_ATE.UTF,
];

/** A text says why it is no number. */
export async function operandOf(
  type: CType,
  storage: Storage,
  bits: BitField | undefined,
  expression: string,
): Promise<Operand | string> {
  if (type.kind === 'array') {
    if (storage.address === undefined) return `'${expression}' is not in memory`;
    const pointee = new TypeHandle(type.element);
    return { ...operand(storage.address, 64, false), stride: type.element.size, pointee };
  }
  const isFloat = type.kind === 'base' && type.encoding === DW_ATE.float;
  if (isFloat && (type.size === 4 || type.size === 8)) {
    return floatOperand(type.size, storage, expression);
  }
  const isInteger = type.kind === 'base' && integers.includes(type.encoding) && type.size <= 8;
  if (!isInteger && type.kind !== 'enum' && type.kind !== 'pointer') {
    return `'${expression}' is a ${type.declare('')}, with which Trapline does not compute`;
  }
  try {
    const value = operand(
      await readScalar(type, storage, bits),
      bits?.size ?? type.size * 8,
      isSigned(type),
    );
    if (type.kind === 'pointer') {
      const target = type.target();
      return { ...value, stride: target.size, pointee: new TypeHandle(target) };
    }
    if (type.kind !== 'enum') return value;
    const named = (name: string) => type.enumerators().find((e) => e.name === name)?.value;
    return { ...value, named };
  } catch (error) {
    if (!(error instanceof Unavailable) && !(error instanceof FormatError)) throw error;
    return `'${expression}' has no value here: ${error.message}`;
  }
}

async function floatOperand(
  size: 4 | 8,
  storage: Storage,
  expression: string,
): Promise<Operand | string> {
  try {
    const bytes = Uint8Array.from(await storage.read(0, size));
    const view = new DataView(bytes.buffer);
    return floating(size === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true), size * 8);
  } catch (error) {
    if (!(error instanceof Unavailable) && !(error instanceof FormatError)) throw error;
    return `'${expression}' has no value here: ${error.message}`;
  }
}
