/**
 * Encodes a tree as a flattened device tree of version 17. Blocks come in the order of the
 * specification, without padding between or behind them.
 *
 * Devicetree Specification v0.4, chapter 5.
 */
import {
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_HEADER_SIZE,
  FDT_LAST_COMPATIBLE_VERSION,
  FDT_MAGIC,
  FDT_PROP,
  FDT_VERSION,
  type FdtNode,
  type FdtTree,
} from './fdt.ts';

export function writeFdt(tree: FdtTree): Uint8Array {
  const structure = new Structure();
  structure.node(tree.root);
  structure.word(FDT_END);

  const strings = structure.strings.bytes();
  // The list of reservations ends with an empty entry.
  const reservationSize = 16 * (tree.reservations.length + 1);
  const structureOffset = FDT_HEADER_SIZE + reservationSize;
  const stringsOffset = structureOffset + structure.length;
  const total = stringsOffset + strings.length;

  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  const header = [
    FDT_MAGIC,
    total,
    structureOffset,
    stringsOffset,
    FDT_HEADER_SIZE,
    FDT_VERSION,
    FDT_LAST_COMPATIBLE_VERSION,
    tree.bootCpu,
    strings.length,
    structure.length,
  ];
  header.forEach((word, i) => view.setUint32(4 * i, word));
  tree.reservations.forEach(({ address, size }, i) => {
    view.setBigUint64(FDT_HEADER_SIZE + 16 * i, address);
    view.setBigUint64(FDT_HEADER_SIZE + 16 * i + 8, size);
  });
  structure.copyTo(out, structureOffset);
  out.set(strings, stringsOffset);
  return out;
}

/** Section 5.4: tokens and their data, each aligned to four bytes. */
class Structure {
  readonly strings = new Strings();
  length = 0;
  private readonly parts: Uint8Array[] = [];

  node(node: FdtNode): void {
    this.word(FDT_BEGIN_NODE);
    this.padded(new TextEncoder().encode(`${node.name}\0`));
    for (const { name, value } of node.properties) {
      this.word(FDT_PROP);
      this.word(value.length);
      this.word(this.strings.offsetOf(name));
      this.padded(value);
    }
    for (const child of node.children) this.node(child);
    this.word(FDT_END_NODE);
  }

  word(value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    this.padded(bytes);
  }

  copyTo(out: Uint8Array, offset: number): void {
    for (const part of this.parts) {
      out.set(part, offset);
      offset += part.length;
    }
  }

  private padded(bytes: Uint8Array): void {
    const part = new Uint8Array((bytes.length + 3) & ~3);
    part.set(bytes);
    this.parts.push(part);
    this.length += part.length;
  }
}

/** Section 5.5: each name once; one that ends another shares its bytes. */
class Strings {
  private text = '';

  offsetOf(name: string): number {
    const wanted = `${name}\0`;
    const found = this.text.indexOf(wanted);
    if (found >= 0) return found;
    this.text += wanted;
    return this.text.length - wanted.length;
  }

  bytes(): Uint8Array {
    return new TextEncoder().encode(this.text);
  }
}
