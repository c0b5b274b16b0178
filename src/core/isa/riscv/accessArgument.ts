/** Address and value of a memory access that generated code leaves to TypeScript. */
import { hart as layout } from '../../engine/layout.ts';
import type { AccessWidth } from '../../engine/semantics.ts';
import type { Words } from '../../devices/device.ts';
import type { HartState } from './hartState.ts';

export class AccessArgument {
  private readonly view: DataView;
  private readonly u32: Uint32Array;
  private readonly addressWord: number;
  private readonly valueAt: number;

  constructor(state: HartState) {
    this.view = state.view;
    this.u32 = state.u32;
    this.addressWord = (state.area + layout.argAddress) >>> 2;
    this.valueAt = state.area + layout.argValue;
  }

  /** Words of the virtual address. */
  get low(): number {
    return this.u32[this.addressWord]!;
  }
  get high(): number {
    return this.u32[this.addressWord + 1]!;
  }

  /** What is stored. */
  readValue(into: Words): void {
    into.low = this.u32[this.valueAt >>> 2]!;
    into.high = this.u32[(this.valueAt >>> 2) + 1]!;
  }

  /** The answer of a load that was made elsewhere, extended as its width says. */
  answer({ low, high }: Words, width: AccessWidth): void {
    switch (width) {
      case 'b':
        return this.setSigned((low << 24) >> 24);
      case 'h':
        return this.setSigned((low << 16) >> 16);
      case 'w':
        return this.setSigned(low | 0);
      default:
        return this.setWords(low, high);
    }
  }

  /** The answer of an atomic access: where in memory it is to be made. */
  set offset(offset: number) {
    this.u32[this.valueAt >>> 2] = offset;
  }

  /** The answer of a load that has been found in memory, extended as its width says. */
  takeFrom(offset: number, width: AccessWidth): void {
    const { view } = this;
    switch (width) {
      case 'b':
        return this.setSigned(view.getInt8(offset));
      case 'bu':
        return this.setWords(view.getUint8(offset), 0);
      case 'h':
        return this.setSigned(view.getInt16(offset, true));
      case 'hu':
        return this.setWords(view.getUint16(offset, true), 0);
      case 'w':
        return this.setSigned(view.getInt32(offset, true));
      case 'wu':
        return this.setWords(view.getUint32(offset, true), 0);
      case 'd':
        return this.setWords(view.getUint32(offset, true), view.getUint32(offset + 4, true));
    }
  }

  /** Makes a store at a place that has been found in memory. */
  putTo(offset: number, width: AccessWidth): void {
    const { view, valueAt } = this;
    const low = view.getUint32(valueAt, true);
    switch (width) {
      case 'b':
      case 'bu':
        return view.setUint8(offset, low);
      case 'h':
      case 'hu':
        return view.setUint16(offset, low, true);
      case 'd':
        view.setUint32(offset + 4, view.getUint32(valueAt + 4, true), true);
        return view.setUint32(offset, low, true);
      case 'w':
      case 'wu':
        return view.setUint32(offset, low, true);
    }
  }

  private setSigned(value: number): void {
    this.setWords(value, value >> 31);
  }

  private setWords(low: number, high: number): void {
    this.view.setUint32(this.valueAt, low, true);
    this.view.setUint32(this.valueAt + 4, high, true);
  }
}
