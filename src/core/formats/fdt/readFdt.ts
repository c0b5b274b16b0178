/**
 * Reads a flattened device tree. Every length and offset is checked; what does not fit is an
 * `FdtError` that names the offset. Devicetree Specification v0.4, chapter 5.
 */
import { FormatError } from '../../base/byteReader.ts';
import {
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_HEADER_SIZE,
  FDT_LAST_COMPATIBLE_VERSION,
  FDT_MAGIC,
  FDT_NOP,
  FDT_PROP,
  FDT_VERSION,
  type FdtNode,
  type FdtReservation,
  type FdtTree,
} from './fdt.ts';

export class FdtError extends FormatError {
  override readonly name = 'FdtError';
}

/** Whether `bytes` begin like a flattened device tree. */
export function looksLikeFdt(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === FDT_MAGIC;
}

/** `name` stands for the bytes in messages: a file's name where there is one. */
export function readFdt(bytes: Uint8Array, name = 'device tree'): FdtTree {
  return new Reader(bytes, name).tree();
}

interface Header {
  readonly structureStart: number;
  readonly structureEnd: number;
  readonly stringsStart: number;
  readonly stringsEnd: number;
  readonly reservations: number;
  readonly bootCpu: number;
}

/** Deeper trees than any real one are refused before they exhaust the stack. */
const MAX_DEPTH = 64;

class Reader {
  private readonly what: string;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private header: Header;
  private position = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.what = what;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.header = this.readHeader();
  }

  tree(): FdtTree {
    const reservations = this.readReservations();
    this.position = this.header.structureStart;
    const start = this.position;
    if (this.token() !== FDT_BEGIN_NODE) throw this.error('no root node', start);
    const root = this.node(0);
    const end = this.position;
    if (this.token() !== FDT_END) throw this.error('more than one root node', end);
    return { root, reservations, bootCpu: this.header.bootCpu };
  }

  private readHeader(): Header {
    const { view } = this;
    if (view.byteLength < FDT_HEADER_SIZE) throw this.error('header is cut short', 0);
    const word = (index: number) => view.getUint32(4 * index);
    if (word(0) !== FDT_MAGIC) throw this.error('magic number is missing', 0);
    const totalSize = word(1);
    if (totalSize > view.byteLength) {
      throw this.error(`file has ${view.byteLength} bytes of ${totalSize}`, 4);
    }
    if (word(5) < FDT_VERSION || word(6) > FDT_VERSION) {
      const found = `version ${word(5)}, compatible down to ${word(6)}`;
      throw this.error(`${found}; ${FDT_LAST_COMPATIBLE_VERSION} to ${FDT_VERSION} is read`, 20);
    }
    const header = {
      structureStart: word(2),
      structureEnd: word(2) + word(9),
      stringsStart: word(3),
      stringsEnd: word(3) + word(8),
      reservations: word(4),
      bootCpu: word(7),
    };
    if (header.structureEnd > totalSize) throw this.error('structure block is cut short', 8);
    if (header.stringsEnd > totalSize) throw this.error('strings block is cut short', 12);
    return header;
  }

  private readReservations(): FdtReservation[] {
    const list: FdtReservation[] = [];
    for (let at = this.header.reservations; ; at += 16) {
      if (at + 16 > this.view.byteLength) throw this.error('reservations have no end', at);
      const address = this.view.getBigUint64(at);
      const size = this.view.getBigUint64(at + 8);
      if (address === 0n && size === 0n) return list;
      list.push({ address, size });
    }
  }

  /** The rest of a node whose FDT_BEGIN_NODE has been read. */
  private node(depth: number): FdtNode {
    const start = this.position;
    if (depth > MAX_DEPTH) throw this.error('nodes are nested too deep', start);
    const name = this.string(this.position, this.header.structureEnd);
    this.skip(name.length + 1);
    const node: FdtNode = { name: name.text, properties: [], children: [] };
    for (;;) {
      const at = this.position;
      const token = this.token();
      if (token === FDT_END_NODE) return node;
      if (token === FDT_PROP) this.property(node);
      else if (token === FDT_BEGIN_NODE) node.children.push(this.node(depth + 1));
      else throw this.error(`unexpected token ${token} in node '${node.name}'`, at);
    }
  }

  private property(node: FdtNode): void {
    const length = this.word();
    const nameAt = this.position;
    const nameOffset = this.word();
    if (this.position + length > this.header.structureEnd) {
      throw this.error(`property of ${length} bytes is cut short`, nameAt - 4);
    }
    const { stringsStart, stringsEnd } = this.header;
    if (stringsStart + nameOffset >= stringsEnd) {
      throw this.error('property name lies outside the strings block', nameAt);
    }
    const name = this.string(stringsStart + nameOffset, stringsEnd).text;
    node.properties.push({ name, value: this.bytes.slice(this.position, this.position + length) });
    this.skip(length);
  }

  private error(message: string, offset: number): FdtError {
    return new FdtError(this.what, offset, message);
  }

  private token(): number {
    let token = this.word();
    while (token === FDT_NOP) token = this.word();
    return token;
  }

  private word(): number {
    const at = this.position;
    if (at + 4 > this.header.structureEnd) throw this.error('structure block has no end', at);
    this.position += 4;
    return this.view.getUint32(at);
  }

  private skip(length: number): void {
    this.position += (length + 3) & ~3;
  }

  private string(start: number, end: number): { text: string; length: number } {
    const stop = this.bytes.subarray(0, end).indexOf(0, start);
    if (stop < 0) throw this.error('string has no end', start);
    return {
      text: new TextDecoder().decode(this.bytes.subarray(start, stop)),
      length: stop - start,
    };
  }
}
