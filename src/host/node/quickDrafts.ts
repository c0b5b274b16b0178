/**
 * Drafts of a process that is our own: V8 is told to compile WebAssembly as well as it can from the
 * first draft on. Otherwise it would begin with code that is hardly faster than the interpreter, and
 * twice as long as what it comes to in the end. In an editor's process its settings are not ours.
 */
import { draftPeriod, type DraftOptions } from '../../core/engine/draft/draftTier.ts';
import { optimizeAtOnce } from './v8Flags.ts';

export const quickDrafts: DraftOptions = {
  period: draftPeriod,
  compile: (bytes) => {
    optimizeAtOnce();
    return new WebAssembly.Module(bytes);
  },
};
