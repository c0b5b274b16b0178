/**
 * The machine's physical memory: RAM and ROM regions inside one WebAssembly memory, everything
 * else through the MMIO map. The engine reads RAM directly; all other readers come through here.
 */
import { assert, Bug } from '../base/assert.ts';
import type { MmioMap } from './mmioMap.ts';
import { WrittenPages } from './writtenPages.ts';

const pageSize = 4096;

export interface RamRegion {
  readonly name: string;
  /** Physical address of the first byte. */
  readonly base: number;
  /** Bytes. */
  readonly size: number;
  /** Offset of the first byte in the WebAssembly memory. */
  readonly offset: number;
  readonly writable: boolean;
}

export class PhysicalMemory {
  readonly mmio: MmioMap;
  private readonly ram: RamRegion[] = [];
  readonly bytes: Uint8Array<ArrayBuffer>;
  private readonly view: DataView;
  /** By page of the WebAssembly memory, as `EngineMemory.written`. */
  readonly written: WrittenPages;
  /** Called before bytes change other than by the engine's own stores, so that decoded code is dropped. */
  onWrite: (address: number, size: number) => void = () => {};

  constructor(
    buffer: ArrayBuffer,
    mmio: MmioMap,
    written: WrittenPages = new WrittenPages(Math.ceil(buffer.byteLength / pageSize)),
  ) {
    this.written = written;
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.mmio = mmio;
  }

  get regions(): readonly RamRegion[] {
    return this.ram;
  }

  addRam(region: RamRegion): void {
    const clash = this.ram.find(
      (r) => region.base < r.base + r.size && r.base < region.base + region.size,
    );
    assert(!clash, `memory ${region.name} overlaps ${clash?.name}`);
    this.ram.push(region);
  }

  /** The RAM or ROM region that holds all of `size` bytes at `address`. */
  regionAt(address: number, size: number): RamRegion | undefined {
    for (const r of this.ram) {
      if (address >= r.base && address + size <= r.base + r.size) return r;
    }
    return undefined;
  }

  /** Offset of `address` in the WebAssembly memory, or -1 where `size` bytes are not RAM or ROM. */
  offsetOf(address: number, size: number): number {
    const r = this.regionAt(address, size);
    return r ? r.offset + (address - r.base) : -1;
  }

  /** What is at an offset of the WebAssembly memory, or -1 where that is neither RAM nor ROM. */
  addressOf(offset: number): number {
    const r = this.ram.find((each) => offset >= each.offset && offset < each.offset + each.size);
    return r ? r.base + (offset - r.offset) : -1;
  }

  /** A view (not a copy) of RAM or ROM, undefined where it is not all of one region. */
  view8(address: number, size: number): Uint8Array | undefined {
    const offset = this.offsetOf(address, size);
    return offset < 0 ? undefined : this.bytes.subarray(offset, offset + size);
  }

  /** Writes RAM, or ROM when loading an image; false where it is not all of one region. */
  load(address: number, data: Uint8Array): boolean {
    const offset = this.offsetOf(address, data.length);
    if (offset < 0) return false;
    this.onWrite(address, data.length);
    this.noteWrite(offset, data.length);
    this.bytes.set(data, offset);
    return true;
  }

  /** RAM words for page tables and the like. The address must be RAM and naturally aligned. */
  read64(address: number): bigint {
    return this.view.getBigUint64(this.mustBeRam(address, 8), true);
  }
  write64(address: number, value: bigint): void {
    const offset = this.mustBeRam(address, 8);
    this.onWrite(address, 8);
    this.written.mark(Math.floor(offset / pageSize));
    this.view.setBigUint64(offset, BigInt.asUintN(64, value), true);
  }
  read32(address: number): number {
    return this.view.getUint32(this.mustBeRam(address, 4), true);
  }
  write32(address: number, value: number): void {
    const offset = this.mustBeRam(address, 4);
    this.onWrite(address, 4);
    this.written.mark(Math.floor(offset / pageSize));
    this.view.setUint32(offset, value >>> 0, true);
  }

  /** Somebody is about to write bytes at an offset of the WebAssembly memory without coming through here. */
  noteWrite(offset: number, size: number): void {
    if (size === 0) return;
    const last = Math.floor((offset + size - 1) / pageSize);
    for (let page = Math.floor(offset / pageSize); page <= last; page++) this.written.mark(page);
  }

  private mustBeRam(address: number, size: number): number {
    const offset = this.offsetOf(address, size);
    if (offset >= 0) return offset;
    throw new Bug(`physical address 0x${address.toString(16)} is not RAM`);
  }
}
