/**
 * Layout of the timer and software interrupt devices, by the names of "RISC-V Advanced Core Local
 * Interruptor Specification" 1.0-rc4, chapters 2 to 4, and of the SiFive CLINT that holds the
 * first two at fixed offsets (same document, section 1.2; SiFive FU540-C000 manual, chapter 9).
 */

/** MSWI in a CLINT: one 32-bit MSIP register per hart. */
export const MSIP = 0x0000;
/** MTIMER in a CLINT: one 64-bit MTIMECMP register per hart, MTIME behind the last of 4095. */
export const MTIMECMP = 0x4000;
export const MTIME = 0xbff8;
export const CLINT_SIZE = 0x10000;
export const MAX_HARTS = 4095;

/** SSWI: one 32-bit SETSSIP register per hart. */
export const SSWI_SIZE = 0x4000;
