/**
 * Variables of a frame: finds their entries through lexical blocks and inlined calls, evaluates
 * where they are, and makes values that expand lazily. Text is values.ts, bytes are storage.ts.
 */
import { FormatError } from '../../base/byteReader.ts';
import { DW_AT, DW_TAG } from '../../formats/dwarf/constants.ts';
import { evaluateLocation, Unavailable } from '../../formats/dwarf/expression.ts';
import { expressionAt } from '../../formats/dwarf/locations.ts';
import type { Die, Unit } from '../../formats/dwarf/unit.ts';
import { isLibraryType, libraryValue } from './cppValues.ts';
import {
  arrayOf,
  rustArrayOf,
  typeOf,
  voidType,
  isReferenceToObject,
  type CType,
  type Member,
  type StructCType,
} from './cTypes.ts';
import { rustShape, rustSlice } from './rustValues.ts';
import { expressionFrame, expressionSetting, filePc, type FrameScope } from './frameScope.ts';
import { nameOfEntry, scopesAt } from './functions.ts';
import { operandOf } from './operand.ts';
import {
  constantStorage,
  littleEndian,
  memoryStorage,
  partOf,
  storageOf,
  type Storage,
} from './storage.ts';
import { anonymousMember, type Variable } from './symbols.ts';
import { TypeHandle } from './typeHandle.ts';
import {
  formatValue,
  readScalar,
  writeScalar,
  type BitField,
  type ValueSetting,
} from './values.ts';

/** Most elements of an array that one request expands to, unless it says how many. */
const MAX_CHILDREN = 1000;

/** Deeper than any program has blocks without code in each other. */
const MAX_NESTED_BLOCKS = 16;

/** Variables of the entries that `localEntries` found. */
export async function localVariables(
  entries: readonly Die[],
  scope: FrameScope,
): Promise<readonly Variable[]> {
  const variables: Variable[] = [];
  for (const die of entries) variables.push(await localVariable(die, scope));
  return variables;
}

export async function localVariable(die: Die, scope: FrameScope): Promise<Variable> {
  const kind = die.tag === DW_TAG.formal_parameter ? 'parameter' : 'local';
  return variableOf(die, kind, scope);
}

/** Entries of parameters and locals at the frame's pc, innermost block first. */
export function localEntries(scope: FrameScope, inlineDepth: number): readonly Die[] {
  if (!scope.function) return [];
  const pc = filePc(scope);
  const calls: Die[][] = [[scope.function]];
  for (const die of scopesAt(scope.function, pc)) {
    if (die.tag === DW_TAG.inlined_subroutine) calls.push([die]);
    else calls.at(-1)?.push(die);
  }
  const blocks = calls.at(-1 - inlineDepth) ?? [];
  return blocks.toReversed().flatMap((block) => [...entriesOf(block)]);
}

/** A block without addresses has no code of its own: what it declares is its parent's, as in gdb. */
function* entriesOf(block: Die, depth = 0): Generator<Die> {
  for (const child of block.children()) {
    if (isVisible(child)) yield child;
    const isBlock = child.tag === DW_TAG.lexical_block && depth < MAX_NESTED_BLOCKS;
    if (!isBlock || child.has(DW_AT.low_pc) || child.has(DW_AT.ranges)) continue;
    yield* entriesOf(child, depth + 1);
  }
  // What an instance does not say anything of is in its abstract instance, and was optimised out.
  const abstract = block.reference(DW_AT.abstract_origin);
  if (abstract && depth < MAX_NESTED_BLOCKS) yield* untold(block, abstract, depth);
}

function* untold(instance: Die, abstract: Die, depth: number): Generator<Die> {
  const told = new Set<number>();
  let blocks = 0;
  for (const child of instance.children()) {
    const origin = child.reference(DW_AT.abstract_origin);
    if (origin) told.add(origin.offset);
    else if (child.tag === DW_TAG.lexical_block) blocks++;
  }
  for (const child of abstract.children()) {
    if (told.has(child.offset)) continue;
    if (isVisible(child)) yield child;
    // Blocks that do not say of which they are instances are those of the first ones.
    else if (child.tag === DW_TAG.lexical_block && blocks-- <= 0)
      yield* entriesOf(child, depth + 1);
  }
}

/** Globals and statics that a unit defines. */
export function* globalEntries(unit: Unit): Generator<Die> {
  yield* globalsIn(unit.root, 0);
}

export async function globalVariable(die: Die, scope: FrameScope): Promise<Variable> {
  return variableOf(die, 'global', scope);
}

const globalTags = new Set([DW_TAG.namespace, DW_TAG.module, DW_TAG.variable]);

function* globalsIn(parent: Die, depth: number): Generator<Die> {
  for (const child of parent.children(globalTags)) {
    const isSpace = child.tag === DW_TAG.namespace || child.tag === DW_TAG.module;
    if (isSpace && depth < 16) yield* globalsIn(child, depth + 1);
    if (child.tag !== DW_TAG.variable) continue;
    if (child.has(DW_AT.location) || child.has(DW_AT.const_value)) yield child;
  }
}

function isVisible(die: Die): boolean {
  const isVariable = die.tag === DW_TAG.variable && !die.flag(DW_AT.declaration);
  if (!isVariable && die.tag !== DW_TAG.formal_parameter) return false;
  // Nobody can ask for one without a name.
  return nameOfEntry(die) !== undefined;
}

/** What every value within a variable shares with it. */
interface Place {
  readonly name: string;
  readonly expression: string;
  readonly kind: Variable['kind'];
  readonly type: CType;
  readonly storage: Storage;
  readonly bits?: BitField | undefined;
}

async function variableOf(die: Die, kind: Variable['kind'], scope: FrameScope): Promise<Variable> {
  let name = '<unnamed>';
  try {
    name = nameOfEntry(die) ?? name;
    const type = typeOf(die);
    const storage = await locate(die, type, scope);
    return await makeVariable({ name, expression: name, kind, type, storage }, scope.setting);
  } catch (error) {
    // Broken debug information of one variable leaves the others as they are.
    if (!(error instanceof FormatError) && !(error instanceof Unavailable)) throw error;
    return { name, type: '', value: `<${error.message}>`, kind, size: 0, expression: name };
  }
}

async function locate(die: Die, type: CType, scope: FrameScope): Promise<Storage> {
  const constant = constantOf(die, type);
  if (constant) return constantStorage(constant);
  const pc = filePc(scope);
  const expression = expressionAt(die, DW_AT.location, pc);
  if (!expression || expression.length === 0) return constantStorage(new Uint8Array(0));
  try {
    const frame = expressionFrame(scope);
    const pieces = await evaluateLocation(expression, frame, expressionSetting(scope, die.unit));
    return storageOf(pieces, scope.setting.context);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { address: undefined, read: () => Promise.reject(error) };
  }
}

/** The bytes of DW_AT_const_value. Compilers write numbers with a sign as DW_FORM_sdata. */
function constantOf(die: Die, type: CType): Uint8Array | undefined {
  const value = die.value(DW_AT.const_value);
  if (value?.kind === 'constant') return littleEndian(value.value, type.size);
  if (value?.kind === 'block') return value.bytes;
  const text = value && die.string(DW_AT.const_value);
  return text === undefined ? undefined : new TextEncoder().encode(`${text}\0`);
}

export async function makeVariable(place: Place, setting: ValueSetting): Promise<Variable> {
  const special = (await referred(place, setting)) ?? (await libraryVariable(place, setting));
  return special ?? plainVariable(place, setting);
}

/** What a reference refers to, as which C++ treats it; undefined for all else. */
async function referred(place: Place, setting: ValueSetting): Promise<Variable | undefined> {
  const { type, storage } = place;
  if (type.kind !== 'pointer' || !isReferenceToObject(type)) return undefined;
  const pointsTo = await pointerValue(place);
  if (pointsTo === undefined) return undefined;
  const memory = memoryStorage(pointsTo, setting.context.pointers ?? setting.context);
  const target = await makeVariable({ ...place, type: type.target(), storage: memory }, setting);
  const { register } = storage;
  return {
    ...target,
    type: type.declare(''),
    pointsTo,
    ...(register !== undefined && { register }),
  };
}

/** What an object of the C++ library holds; the object itself is `raw`. */
async function libraryVariable(place: Place, setting: ValueSetting): Promise<Variable | undefined> {
  const { type, storage, expression } = place;
  if (!isLibraryType(type) || type.kind !== 'struct') return undefined;
  const held = await attempt(() =>
    libraryValue(type, storage, { context: setting.context, readScalar }),
  );
  if (!held) return undefined;
  const { template: _, ...plain } = type;
  const own = await plainVariable({ ...place, type: plain }, setting);
  const value = await formatValue(type, storage, setting);
  const raw = async () => ({ ...own, name: '[raw]', kind: 'member' as const });
  const object = { ...own, value, raw, objectType: new TypeHandle(type) };
  switch (held.kind) {
    case 'row': {
      const { element, count } = held;
      const row = { ...place, storage: held.storage };
      const children: Expansion = (start = 0, most = MAX_CHILDREN) =>
        elements(row, arrayOf(element, count), setting, start, most);
      return { ...object, indexedCount: count, children };
    }
    case 'one': {
      if (!held.part) return { ...object, children: async () => [] };
      const { size, address } = own;
      const inner = await makeVariable({ ...place, ...held.part }, setting);
      const { children = async () => [] } = inner;
      const outer = { type: own.type, size, raw, objectType: object.objectType };
      return { ...inner, ...outer, ...(address !== undefined && { address }), children };
    }
    case 'parts':
      return {
        ...object,
        isKeyed: true,
        async children() {
          const found: Variable[] = [];
          for (const [i, { key, value: part }] of (await held.parts(MAX_CHILDREN)).entries()) {
            const name = `[${key ? await formatValue(key.type, key.storage, setting) : i}]`;
            const own = {
              name,
              expression: parenthesized(expression) + name,
              kind: 'member',
            } as const;
            found.push(await makeVariable({ ...own, ...part }, setting));
          }
          return found;
        },
      };
  }
}

async function plainVariable(place: Place, setting: ValueSetting): Promise<Variable> {
  const { name, expression, kind, type, storage, bits } = place;
  const { address } = storage;
  const pointsTo = await pointerValue(place);
  const children = expansion(place, setting, pointsTo);
  const assignable =
    storage.write && (type.kind === 'base' || type.kind === 'enum' || type.kind === 'pointer');
  return {
    name,
    expression,
    kind,
    type: bits ? `${type.declare('')} : ${bits.size}` : type.declare(''),
    value: await formatValue(type, storage, setting, bits),
    size: type.size,
    operand: () => operandOf(type, storage, bits, expression),
    ...(!bits && { objectType: new TypeHandle(type) }),
    ...(address !== undefined && setting.context.space && { space: setting.context.space }),
    ...(address !== undefined && { address }),
    ...(storage.register !== undefined && { register: storage.register }),
    ...(pointsTo !== undefined && { pointsTo }),
    ...(type.kind === 'array' && type.count !== undefined && { indexedCount: type.count }),
    ...(children && { children }),
    ...(assignable && {
      assign: async (text: string) => {
        await writeScalar(type, storage, bits, text);
        return makeVariable(place, setting);
      },
    }),
  };
}

async function pointerValue({ type, storage }: Place): Promise<bigint | undefined> {
  return type.kind === 'pointer' ? attempt(() => readScalar(type, storage)) : undefined;
}

/** Undefined where the bytes cannot be had: the value's text says so. */
async function attempt<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Unavailable) return undefined;
    throw error;
  }
}

type Expansion = NonNullable<Variable['children']>;

function expansion(
  place: Place,
  setting: ValueSetting,
  pointsTo: bigint | undefined,
): Expansion | undefined {
  const { type } = place;
  switch (type.kind) {
    case 'struct':
      if (type.rust !== undefined) return rustExpansion(place, type, setting);
      return async () =>
        structChildren(
          type.members(),
          place.storage,
          `${parenthesized(place.expression)}.`,
          place,
          setting,
        );
    case 'array':
      if (!type.count) return undefined;
      return async (start = 0, count = MAX_CHILDREN) =>
        elements(place, type, setting, start, count);
    case 'pointer': {
      const target = type.target();
      if (pointsTo === undefined || pointsTo === 0n) return undefined;
      if (target.kind === 'void' || target.kind === 'function') return undefined;
      return async () => pointerChildren(place, target, pointsTo, setting);
    }
    default:
      return undefined;
  }
}

/** What Rust shows under an object: the members of the shape it has, or the elements of a slice. */
function rustExpansion(place: Place, type: StructCType, setting: ValueSetting): Expansion {
  const { storage } = place;
  const slice = rustSlice(type);
  if (!slice) {
    return async () => {
      const shape = await rustShape(type, storage, readScalar);
      const prefix = `${parenthesized(place.expression)}.`;
      return structChildren(shape.members, shape.storage, prefix, place, setting);
    };
  }
  return async (start = 0, count = MAX_CHILDREN) => {
    const { pointer, length } = slice;
    const address = await readScalar(pointer.type, partOf(storage, pointer.byteOffset));
    const whole = Number(await readScalar(length.type, partOf(storage, length.byteOffset)));
    const context = setting.context.pointers ?? setting.context;
    const element = pointer.type.kind === 'pointer' ? pointer.type.target() : voidType;
    const of = { ...place, storage: memoryStorage(address, context) };
    return elements(of, rustArrayOf(element, whole), setting, start, count);
  };
}

/** The members of a struct that is pointed to, or else the one object. */
async function pointerChildren(
  place: Place,
  target: CType,
  pointsTo: bigint,
  setting: ValueSetting,
): Promise<readonly Variable[]> {
  const context = setting.context.pointers ?? setting.context;
  const followed = { ...setting, context };
  const storage = memoryStorage(pointsTo, context);
  if (target.kind === 'struct' && !isLibraryType(target)) {
    return structChildren(
      target.members(),
      storage,
      `${parenthesized(place.expression)}->`,
      place,
      followed,
    );
  }
  const expression = `*${parenthesized(place.expression)}`;
  return [
    await makeVariable({ name: '*', expression, kind: 'member', type: target, storage }, followed),
  ];
}

async function structChildren(
  members: readonly Member[],
  storage: Storage,
  prefix: string,
  place: Place,
  setting: ValueSetting,
): Promise<readonly Variable[]> {
  const children: Variable[] = [];
  for (const member of members) {
    const { name, type, byteOffset, bits } = member;
    children.push(
      await makeVariable(
        {
          name: name ?? anonymousMember,
          // C names the members of an anonymous member as if they were its parent's.
          expression: name === undefined ? place.expression : prefix + name,
          kind: 'member',
          type,
          storage: partOf(storage, byteOffset),
          bits,
        },
        setting,
      ),
    );
  }
  return children;
}

async function elements(
  place: Place,
  type: CType & { kind: 'array' },
  setting: ValueSetting,
  start: number,
  count: number,
): Promise<readonly Variable[]> {
  const children: Variable[] = [];
  const end = Math.min(start + count, type.count ?? 0);
  for (let i = Math.max(0, start); i < end; i++) {
    const name = `[${i}]`;
    const expression = parenthesized(place.expression) + name;
    const storage = partOf(place.storage, i * type.element.size);
    children.push(
      await makeVariable(
        { name, expression, kind: 'member', type: type.element, storage },
        setting,
      ),
    );
  }
  return children;
}

function parenthesized(expression: string): string {
  // Casts, sums and `*` bind less tightly than what follows.
  return /^[-+*&(]|[ @]/.test(expression) ? `(${expression})` : expression;
}
