/** What a translator may be told of how to work. */
import type { HostFeatures } from '../../wasm/hostFeatures.ts';
import type { DraftOptions } from '../draft/draftTier.ts';
import type { Limits } from './discover.ts';
import type { ObservedModule } from './observed.ts';

export interface TranslatorOptions {
  readonly limits?: Limits;
  /** Jumps to a place until the translator hears of it, a power of two. */
  readonly period?: number;
  /** Code that is not yet that hot gets drafts; none without it. */
  readonly drafts?: DraftOptions | undefined;
  /** Of so many instructions at first, only what is hot beyond doubt is translated; 0 by default. */
  readonly youth?: number;
  /** Regions include code that was not executed yet. */
  readonly eager?: boolean;
  /** Regions that may wait to be compiled together; more of them where there are many. */
  readonly batch?: number;
  /** Regions that may exist at a time, and bytes of their WebAssembly. */
  readonly capacity?: number;
  readonly capacityBytes?: number;
  /** Milliseconds, to measure with; without it times are 0. */
  readonly now?: () => number;
  /** What the host is taken to have instead of what it has, for tests of what is done without. */
  readonly features?: Partial<HostFeatures>;
  /** Is told of each module. */
  readonly observe?: ((module: ObservedModule) => void) | undefined;
}
