/** What registers of several levels have in common. */
import { all64, type CsrConfig } from '../row.ts';

/** xepc: "On implementations that support only IALIGN=32, the two low bits are always zero." */
export const returnAddress = ({ has }: CsrConfig): bigint =>
  has('c') || has('zca') ? all64 - 1n : all64 - 3n;

/** Exceptions that may be delegated by M-mode: all but environment calls from M-mode. */
export const medelegMask = 0xf0b7ffn;
/** Those that HS-mode may delegate on: not environment calls from S-modes nor guest-page faults. */
export const hedelegMask = 0x0cb1ffn;
