/** Rounding modes and exception flags (unprivileged manual, F, floating-point control and status). */

/** Encodings of frm and of the rm field; 5 and 6 are reserved, 7 stands for frm. */
export const rounding = { RNE: 0, RTZ: 1, RDN: 2, RUP: 3, RMM: 4 } as const;
export type RoundingMode = (typeof rounding)[keyof typeof rounding];
export const dynamicRounding = 7;

export const isRoundingMode = (value: number): value is RoundingMode => value <= rounding.RMM;

/** Bits of fflags. */
export const flag = { NX: 1, UF: 2, OF: 4, DZ: 8, NV: 16 } as const;

/** How an operation rounds, and what it raised: flags are only ever added. */
export interface FloatEnvironment {
  rounding: RoundingMode;
  flags: number;
}
