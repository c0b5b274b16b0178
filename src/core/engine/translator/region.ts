/** What the translator knows of a region, wanted or made. */
import { defined } from '../../base/assert.ts';
import type { CodePages } from '../codePages.ts';
import { pageBytes, recordShift } from '../layout.ts';
import { eachOf, pageOf, type Block } from './block.ts';
import type { DirectUse } from './directSites.ts';
import type { Discovered } from './discover.ts';

/** A place where a region is to begin. */
export interface Wanted {
  readonly record: number;
  readonly area: number;
  /** Virtual address of its page when it was hot. */
  readonly page: bigint;
  readonly generation: number;
  /** With what is behind the loop, if the place is in one. */
  readonly whole: boolean;
  /** The record that a region which exists already lacks; it is made anew if it can have that. */
  readonly because?: number;
  /** General registers that may be taken for words where it begins; of a region, those that are. */
  readonly words: number;
}

/** A record, and the virtual address of its page. */
export interface Place {
  readonly record: number;
  readonly page: bigint;
}

export interface IndirectJump {
  readonly at: number;
  readonly targets: readonly number[];
}

export interface Region extends Wanted {
  readonly index: number;
  /** Of its function. */
  readonly name: string;
  /** Parcels of its code by physical page: a bit for every two bytes. */
  readonly parcels: ReadonlyMap<number, Uint32Array>;
  /** Its indirect jumps by record: their places, and where they may go inside. */
  readonly indirect: ReadonlyMap<number, IndirectJump>;
  /** As in `Discovered`. */
  readonly cold: Set<number>;
  readonly outside: Set<number>;
  /** Where the loop around it begins. */
  readonly around: Place | undefined;
  /** Records that its blocks begin with. */
  readonly blocks: readonly number[];
  readonly direct: DirectUse | undefined;
  /** The mode that it is for, if for one. */
  readonly mode: number | undefined;
  /** Length of its function. */
  readonly bytes: number;
}

const pageParcels = pageBytes / 2;

/** Marks the parcels of a block in the bits of their physical pages. */
export function markParcels(
  parcels: Map<number, Uint32Array>,
  code: CodePages,
  pages: ReadonlyMap<number, number>,
  block: Block,
): void {
  for (const { at, handler } of eachOf(block)) {
    for (let half = at; half < at + handler.length; half += 2) {
      const number = pageOf(half);
      const physical = defined(code.pageAt(pages.get(number)!), 'a page with records');
      let bits = parcels.get(physical);
      if (!bits) parcels.set(physical, (bits = new Uint32Array(pageParcels / 32)));
      const parcel = (half - number * pageBytes) >> 1;
      bits[parcel >> 5]! |= 1 << (parcel & 31);
    }
  }
}

/** Whether some parcel from the first to the last is among those that a page's bits tell of. */
export function covers(bits: Uint32Array, first: number, last: number): boolean {
  for (let parcel = first; parcel <= last; parcel++) {
    if ((bits[parcel >> 5]! >>> (parcel & 31)) & 1) return true;
  }
  return false;
}

/** Where the loop around a region begins, in code from `page` on. */
export function aroundIn({ around, pages }: Discovered, page: bigint): Place | undefined {
  if (around === undefined) return undefined;
  const number = pageOf(around);
  const records = defined(pages.get(number), 'a page with records');
  const first = number * pageBytes;
  return { record: records + ((around - first) << recordShift), page: page + BigInt(first) };
}
