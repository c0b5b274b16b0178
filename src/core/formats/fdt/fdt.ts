/**
 * The tree that a flattened device tree holds, as plain data, and the constants of its encoding.
 * Knows nothing of any machine or binding.
 *
 * Devicetree Specification v0.4, chapters 2 (the tree) and 5 (Flattened Devicetree format).
 */

/** Section 5.2, `fdt_header`. */
export const FDT_MAGIC = 0xd00dfeed;
export const FDT_VERSION = 17;
export const FDT_LAST_COMPATIBLE_VERSION = 16;
export const FDT_HEADER_SIZE = 40;

/** Section 5.4.1, tokens of the structure block. */
export const FDT_BEGIN_NODE = 1;
export const FDT_END_NODE = 2;
export const FDT_PROP = 3;
export const FDT_NOP = 4;
export const FDT_END = 9;

/** Section 5.3, one entry of the memory reservation block. */
export interface FdtReservation {
  readonly address: bigint;
  readonly size: bigint;
}

export interface FdtProperty {
  readonly name: string;
  readonly value: Uint8Array;
}

export interface FdtNode {
  /** `uart@10000000`; empty for the root. */
  readonly name: string;
  readonly properties: FdtProperty[];
  readonly children: FdtNode[];
}

export interface FdtTree {
  readonly root: FdtNode;
  readonly reservations: readonly FdtReservation[];
  /** `boot_cpuid_phys`. */
  readonly bootCpu: number;
}

/** The node at an absolute path; '/' is the root. A unit address may not be left out. */
export function nodeAt(root: FdtNode, path: string): FdtNode | undefined {
  let node: FdtNode | undefined = root;
  for (const name of path.split('/').filter((part) => part !== '')) {
    node = node?.children.find((child) => child.name === name);
  }
  return node;
}

export function propertyOf(node: FdtNode, name: string): Uint8Array | undefined {
  return node.properties.find((property) => property.name === name)?.value;
}

/** A property's value as big-endian 32-bit cells, undefined when it is not a whole number of them. */
export function cellsOf(value: Uint8Array): number[] | undefined {
  if (value.length % 4 !== 0) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  return Array.from({ length: value.length / 4 }, (_, i) => view.getUint32(4 * i));
}

/** A property's value as NUL-terminated strings, undefined when it is not a list of those. */
export function stringsOf(value: Uint8Array): string[] | undefined {
  if (value.length === 0 || value[value.length - 1] !== 0) return undefined;
  return new TextDecoder().decode(value.subarray(0, -1)).split('\0');
}
