/**
 * All that comes to a machine from outside, each with the place in the run where it came: with the
 * same inputs at the same places a machine made anew does the same again. What the user's handlers
 * answered is in `recordedCalls.ts`. No wall clock is in it: virtual time is counted.
 */
import type { CallAnswer, CallOverride, DirtyLogAction, MemorySpace } from '../target.ts';

/** A place in a run, between two steps of it. */
export interface Position {
  /** As `Machine.steps`. */
  readonly steps: number;
  /** Milliseconds of virtual time that had been skipped: time passes while every hart waits, too. */
  readonly skipped: number;
}

export type Input =
  | { readonly kind: 'console'; readonly console: string; readonly bytes: Uint8Array }
  | {
      readonly kind: 'register';
      readonly hart: number;
      readonly name: string;
      readonly value: bigint;
    }
  | {
      readonly kind: 'memory';
      readonly hart: number;
      readonly space: MemorySpace;
      readonly address: bigint;
      readonly bytes: Uint8Array;
    }
  /** A person's, to the call that the guest stands at. */
  | { readonly kind: 'answer'; readonly answer: CallAnswer }
  | { readonly kind: 'override'; readonly rule: CallOverride }
  | { readonly kind: 'dirtyLog'; readonly action: DirtyLogAction }
  /** From now on no other hart runs; undefined: all do. */
  | { readonly kind: 'only'; readonly hart: number | undefined };

export interface Entry {
  readonly at: Position;
  readonly input: Input;
}

/** What an entry takes beside the bytes in it, about. */
const entryBytes = 128;

export class Journal {
  private list: Entry[] = [];
  private size = 0;

  get length(): number {
    return this.list.length;
  }

  /** About how many bytes of memory it takes. */
  get bytes(): number {
    return this.size;
  }

  add(at: Position, input: Input): void {
    this.list.push({ at, input });
    this.size += bytesOf(input);
  }

  get inputs(): readonly Input[] {
    return this.list.map(({ input }) => input);
  }

  entry(index: number): Entry | undefined {
    return this.list[index];
  }

  /** Forgets all from the entry of that index on. */
  truncate(length: number): void {
    for (const { input } of this.list.splice(length)) this.size -= bytesOf(input);
  }
}

export function isBefore(a: Position, b: Position): boolean {
  return a.steps < b.steps || (a.steps === b.steps && a.skipped < b.skipped);
}

function bytesOf(input: Input): number {
  const held = input.kind === 'console' || input.kind === 'memory' ? input.bytes.length : 0;
  return entryBytes + held;
}
