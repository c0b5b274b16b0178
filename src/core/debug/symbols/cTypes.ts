/**
 * C types from debugging information entries (DWARF 5, chapter 5): what a value's bytes mean and how
 * its type is written. Members and targets are decoded when asked for, since types refer to
 * themselves. Values are values.ts.
 */
import { DW_AT, DW_ATE, DW_LANG_Rust, DW_OP, DW_TAG } from '../../formats/dwarf/constants.ts';
import { withAttribute } from './functions.ts';
import type { Die } from '../../formats/dwarf/unit.ts';

interface Typed {
  /** Bytes; 0 when unknown. */
  readonly size: number;
  /** A declaration of `inner` in C; the type's own text when `inner` is empty. */
  declare(inner: string, depth?: number): string;
}

export interface BaseCType extends Typed {
  readonly kind: 'base';
  /** DW_ATE_* */
  readonly encoding: number;
}

export interface PointerCType extends Typed {
  readonly kind: 'pointer';
  /** A reference is shown as what it refers to. */
  readonly isReference: boolean;
  readonly target: () => CType;
}

/** One of the shapes that an object may have. */
export interface Variant {
  /** The values of the discriminant that mean it; undefined for the one that all others mean. */
  readonly value: bigint | undefined;
  readonly member: Member;
}

/** DW_TAG_variant_part: how Rust's enumerations are laid out. */
export interface VariantPart {
  /** Undefined where there is one shape only. */
  readonly discriminant: Member | undefined;
  readonly variants: readonly Variant[];
}

export interface TemplateArgument {
  readonly name: string | undefined;
  readonly type: CType | undefined;
  readonly value: bigint | undefined;
}

export interface StructCType extends Typed {
  readonly kind: 'struct';
  /** Rust's own name of it, where it is Rust's. */
  readonly rust?: string;
  readonly variantPart?: () => VariantPart | undefined;
  /** Of an instance of a C++ template: the template's name, without its scope. */
  readonly template?: string;
  readonly templateArguments: () => readonly TemplateArgument[];
  readonly members: () => readonly Member[];
}

export interface ArrayCType extends Typed {
  readonly kind: 'array';
  readonly element: CType;
  /** Undefined for a flexible or variable-length array. */
  readonly count: number | undefined;
  /** Whether it is written as in Rust. */
  readonly isRust?: boolean;
}

export interface EnumCType extends Typed {
  readonly kind: 'enum';
  readonly enumerators: () => readonly Enumerator[];
}

export interface OtherCType extends Typed {
  readonly kind: 'function' | 'void';
}

export type CType = BaseCType | PointerCType | StructCType | ArrayCType | EnumCType | OtherCType;

export interface Member {
  /** Undefined for an anonymous struct or union. */
  readonly name: string | undefined;
  readonly type: CType;
  readonly byteOffset: number;
  /** For a bit-field: from the lowest bit of the byte at `byteOffset`. */
  readonly bits?: { readonly offset: number; readonly size: number };
}

export interface Enumerator {
  readonly name: string;
  readonly value: bigint;
}

/** Broken references can make a type out of itself; no real one is as deep as this. */
const MAX_DEPTH = 32;

export const voidType: CType = {
  kind: 'void',
  size: 0,
  declare: (inner) => spaced('void', inner),
};

/** The type that DW_AT_type of an entry, or of what it is an instance of, names. */
export function typeOf(die: Die, depth = 0): CType {
  const type = withAttribute(die, DW_AT.type)?.reference(DW_AT.type);
  return type ? cType(type, depth + 1) : voidType;
}

export function isSigned(type: CType): boolean {
  return (
    type.kind === 'base' &&
    (type.encoding === DW_ATE.signed || type.encoding === DW_ATE.signed_char)
  );
}

export function isCharacter(type: CType): type is BaseCType {
  return (
    type.kind === 'base' &&
    type.size === 1 &&
    (type.encoding === DW_ATE.signed_char || type.encoding === DW_ATE.unsigned_char)
  );
}

/** There is no reference to a reference, but for a type that is made of itself. */
export function isReferenceToObject(type: PointerCType): boolean {
  if (!type.isReference) return false;
  const target = type.target();
  return target.kind !== 'function' && !(target.kind === 'pointer' && target.isReference);
}

/** The type without a typedef's name is the same type, so only its text is replaced. */
function renamed(type: CType, declare: Typed['declare']): CType {
  return { ...type, declare };
}

export function cType(die: Die, depth: number): CType {
  if (depth > MAX_DEPTH) throw die.unit.error('a type is made of itself', die.offset);
  switch (die.tag) {
    case DW_TAG.base_type:
      return baseType(die);
    case DW_TAG.pointer_type:
    case DW_TAG.reference_type:
    case DW_TAG.rvalue_reference_type:
      return pointerType(die);
    case DW_TAG.structure_type:
    case DW_TAG.class_type:
    case DW_TAG.union_type:
      return structType(definitionOf(die));
    case DW_TAG.array_type:
      return arrayType(die, depth);
    case DW_TAG.enumeration_type:
      return enumType(die);
    case DW_TAG.subroutine_type:
      return functionType(die);
    case DW_TAG.typedef: {
      const name = die.name ?? '';
      return renamed(typeOf(die, depth), (inner) => spaced(name, inner));
    }
    case DW_TAG.const_type:
      return qualified('const', typeOf(die, depth));
    case DW_TAG.volatile_type:
      return qualified('volatile', typeOf(die, depth));
    case DW_TAG.restrict_type:
      return qualified('restrict', typeOf(die, depth));
    case DW_TAG.atomic_type:
      return qualified('_Atomic', typeOf(die, depth));
    case DW_TAG.subrange_type:
      return typeOf(die, depth);
    default: {
      const name = die.name ?? 'void';
      return { ...voidType, declare: (inner) => spaced(name, inner) };
    }
  }
}

function baseType(die: Die): CType {
  const name = canonicalName(die.name ?? 'int');
  return {
    kind: 'base',
    size: die.number(DW_AT.byte_size) ?? 0,
    encoding: die.number(DW_AT.encoding) ?? DW_ATE.signed,
    declare: (inner) => spaced(name, inner),
  };
}

function pointerType(die: Die): CType {
  const isReference = die.tag !== DW_TAG.pointer_type;
  const target = () => typeOf(die);
  const sign = isReference ? '&' : '*';
  // Rust's say whether they are references, and whether what they point to may be changed.
  const own = isRust(die) ? die.name : undefined;
  return {
    kind: 'pointer',
    isReference,
    size: die.number(DW_AT.byte_size) ?? die.unit.addressSize,
    target,
    declare: (inner, depth = 0) =>
      own === undefined ? declarePointer(target, sign + inner, depth) : spaced(own, inner),
  };
}

/** A type that no entry describes. */
export function baseNamed(name: string, encoding: number, size: number): CType {
  return { kind: 'base', size, encoding, declare: (inner) => spaced(name, inner) };
}

export function pointerTo(type: CType, size: number): CType {
  const target = () => type;
  const declare = (inner: string, depth = 0) => declarePointer(target, `*${inner}`, depth);
  return { kind: 'pointer', isReference: false, size, target, declare };
}

function declarePointer(target: () => CType, inner: string, depth: number): string {
  if (depth > MAX_DEPTH) return `… ${inner}`;
  const type = target();
  const needsParentheses = type.kind === 'array' || type.kind === 'function';
  return type.declare(needsParentheses ? `(${inner})` : inner, depth + 1);
}

function qualified(qualifier: string, type: CType): CType {
  // A qualifier of an array is one of its elements (C11, 6.7.3), and they may have it already.
  if (type.kind === 'array') {
    const isDone = type.element.declare('').startsWith(`${qualifier} `);
    return isDone ? type : arrayOf(qualified(qualifier, type.element), type.count);
  }
  if (type.kind === 'pointer') {
    // The qualifier belongs to the pointer: `char * const`.
    return renamed(type, (inner, depth) =>
      type.declare('', depth).endsWith('*')
        ? declarePointer(type.target, `* ${spaced(qualifier, inner)}`, depth ?? 0)
        : `${qualifier} ${type.declare(inner, depth)}`,
    );
  }
  return renamed(type, (inner, depth) => `${qualifier} ${type.declare(inner, depth)}`);
}

const structKeywords: Readonly<Record<number, string>> = {
  [DW_TAG.structure_type]: 'struct',
  [DW_TAG.class_type]: 'class',
  [DW_TAG.union_type]: 'union',
};

function structType(die: Die): CType {
  const own = die.name ?? '{…}';
  const template = isRust(die) ? undefined : /^(\w+)</.exec(own)?.[1];
  const name = isRust(die) ? own : `${structKeywords[die.tag] ?? 'struct'} ${own}`;
  return {
    ...(isRust(die) && { rust: own, variantPart: () => variantPartOf(die) }),
    ...(template !== undefined && { template }),
    kind: 'struct',
    templateArguments: () => templateArgumentsOf(die),
    size: die.number(DW_AT.byte_size) ?? 0,
    declare: (inner) => spaced(name, inner),
    members: () => membersOf(die),
  };
}

const argumentTags = new Set([DW_TAG.template_type_parameter, DW_TAG.template_value_parameter]);

function templateArgumentsOf(die: Die): readonly TemplateArgument[] {
  return [...die.children(argumentTags)].map((argument) => {
    const value = argument.value(DW_AT.const_value);
    const isType = argument.tag === DW_TAG.template_type_parameter;
    return {
      name: argument.name,
      type: isType ? typeOf(argument) : undefined,
      value: value?.kind === 'constant' ? value.value : undefined,
    };
  });
}

function variantPartOf(die: Die): VariantPart | undefined {
  for (const part of die.children()) {
    if (part.tag !== DW_TAG.variant_part) continue;
    const discriminant = part.reference(DW_AT.discr);
    const variants: Variant[] = [];
    for (const variant of part.children()) {
      if (variant.tag !== DW_TAG.variant) continue;
      const value = variant.value(DW_AT.discr_value);
      const [held] = [...variant.children()].filter(({ tag }) => tag === DW_TAG.member);
      if (!held) continue;
      const number = value?.kind === 'constant' ? value.value : undefined;
      variants.push({ value: number, member: member(held) });
    }
    return { discriminant: discriminant && member(discriminant), variants };
  }
  return undefined;
}

function membersOf(die: Die): readonly Member[] {
  const members: Member[] = [];
  for (const child of die.children(memberTags)) {
    // A static data member has no place in the object.
    if (child.has(DW_AT.external) || isEmptyBase(child)) continue;
    members.push(member(child));
  }
  return members;
}

const memberTags = new Set([DW_TAG.member, DW_TAG.inheritance]);

/** A base class without data, from which many of the C++ library's classes are derived. */
function isEmptyBase(die: Die, seen = new Set<number>()): boolean {
  if (die.tag !== DW_TAG.inheritance) return false;
  let base = die.reference(DW_AT.type);
  for (let hops = 0; base?.tag === DW_TAG.typedef && hops < MAX_DEPTH; hops++) {
    base = base.reference(DW_AT.type);
  }
  if (!base) return false;
  const definition = definitionOf(base);
  // One that was looked at before is the business of whoever began.
  if (seen.has(definition.offset)) return true;
  seen.add(definition.offset);
  for (const child of definition.children(memberTags)) {
    if (!child.has(DW_AT.external) && !isEmptyBase(child, seen)) return false;
  }
  return true;
}

function member(die: Die): Member {
  const type = typeOf(die);
  const byteOffset = memberOffset(die);
  const name = die.name;
  const bitSize = die.number(DW_AT.bit_size);
  if (bitSize === undefined) return { name, type, byteOffset };
  const bit = byteOffset * 8 + firstBit(die, type, bitSize);
  return {
    name,
    type,
    byteOffset: bit >> 3,
    bits: { offset: bit & 7, size: bitSize },
  };
}

/** Of a bit-field, from the member's byte offset. */
function firstBit(die: Die, type: CType, bitSize: number): number {
  const modern = die.number(DW_AT.data_bit_offset);
  if (modern !== undefined) return modern;
  // Before DWARF 4: from the highest bit of a storage unit of `byte_size` (DWARF 3, section 5.5.6).
  const old = die.number(DW_AT.bit_offset);
  if (old === undefined) return 0;
  const storage = die.number(DW_AT.byte_size) ?? type.size;
  return storage * 8 - old - bitSize;
}

function memberOffset(die: Die): number {
  const value = die.value(DW_AT.data_member_location);
  if (value?.kind === 'constant') return Number(value.value);
  // DWARF 2 wrote a constant offset as an expression that adds it.
  if (value?.kind === 'block' && value.bytes[0] === DW_OP.plus_uconst) {
    return value.bytes.slice(1).reduce((sum, byte, i) => sum + (byte & 0x7f) * 2 ** (7 * i), 0);
  }
  return 0;
}

function arrayType(die: Die, depth: number): CType {
  const counts: (number | undefined)[] = [];
  for (const child of die.children()) {
    if (child.tag === DW_TAG.subrange_type) counts.push(elementCount(child));
  }
  // The last dimension varies fastest, so it is the innermost array.
  let type = typeOf(die, depth);
  const made = isRust(die) ? rustArrayOf : arrayOf;
  for (const count of counts.length === 0 ? [undefined] : counts.reverse()) {
    type = made(type, count);
  }
  return type;
}

function isRust({ unit }: Die): boolean {
  return unit.root.number(DW_AT.language) === DW_LANG_Rust;
}

export function arrayOf(element: CType, count: number | undefined): ArrayCType {
  return {
    kind: 'array',
    element,
    count,
    size: element.size * (count ?? 0),
    declare: (inner, depth) => element.declare(`${inner}[${count ?? ''}]`, depth),
  };
}

export function rustArrayOf(element: CType, count: number | undefined): ArrayCType {
  return {
    ...arrayOf(element, count),
    isRust: true,
    declare: (inner, depth) => spaced(`[${element.declare('', depth)}; ${count ?? ''}]`, inner),
  };
}

function elementCount(subrange: Die): number | undefined {
  const count = subrange.number(DW_AT.count);
  if (count !== undefined) return count;
  const upper = subrange.value(DW_AT.upper_bound);
  if (upper?.kind !== 'constant') return undefined;
  // An upper bound of -1, in whatever size, is an array without elements.
  const bits = upper.size === 0 ? 64 : upper.size * 8;
  const last = BigInt.asIntN(bits, upper.value) === -1n ? -1 : Number(upper.value);
  return Math.max(0, last - (subrange.number(DW_AT.lower_bound) ?? 0) + 1);
}

function enumType(die: Die): CType {
  const name = `enum ${die.name ?? '{…}'}`;
  const size = die.number(DW_AT.byte_size) ?? 4;
  return {
    kind: 'enum',
    size,
    declare: (inner) => spaced(name, inner),
    enumerators: () => {
      const found: Enumerator[] = [];
      for (const child of die.children()) {
        if (child.tag !== DW_TAG.enumerator) continue;
        const value = child.value(DW_AT.const_value);
        if (value?.kind !== 'constant') continue;
        found.push({ name: child.name ?? '', value: BigInt.asUintN(size * 8, value.value) });
      }
      return found;
    },
  };
}

function functionType(die: Die): CType {
  const declare = (inner: string, depth = 0): string => {
    if (depth > MAX_DEPTH) return '…';
    const parameters: string[] = [];
    for (const child of die.children()) {
      if (child.tag === DW_TAG.formal_parameter)
        parameters.push(typeOf(child).declare('', depth + 1));
      else if (child.tag === DW_TAG.unspecified_parameters) parameters.push('...');
    }
    return typeOf(die).declare(`${inner}(${parameters.join(', ') || 'void'})`, depth + 1);
  };
  return { kind: 'function', size: 0, declare };
}

/** A declaration whose definition is in a type unit refers to it by signature. */
function definitionOf(die: Die): Die {
  if (!die.flag(DW_AT.declaration)) return die;
  return die.reference(DW_AT.signature) ?? die.reference(DW_AT.specification) ?? die;
}

/** `unsigned short` for GCC's `short unsigned int`. */
export function canonicalName(name: string): string {
  return name.replace(/^((?:long |short )+)(unsigned )?int$/, '$2$1').trim();
}

/** `char *`, `char *p`, `int x`, `int [4]`. */
function spaced(name: string, inner: string): string {
  return inner === '' ? name : `${name} ${inner}`;
}
