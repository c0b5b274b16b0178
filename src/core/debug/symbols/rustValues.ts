/**
 * Rust's values as Rust writes them (as rustc lays them out in DWARF): enumerations by the shape
 * they have, tuples, slices and `&str`. What it reads and how parts are written comes from outside.
 */
import type { CType, Member, StructCType } from './cTypes.ts';
import { partOf, type Storage } from './storage.ts';

/** The members of an object as they are shown, under the name that stands before them. */
export interface RustShape {
  /** `Circle`, `Point`, `''` for a tuple. */
  readonly name: string;
  readonly members: readonly Member[];
  readonly storage: Storage;
}

/** What a fat pointer leads to: elements, or text. */
export interface RustSlice {
  readonly kind: 'text' | 'slice';
  readonly pointer: Member;
  readonly length: Member;
}

/** The shape that an object has now. */
export async function rustShape(
  type: StructCType,
  storage: Storage,
  read: (type: CType, storage: Storage) => Promise<bigint>,
): Promise<RustShape> {
  const part = type.variantPart?.();
  if (!part) {
    const isTuple = type.rust?.startsWith('(') ?? false;
    return { name: isTuple ? '' : plain(type.rust ?? ''), members: type.members(), storage };
  }
  const { discriminant, variants } = part;
  const value =
    discriminant && (await read(discriminant.type, partOf(storage, discriminant.byteOffset)));
  const bits = (discriminant?.type.size ?? 8) * 8;
  const same = (wanted: bigint | undefined) =>
    wanted !== undefined && value !== undefined && BigInt.asUintN(bits, wanted - value) === 0n;
  const found =
    variants.find((variant) => same(variant.value)) ??
    variants.find((variant) => variant.value === undefined);
  if (!found) return { name: `<no shape for ${value}>`, members: [], storage };
  const { name = '', type: inner, byteOffset } = found.member;
  const members = inner.kind === 'struct' ? inner.members() : [];
  return { name, members, storage: partOf(storage, byteOffset) };
}

export function rustSlice(type: StructCType): RustSlice | undefined {
  const name = type.rust ?? '';
  if (!/^&(?:mut )?(?:str$|\[)/.test(name)) return undefined;
  const members = type.members();
  const pointer = members.find((member) => member.name === 'data_ptr');
  const length = members.find((member) => member.name === 'length');
  if (pointer?.type.kind !== 'pointer' || !length) return undefined;
  return { kind: name.endsWith('str') ? 'text' : 'slice', pointer, length };
}

/** `Name(a, b)`, `Name {x: a}`, `Name`. */
export function rustText(
  name: string,
  parts: readonly { readonly name: string | undefined; readonly value: string }[],
): string {
  if (parts.length === 0) return name === '' ? '()' : name;
  if (parts.every((part) => /^__\d+$/.test(part.name ?? ''))) {
    return `${name}(${parts.map(({ value }) => value).join(', ')})`;
  }
  const inner = parts.map((part) => `${part.name}: ${part.value}`).join(', ');
  return name === '' ? `{${inner}}` : `${name} {${inner}}`;
}

/** Without the path of the module, and without what it is generic over. */
function plain(name: string): string {
  return name.replace(/<.*$/, '').replace(/^.*::/, '');
}
