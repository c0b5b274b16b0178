/** How saved translations name what they lead to, for a hart's memory and code. */
import type { CodePages } from '../../engine/codePages.ts';
import { pageBytes } from '../../engine/layout.ts';
import type { TlbPlaces } from '../../engine/tlbSet.ts';
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import type { Watchpoints } from '../watchpoints.ts';

export function tlbPlaces(
  { memory, code }: { readonly memory: PhysicalMemory; readonly code: CodePages },
  watchpoints: Watchpoints,
): TlbPlaces {
  const pageOf = (address: number) => Math.floor(address / pageBytes);
  return {
    pageAt: (offset) => pageOf(memory.addressOf(offset)),
    pageOfRecords: (records) => pageOf(code.pageAt(records) ?? -1),
    offsetOf(page, kind) {
      // Which pages a debugger keeps out is known when they are looked up.
      if (watchpoints.watching) return -1;
      const address = page * pageBytes;
      const region = memory.regionAt(address, pageBytes);
      if (!region) return -1;
      if (kind === 'write' && (!region.writable || code.recordsAt(address) !== 0)) return -1;
      return region.offset + (address - region.base);
    },
  };
}
