/** What commands of a debug console work on. */
import type { Isa } from '../../isa/isa.ts';
import type { ProgramSymbols } from '../symbols/symbols.ts';
import type { DebugTarget, MemorySpace } from '../target.ts';

/** Where a command works. */
export interface CommandScope {
  readonly target: DebugTarget;
  readonly isa: Isa;
  readonly hart: number;
  /** Absent in front ends that have their own. */
  readonly symbols?: ProgramSymbols | undefined;
  /** An expression's number, with the memory it is an address of. */
  compute(text: string): Promise<{ readonly value: bigint; readonly space: MemorySpace }>;
  /** An expression's value as `p` prints it; absent where there are no variables. */
  print?(text: string): Promise<string>;
  /** One line for each frame. */
  backtrace?(most: number): Promise<readonly string[]>;
  /** The user's files; absent where a front end has none. */
  readonly files?: {
    read(path: string): Promise<Uint8Array>;
    write(path: string, bytes: Uint8Array): Promise<void>;
  };
  /** Where an address is in source: `/src/main.c:12`. */
  place?(address: bigint): string | undefined;
}

/** The place in source of code at an address, to stand at the end of a line that names it. */
export function behind(scope: CommandScope, address: bigint): string {
  const place = scope.place?.(address);
  return place === undefined ? '' : `  ${place}`;
}

export function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
