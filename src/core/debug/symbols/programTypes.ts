/**
 * Types by name, as casts in expressions name them, and objects of them at any address. Names that
 * the program's debug information lacks are known when every C compiler has them.
 */
import { DW_ATE, DW_AT, DW_TAG } from '../../formats/dwarf/constants.ts';
import type { Die, Unit } from '../../formats/dwarf/unit.ts';
import { floating, numberOfOperand, operand, type Operand } from '../expressions/operands.ts';
import {
  arrayOf,
  baseNamed,
  canonicalName,
  cType,
  isSigned,
  pointerTo,
  voidType,
  type CType,
} from './cTypes.ts';
import { constantStorage, littleEndian, memoryStorage } from './storage.ts';
import type { SymbolModule } from './symbolModule.ts';
import type { ProgramTypes, Variable } from './symbols.ts';
import { TypeHandle, typeOfHandle } from './typeHandle.ts';
import type { ValueSetting } from './values.ts';
import { makeVariable } from './variables.ts';

/** Where names are looked up first; nowhere in a guest without symbols. */
export interface TypeScope {
  readonly module: SymbolModule | undefined;
  readonly unit: Unit | undefined;
  readonly setting: ValueSetting;
}

/** `modules`: where to look, the scope's own first. */
export function programTypes(scope: TypeScope, modules: readonly SymbolModule[]): ProgramTypes {
  const addressSize = scope.unit?.addressSize ?? 8;
  const word = baseNamed('unsigned long', DW_ATE.unsigned, addressSize);
  const { setting } = scope;
  return {
    word: new TypeHandle(word),
    find(name) {
      const found = findType(name.name, scope, modules) ?? builtIn(name.name, addressSize);
      if (!found) return undefined;
      let type = found;
      for (let i = 0; i < name.pointers; i++) type = pointerTo(type, addressSize);
      if (name.count !== undefined) type = arrayOf(type, name.count);
      return new TypeHandle(type);
    },
    array: (element, count) => new TypeHandle(arrayOf(typeOfHandle(element), count)),
    pointerTo: (type) => new TypeHandle(pointerTo(typeOfHandle(type), addressSize)),
    convert: (of, type) => convert(of, typeOfHandle(type)),
    at(type, address, { space, expression }): Promise<Variable> {
      const { context } = setting;
      const own = space === undefined ? context : (context.inSpace?.(space) ?? context);
      const storage = memoryStorage(address, own);
      const place = { ...names(expression), type: typeOfHandle(type), storage };
      return makeVariable(place, { ...setting, context: own });
    },
    holding(type, value, expression): Promise<Variable> {
      const held = typeOfHandle(type);
      const storage = constantStorage(bytesOf(value, held));
      return makeVariable({ ...names(expression), type: held, storage }, setting);
    },
  };
}

function names(expression: string) {
  return { name: expression, expression, kind: 'member' as const };
}

/** As an assignment would (C17, 6.3.1): a text says why it is not possible. */
function convert(of: Operand, type: CType): Operand | string {
  const number = numberOfOperand(of);
  switch (type.kind) {
    case 'base': {
      if (type.encoding === DW_ATE.float) return floating(number, type.size === 4 ? 32 : 64);
      if (type.encoding === DW_ATE.boolean) return operand(number === 0 ? 0n : 1n, 8, false);
      return operand(of.value, type.size * 8, isSigned(type));
    }
    case 'enum': {
      const named = (name: string) => type.enumerators().find((e) => e.name === name)?.value;
      return { ...operand(of.value, type.size * 8, false), named };
    }
    case 'pointer': {
      const target = type.target();
      const value = operand(of.value, type.size * 8, false);
      return { ...value, stride: target.size, pointee: new TypeHandle(target) };
    }
    default:
      return `nothing can be cast to '${type.declare('')}'`;
  }
}

function bytesOf({ value, float }: Operand, type: CType): Uint8Array {
  if (type.kind !== 'base' || type.encoding !== DW_ATE.float || float === undefined) {
    return littleEndian(value, type.size);
  }
  const view = new DataView(new ArrayBuffer(8));
  if (type.size === 4) view.setFloat32(0, float, true);
  else view.setFloat64(0, float, true);
  return new Uint8Array(view.buffer).subarray(0, type.size);
}

const tagsOf: Readonly<Record<string, readonly number[]>> = {
  struct: [DW_TAG.structure_type, DW_TAG.class_type],
  class: [DW_TAG.structure_type, DW_TAG.class_type],
  union: [DW_TAG.union_type],
  enum: [DW_TAG.enumeration_type],
};

/** What a name without a keyword may be: in C++ and Rust a struct's, too. */
const plainTags: readonly number[] = [
  ...[DW_TAG.typedef, DW_TAG.base_type, DW_TAG.structure_type, DW_TAG.class_type],
  ...[DW_TAG.union_type, DW_TAG.enumeration_type, DW_TAG.unspecified_type],
];

function findType(
  written: string,
  scope: TypeScope,
  modules: readonly SymbolModule[],
): CType | undefined {
  const [, keyword, name = written] = /^(struct|union|enum|class) (.*)$/.exec(written) ?? [];
  const tags = keyword === undefined ? plainTags : (tagsOf[keyword] ?? []);
  const path = name.split('::');
  const search = (module: SymbolModule, unit: Unit) =>
    module.attempt(() => {
      const die = typeIn(unit.full.root, path, tags, 0);
      return die && cType(die, 0);
    });
  const own = scope.unit && scope.module && search(scope.module, scope.unit);
  if (own) return own;
  for (const module of modules) {
    // Compilers write base types in words of their own, and most units have them.
    const isBase = /^(unsigned|signed|long|short|char|int)\b/.test(name);
    const units = isBase ? module.units : module.unitsDefining(path.at(-1) ?? name);
    for (const unit of units) {
      const found = unit === scope.unit ? undefined : search(module, unit);
      if (found) return found;
    }
  }
  return undefined;
}

/** Namespaces nest; broken ones could for ever. */
const MAX_DEPTH = 16;

const spaces: readonly number[] = [DW_TAG.namespace, DW_TAG.module];

function typeIn(
  parent: Die,
  path: readonly string[],
  tags: readonly number[],
  depth: number,
): Die | undefined {
  const [first = '', ...rest] = path;
  for (const child of parent.children(new Set([...tags, ...spaces]))) {
    const isSpace = child.tag === DW_TAG.namespace || child.tag === DW_TAG.module;
    if (isSpace && depth < MAX_DEPTH) {
      const inside = rest.length > 0 && child.name === first ? rest : undefined;
      const found = inside && typeIn(child, inside, tags, depth + 1);
      if (found) return found;
      continue;
    }
    if (rest.length > 0 || !tags.includes(child.tag) || child.flag(DW_AT.declaration)) continue;
    const { name } = child;
    if (name === first) return child;
    const isBase = child.tag === DW_TAG.base_type && name !== undefined;
    if (isBase && canonicalName(name) === first) return child;
  }
  return undefined;
}

function builtIn(name: string, addressSize: number): CType | undefined {
  if (name === 'void') return voidType;
  const known = basic(name, addressSize) ?? sized(name);
  return known && baseNamed(name, known.encoding, known.size);
}

interface Basic {
  readonly encoding: number;
  readonly size: number;
}

/** Sizes of the ILP32 and LP64 data models. */
function basic(name: string, long: number): Basic | undefined {
  const signed = (size: number) => ({ encoding: DW_ATE.signed, size });
  const unsigned = (size: number) => ({ encoding: DW_ATE.unsigned, size });
  const float = (size: number) => ({ encoding: DW_ATE.float, size });
  const table: Readonly<Record<string, Basic>> = {
    char: { encoding: DW_ATE.unsigned_char, size: 1 },
    'signed char': { encoding: DW_ATE.signed_char, size: 1 },
    'unsigned char': { encoding: DW_ATE.unsigned_char, size: 1 },
    ...{ short: signed(2), int: signed(4), long: signed(long), 'long long': signed(8) },
    ...{ 'unsigned short': unsigned(2), 'unsigned int': unsigned(4) },
    ...{ 'unsigned long': unsigned(long), 'unsigned long long': unsigned(8) },
    ...{ float: float(4), double: float(8), f32: float(4), f64: float(8) },
    ...{
      bool: { encoding: DW_ATE.boolean, size: 1 },
      _Bool: { encoding: DW_ATE.boolean, size: 1 },
    },
    ...{ size_t: unsigned(long), ssize_t: signed(long), ptrdiff_t: signed(long) },
    ...{ uintptr_t: unsigned(long), intptr_t: signed(long) },
    ...{ usize: unsigned(long), isize: signed(long), ulong: unsigned(long) },
    ...{ uint: unsigned(4), ushort: unsigned(2), uchar: unsigned(1) },
  };
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** `uint32_t`, `u32`, `__u32`, `s64`, `i8`. */
function sized(name: string): Basic | undefined {
  const match = /^(?:(u?)int|(?:__)?([usi]))(8|16|32|64)(?:_t)?$/.exec(name);
  if (!match) return undefined;
  const isUnsigned = match[1] === 'u' || match[2] === 'u';
  return { encoding: isUnsigned ? DW_ATE.unsigned : DW_ATE.signed, size: Number(match[3]) / 8 };
}
