/** Guest addresses as frames of a profile: function, inlined calls, source and line. */
import { pathToFileURL } from 'node:url';
import type { SourcePaths } from '../../adapter/sourcePaths.ts';
import type { ProgramSymbols } from '../../core/debug/symbols/symbols.ts';
import type { ProfileFrame } from './cpuProfile.ts';

export interface GuestPlace {
  /** From the function that has the code in to the innermost inlined call. */
  readonly stack: readonly ProfileFrame[];
  /** Of the innermost; 0 where unknown. */
  readonly line: number;
}

export class GuestFrames {
  private readonly symbols: ProgramSymbols;
  private readonly sources: SourcePaths;
  private readonly known = new Map<bigint, GuestPlace>();

  constructor(symbols: ProgramSymbols, sources: SourcePaths) {
    this.symbols = symbols;
    this.sources = sources;
  }

  at(address: bigint): GuestPlace {
    let place = this.known.get(address);
    if (!place) this.known.set(address, (place = this.find(address)));
    return place;
  }

  private find(address: bigint): GuestPlace {
    const calls = [...this.symbols.callsAt(address)].reverse();
    // Code without a name, such as a raw image's, is told by its page.
    const page = `0x${(address & ~0xfffn).toString(16)}`;
    if (calls.length === 0) return { stack: [{ functionName: page, url: '', line: 0 }], line: 0 };
    const declared = this.symbols.functionAt(address)?.declared;
    const stack = calls.map(({ functionName, position, inlined }) => {
      const path = position?.path ?? declared?.path;
      const line = (inlined ? undefined : declared?.line) ?? position?.line ?? 0;
      return { functionName, url: this.urlOf(path), line };
    });
    return { stack, line: calls.at(-1)!.position?.line ?? 0 };
  }

  /** As recorded where the file is not here. */
  private urlOf(recorded: string | undefined): string {
    if (recorded === undefined) return '';
    const local = this.sources.toLocal(recorded);
    return local === undefined ? recorded : pathToFileURL(local).href;
  }
}
