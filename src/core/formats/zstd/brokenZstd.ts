/** Data that is no zstd frame, or one that was damaged. */
export class BrokenZstd extends Error {}
