/** What a translator did so far. */
export interface TranslatorCounters {
  regions: number;
  instructions: number;
  /** Regions that were not made in earnest, and not among the others: see `drafts.ts`. */
  drafts: number;
  modules: number;
  bytes: number;
  /** Regions that lost their code's validity, and times that all were dropped for lack of room. */
  invalidated: number;
  evictions: number;
  translateMilliseconds: number;
  compileMilliseconds: number;
}

export const noCounters = (): TranslatorCounters => ({
  regions: 0,
  instructions: 0,
  drafts: 0,
  modules: 0,
  bytes: 0,
  invalidated: 0,
  evictions: 0,
  translateMilliseconds: 0,
  compileMilliseconds: 0,
});
