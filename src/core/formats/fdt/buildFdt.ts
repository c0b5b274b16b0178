/**
 * Builds a device tree node by node: property values in the forms that bindings use, and phandles
 * handed out in the order in which they are asked for. Encoding is `writeFdt`'s part.
 *
 * Devicetree Specification v0.4, section 2.2.4 (property values).
 */
import { assert } from '../../base/assert.ts';
import type { FdtNode, FdtReservation, FdtTree } from './fdt.ts';

export class FdtBuilder {
  readonly root: FdtNodeBuilder = new FdtNodeBuilder('', () => this.nextPhandle++);
  private readonly reservations: FdtReservation[] = [];
  private nextPhandle = 1;

  reserve(address: bigint, size: bigint): void {
    this.reservations.push({ address, size });
  }

  tree(bootCpu = 0): FdtTree {
    return { root: this.root.node, reservations: this.reservations, bootCpu };
  }
}

export class FdtNodeBuilder {
  readonly node: FdtNode;
  private readonly allocatePhandle: () => number;
  private ownPhandle: number | undefined;

  constructor(name: string, allocatePhandle: () => number) {
    this.node = { name, properties: [], children: [] };
    this.allocatePhandle = allocatePhandle;
  }

  child(name: string): FdtNodeBuilder {
    const taken = this.node.children.some((child) => child.name === name);
    assert(!taken, `node ${name} exists twice`);
    const builder = new FdtNodeBuilder(name, this.allocatePhandle);
    this.node.children.push(builder.node);
    return builder;
  }

  /** This node's phandle; the property appears with the first call. */
  phandle(): number {
    if (this.ownPhandle === undefined) {
      this.ownPhandle = this.allocatePhandle();
      this.cells('phandle', this.ownPhandle);
    }
    return this.ownPhandle;
  }

  /** A property whose presence is its value. */
  flag(name: string): this {
    return this.bytes(name, new Uint8Array(0));
  }

  cells(name: string, ...cells: number[]): this {
    const value = new Uint8Array(4 * cells.length);
    const view = new DataView(value.buffer);
    cells.forEach((cell, i) => view.setUint32(4 * i, cell));
    return this.bytes(name, value);
  }

  /** Numbers of two cells each, such as `reg` below a node with two address and two size cells. */
  cells64(name: string, ...numbers: (number | bigint)[]): this {
    const value = new Uint8Array(8 * numbers.length);
    const view = new DataView(value.buffer);
    numbers.forEach((number, i) => view.setBigUint64(8 * i, BigInt(number)));
    return this.bytes(name, value);
  }

  /** One string, or the strings of a string list. */
  strings(name: string, ...strings: string[]): this {
    return this.bytes(name, new TextEncoder().encode(strings.map((s) => `${s}\0`).join('')));
  }

  bytes(name: string, value: Uint8Array): this {
    const taken = this.node.properties.some((property) => property.name === name);
    assert(!taken, `property ${name} of ${this.node.name} exists twice`);
    this.node.properties.push({ name, value });
    return this;
  }
}
