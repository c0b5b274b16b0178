/** Counts of what generated code has asked TypeScript for: why the fast path was left. */
export interface HartWork {
  /** Translations that no TLB entry had: page walks. */
  fetchMisses: number;
  loadMisses: number;
  storeMisses: number;
  /** Accesses that TypeScript made: of devices, behind a miss, or across pages. */
  slowLoads: number;
  slowStores: number;
  slowAtomics: number;
  /** Instructions that TypeScript carried out. */
  hostInstructions: number;
}

export const noWork = (): HartWork => ({
  fetchMisses: 0,
  loadMisses: 0,
  storeMisses: 0,
  slowLoads: 0,
  slowStores: 0,
  slowAtomics: 0,
  hostInstructions: 0,
});

export const missesOf = {
  fetch: 'fetchMisses',
  load: 'loadMisses',
  store: 'storeMisses',
} as const;
