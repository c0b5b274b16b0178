/** The WebAssembly memory of a machine: hart areas, records and RAM, laid out once at the start. */
import { assert } from '../base/assert.ts';
import { WrittenPages } from '../memory/writtenPages.ts';
import { RangeNumbers } from './directRange.ts';
import { hartAreaBytes, pageShift } from './layout.ts';

const wasmPage = 0x10000;
/** Below 4 GiB, so that offsets stay unsigned 32-bit numbers. */
const maximumBytes = 0xffff_0000;

export interface EngineMemoryOptions {
  readonly harts: number;
  /** Bytes for predecoded records. */
  readonly arenaBytes: number;
  /** Bytes of RAM and ROM together. */
  readonly ramBytes: number;
  /** Taken instead of a new one where it is large enough; nobody else has it, and it is all zeros. */
  readonly spare?: WebAssembly.Memory | undefined;
}

export class EngineMemory {
  readonly memory: WebAssembly.Memory;
  readonly buffer: ArrayBuffer;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly u32: Uint32Array;
  /** By page of 4 KiB: not 0 where somebody wrote, or may write inline, since this was last cleared. */
  readonly written: WrittenPages;
  readonly ranges = new RangeNumbers();
  readonly arenaBase: number;
  readonly arenaBytes: number;
  /** 64 KiB: words that count for the translator, by number of a region. */
  readonly counters: number;
  readonly harts: number;
  private readonly hartsBase = wasmPage;
  private ramNext: number;

  constructor({ harts, arenaBytes, ramBytes, spare }: EngineMemoryOptions) {
    this.harts = harts;
    this.arenaBase = this.hartsBase + harts * roundUp(hartAreaBytes, wasmPage);
    this.arenaBytes = roundUp(arenaBytes, wasmPage);
    this.counters = this.arenaBase + this.arenaBytes;
    this.ramNext = this.counters + wasmPage;
    const total = this.ramNext + roundUp(ramBytes, wasmPage);
    assert(total <= maximumBytes, `${total} bytes do not fit into one WebAssembly memory`);
    this.memory =
      spare && spare.buffer.byteLength >= total
        ? spare
        : new WebAssembly.Memory({ initial: total / wasmPage });
    this.buffer = this.memory.buffer;
    this.bytes = new Uint8Array(this.buffer);
    this.view = new DataView(this.buffer);
    this.u32 = new Uint32Array(this.buffer);
    this.written = new WrittenPages(total >>> pageShift);
  }

  hartArea(index: number): number {
    return this.hartsBase + index * hartStride;
  }

  hartIndex(area: number): number {
    return (area - this.hartsBase) / hartStride;
  }

  /** Offset of the next `size` bytes for RAM or ROM, page aligned. */
  allocateRam(size: number): number {
    const offset = this.ramNext;
    this.ramNext += roundUp(size, 4096);
    assert(this.ramNext <= this.buffer.byteLength, 'more RAM than was reserved');
    return offset;
  }

  /** RAM that a machine with these harts can still have, in bytes. */
  static largestRam(harts: number, arenaBytes: number): number {
    const used = wasmPage * 3 + harts * roundUp(hartAreaBytes, wasmPage) + arenaBytes;
    return maximumBytes - used;
  }
}

/** From one hart's area to the next; asked for at each call out of generated code. */
const hartStride = roundUp(hartAreaBytes, wasmPage);

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
