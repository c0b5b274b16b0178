/**
 * Which pages of a memory slot were written (Linux virt/kvm/kvm_main.c, KVM_GET_DIRTY_LOG and
 * KVM_CLEAR_DIRTY_LOG). A bitmap only: that pages are protected so that a write is noticed, is the
 * architecture's work.
 */
import { failure, success, type Result } from './errno.ts';

/** One bit per page, page 0 in bit 0 of byte 0; whole 64-bit words, as KVM copies them. */
export type DirtyBitmap = Uint8Array;

export class DirtyLog {
  /** Pages of the slot. */
  readonly pages: number;
  private bits: DirtyBitmap;

  /** `allDirty` is KVM_DIRTY_LOG_INITIALLY_SET: the first pass of a copy takes everything anyway. */
  constructor(pages: number, allDirty: boolean) {
    this.pages = pages;
    this.bits = emptyBitmap(pages);
    for (let page = 0; allDirty && page < pages; page++) setBit(this.bits, page);
  }

  /** One with these bits. */
  static of(pages: number, bits: DirtyBitmap): DirtyLog {
    const log = new DirtyLog(pages, false);
    log.bits.set(bits);
    return log;
  }

  mark(page: number): void {
    setBit(this.bits, page);
  }

  copy(): DirtyBitmap {
    return this.bits.slice();
  }

  /** The bitmap; nothing is dirty afterwards. */
  take(): DirtyBitmap {
    const taken = this.bits;
    this.bits = emptyBitmap(this.pages);
    return taken;
  }

  /**
   * Clears the bits that `mask` has, its bit 0 being `first`. Gives the pages that were dirty and no
   * longer are. Part of a 64-bit word may be named at the end of the slot only.
   */
  clear(first: number, count: number, mask: DirtyBitmap): Result<readonly number[]> {
    if (!isCount(first) || !isCount(count) || first % 64 !== 0) return failure('EINVAL');
    const rest = this.pages - first;
    if (rest < 0 || count > rest || (count < rest && count % 64 !== 0)) return failure('EINVAL');
    if (mask.length * 8 < count) return failure('EFAULT');
    const cleared: number[] = [];
    for (let i = 0; i < count; i++) {
      const page = first + i;
      if (!hasBit(mask, i) || !hasBit(this.bits, page)) continue;
      this.bits[page >>> 3] = (this.bits[page >>> 3] ?? 0) & ~(1 << (page & 7));
      cleared.push(page);
    }
    return success(cleared);
  }
}

/** Numbers of the pages whose bits are set. */
export function dirtyPages(bitmap: DirtyBitmap): number[] {
  const pages: number[] = [];
  bitmap.forEach((byte, i) => {
    for (let bit = 0; byte >>> bit !== 0; bit++) {
      if (((byte >>> bit) & 1) === 1) pages.push(i * 8 + bit);
    }
  });
  return pages;
}

export const bitmapBytes = (pages: number): number => Math.ceil(pages / 64) * 8;

function emptyBitmap(pages: number): DirtyBitmap {
  return new Uint8Array(bitmapBytes(pages));
}

function setBit(bitmap: DirtyBitmap, page: number): void {
  bitmap[page >>> 3] = (bitmap[page >>> 3] ?? 0) | (1 << (page & 7));
}

function hasBit(bitmap: DirtyBitmap, page: number): boolean {
  return (((bitmap[page >>> 3] ?? 0) >>> (page & 7)) & 1) === 1;
}

function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}
