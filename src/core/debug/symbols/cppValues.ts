/**
 * Objects of the C++ library as what they hold: strings, containers, pointers that own. They are told
 * by their templates' names and by the members that libstdc++ gives them, whose names nobody else may
 * use (C++20, [lex.name]). An object that is not as it should be, since it is not yet made or is
 * destroyed, is shown by its members like any other.
 */
import type { CType, Member, StructCType } from './cTypes.ts';
import { memoryStorage, partOf, type Storage } from './storage.ts';
import type { FrameContext } from './symbols.ts';

/** A part of an object or of what it manages. */
export interface Part {
  readonly type: CType;
  readonly storage: Storage;
}

export type LibraryValue =
  /** Elements in a row; characters are text. */
  | {
      readonly kind: 'row';
      readonly element: CType;
      readonly count: number;
      readonly storage: Storage;
    }
  /** It stands for one other object; undefined where it is empty. */
  | { readonly kind: 'one'; readonly part: Part | undefined }
  /** Elements that are looked for one after another; with keys, of which each has its value. */
  | {
      readonly kind: 'parts';
      readonly count: number;
      parts(most: number): Promise<readonly { readonly key?: Part; readonly value: Part }[]>;
    };

export interface LibraryReader {
  readonly context: FrameContext;
  readScalar(type: CType, storage: Storage): Promise<bigint>;
}

type Read = (object: Part, reader: LibraryReader) => Promise<LibraryValue | undefined>;

/** More elements than any memory has mean that the object was never made. */
const MOST = 2 ** 40;

/** Undefined for whatever is none of the library's, or not as it leaves its objects. */
export async function libraryValue(
  type: StructCType,
  storage: Storage,
  reader: LibraryReader,
): Promise<LibraryValue | undefined> {
  const template = templateOf(type);
  const read = template === undefined ? undefined : readers[template];
  const value = await read?.({ type, storage }, reader);
  const part = value?.kind === 'one' ? value.part : undefined;
  // A type that is broken may hold itself: what is in an object is smaller, or no such object.
  return part && part.type.size >= type.size && isLibraryType(part.type) ? undefined : value;
}

/** Whether values of a type are shown by what they hold, if they are as they should be. */
export function isLibraryType(type: CType): boolean {
  const template = type.kind === 'struct' ? templateOf(type) : undefined;
  return template !== undefined && readers[template] !== undefined;
}

function templateOf({ template }: StructCType): string | undefined {
  return template !== undefined && Object.hasOwn(readers, template) ? template : undefined;
}

const readers: Readonly<Record<string, Read>> = {
  basic_string: (object, reader) =>
    rowOf(at(object, '_M_dataplus', '_M_p'), at(object, '_M_string_length'), reader),
  basic_string_view: (object, reader) => rowOf(at(object, '_M_str'), at(object, '_M_len'), reader),
  initializer_list: (object, reader) => rowOf(at(object, '_M_array'), at(object, '_M_len'), reader),
  vector,
  array,
  span,
  optional,
  unique_ptr: async (object) => one(tupleParts(at(object, '_M_t', '_M_t'))[0]),
  shared_ptr: async (object) => one(at(object, '_M_ptr')),
  weak_ptr: async (object) => one(at(object, '_M_ptr')),
  reference_wrapper: async (object) => one(at(object, '_M_data')),
  atomic: async (object) =>
    one(
      at(object, '_M_i') ??
        at(object, '_M_fp') ??
        at(object, '_M_base', '_M_i') ??
        at(object, '_M_b', '_M_p'),
    ),
  tuple: async (object) => listed(tupleParts(object).map((value) => ({ value }))),
  variant,
  map: (object, reader) => tree(object, reader, true),
  multimap: (object, reader) => tree(object, reader, true),
  set: (object, reader) => tree(object, reader, false),
  multiset: (object, reader) => tree(object, reader, false),
};

async function vector(object: Part, reader: LibraryReader): Promise<LibraryValue | undefined> {
  const first = at(object, '_M_impl', '_M_start');
  const last = at(object, '_M_impl', '_M_finish');
  // That of bits has iterators there.
  if (first?.type.kind !== 'pointer' || !last) return undefined;
  const element = first.type.target();
  const start = await reader.readScalar(first.type, first.storage);
  const bytes = Number((await reader.readScalar(last.type, last.storage)) - start);
  const count = element.size === 0 ? -1 : bytes / element.size;
  return row(element, start, count, reader);
}

async function array(object: Part): Promise<LibraryValue | undefined> {
  const elements = at(object, '_M_elems');
  if (elements?.type.kind === 'array') {
    const { element, count = 0 } = elements.type;
    return { kind: 'row', element, count, storage: elements.storage };
  }
  const [element] = argumentsOf(object);
  if (!elements || !element?.type) return undefined;
  return { kind: 'row', element: element.type, count: 0, storage: elements.storage };
}

async function span(object: Part, reader: LibraryReader): Promise<LibraryValue | undefined> {
  const pointer = at(object, '_M_ptr');
  const length = at(object, '_M_extent', '_M_extent_value');
  if (length) return rowOf(pointer, length, reader);
  const [, extent] = argumentsOf(object);
  if (pointer?.type.kind !== 'pointer' || extent?.value === undefined) return undefined;
  const start = await reader.readScalar(pointer.type, pointer.storage);
  return row(pointer.type.target(), start, Number(extent.value), reader);
}

async function optional(object: Part, reader: LibraryReader): Promise<LibraryValue | undefined> {
  const payload = at(object, '_M_payload');
  const engaged = payload && at(payload, '_M_engaged');
  const value = payload && at(payload, '_M_payload', '_M_value');
  if (!engaged || !value) return undefined;
  const has = await reader.readScalar(engaged.type, engaged.storage);
  if (has > 1n) return undefined;
  return { kind: 'one', part: has === 1n ? value : undefined };
}

const MOST_ALTERNATIVES = 256n;

/** Alternatives are one in the other: the first, or the rest. */
async function variant(object: Part, reader: LibraryReader): Promise<LibraryValue | undefined> {
  const index = at(object, '_M_index');
  if (!index) return undefined;
  const number = await reader.readScalar(index.type, index.storage);
  if (number > MOST_ALTERNATIVES) return undefined;
  let rest = at(object, '_M_u');
  for (let i = 0n; rest && i < number; i++) rest = at(rest, '_M_rest');
  const held = rest && at(rest, '_M_first', '_M_storage');
  if (!held) return undefined;
  // What has a destructor stands in bytes that are its own.
  const [own] = held.type.kind === 'struct' ? held.type.templateArguments() : [];
  const isBytes = held.type.kind === 'struct' && held.type.template === '__aligned_membuf';
  return { kind: 'one', part: isBytes && own?.type ? { ...held, type: own.type } : held };
}

/** The tree of maps and sets (bits/stl_tree.h), from its leftmost node on. */
async function tree(
  object: Part,
  reader: LibraryReader,
  hasKeys: boolean,
): Promise<LibraryValue | undefined> {
  const whole = at(object, '_M_t');
  const header = whole && at(whole, '_M_impl', '_M_header');
  const number = whole && at(whole, '_M_impl', '_M_node_count');
  const value = whole && argumentsOf(whole).find(({ name }) => name === '_Val')?.type;
  if (!header || !number || !value || header.storage.address === undefined) return undefined;
  const count = Number(await reader.readScalar(number.type, number.storage));
  if (!(count >= 0 && count <= MOST)) return undefined;
  const memory = reader.context.pointers ?? reader.context;
  const link = async (node: bigint, name: string) => {
    const part = at({ type: header.type, storage: memoryStorage(node, memory) }, name);
    return part ? reader.readScalar(part.type, part.storage) : 0n;
  };
  return {
    kind: 'parts',
    count,
    async parts(most) {
      const found: { key?: Part; value: Part }[] = [];
      let node = await link(header.storage.address ?? 0n, '_M_left');
      while (found.length < Math.min(count, most)) {
        const storage = memoryStorage(node + BigInt(header.type.size), memory);
        const held = { type: value, storage };
        const key = hasKeys ? at(held, 'first') : undefined;
        const second = hasKeys ? at(held, 'second') : undefined;
        found.push(key && second ? { key, value: second } : { value: held });
        node = await nextNode(node, link);
      }
      return found;
    },
  };
}

/** Deeper than a balanced tree in any memory; a broken one may go round in circles. */
const DEEPEST = 128;

async function nextNode(
  node: bigint,
  link: (node: bigint, name: string) => Promise<bigint>,
): Promise<bigint> {
  let next = await link(node, '_M_right');
  if (next !== 0n) {
    for (let i = 0; i < DEEPEST; i++) {
      const left = await link(next, '_M_left');
      if (left === 0n) return next;
      next = left;
    }
    return next;
  }
  let from = node;
  next = await link(from, '_M_parent');
  for (let i = 0; i < DEEPEST && (await link(next, '_M_right')) === from; i++) {
    from = next;
    next = await link(from, '_M_parent');
  }
  return next;
}

function one(part: Part | undefined): LibraryValue | undefined {
  return part && { kind: 'one', part };
}

function listed(parts: readonly { readonly value: Part }[]): LibraryValue {
  return { kind: 'parts', count: parts.length, parts: async (most) => parts.slice(0, most) };
}

async function rowOf(
  pointer: Part | undefined,
  length: Part | undefined,
  reader: LibraryReader,
): Promise<LibraryValue | undefined> {
  if (pointer?.type.kind !== 'pointer' || !length) return undefined;
  const count = Number(await reader.readScalar(length.type, length.storage));
  const start = await reader.readScalar(pointer.type, pointer.storage);
  return row(pointer.type.target(), start, count, reader);
}

function row(
  element: CType,
  start: bigint,
  count: number,
  { context }: LibraryReader,
): LibraryValue | undefined {
  if (!Number.isInteger(count) || count < 0 || count > MOST) return undefined;
  return {
    kind: 'row',
    element,
    count,
    storage: memoryStorage(start, context.pointers ?? context),
  };
}

/** Classes of the library are less deep: each element of a tuple is a level. */
const MAX_BASES = 32;

/** The elements of a tuple are bases of it, each with its number. */
function tupleParts(object: Part | undefined): readonly Part[] {
  const found = new Map<bigint, Part>();
  const visit = (part: Part, depth: number): void => {
    if (part.type.kind !== 'struct' || depth > MAX_BASES) return;
    const isElement = part.type.template === '_Head_base';
    const number = isElement ? part.type.templateArguments()[0]?.value : undefined;
    if (number !== undefined) {
      // An empty element may be a base itself, and has nothing to show.
      found.set(number, own(part, '_M_head_impl') ?? part);
      return;
    }
    for (const base of part.type.members()) {
      if (base.name === undefined) visit(partAt(part, base), depth + 1);
    }
  };
  if (object) visit(object, 0);
  return [...found].sort(([a], [b]) => Number(a - b)).map(([, part]) => part);
}

function argumentsOf({ type }: Part) {
  return type.kind === 'struct' ? type.templateArguments() : [];
}

/** A member of a member; those of base classes count as the object's own. */
function at(object: Part, ...names: readonly string[]): Part | undefined {
  let part: Part | undefined = object;
  for (const name of names) part = part && own(part, name);
  return part;
}

function own(object: Part, name: string, depth = 0): Part | undefined {
  if (object.type.kind !== 'struct' || depth > MAX_BASES) return undefined;
  const members = object.type.members();
  const named = members.find((member) => member.name === name);
  if (named) return partAt(object, named);
  for (const base of members) {
    const found = base.name === undefined && own(partAt(object, base), name, depth + 1);
    if (found) return found;
  }
  return undefined;
}

function partAt({ storage }: Part, { type, byteOffset }: Member): Part {
  return { type, storage: partOf(storage, byteOffset) };
}
