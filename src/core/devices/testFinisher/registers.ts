/** SiFive's test finisher (`sifive,test0`, `sifive,test1`): one register of 32 bits. */

export const FINISHER = 0;

/** Bits 15:0 of what is written; a failure's exit code is in bits 31:16. */
export const FINISHER_FAIL = 0x3333;
export const FINISHER_PASS = 0x5555;
/** `sifive,test1` only. */
export const FINISHER_RESET = 0x7777;
