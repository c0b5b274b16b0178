/**
 * Layout of the platform-level interrupt controller, by the names of "RISC-V Platform-Level
 * Interrupt Controller Specification" 1.0.0, chapter 3 (memory map). Sources are numbered from 1.
 */

/** Interrupt source priorities: 32 bits each. */
export const PRIORITY = 0x000000;
/** Interrupt pending bits, 32 sources a word. */
export const PENDING = 0x001000;
/** Interrupt enables: a block of 1024 bits per context. */
export const ENABLE = 0x002000;
export const ENABLE_STRIDE = 0x80;
/** One page per context: priority threshold and interrupt claim/completion. */
export const CONTEXT = 0x200000;
export const CONTEXT_STRIDE = 0x1000;
export const THRESHOLD = 0;
export const CLAIM = 4;

export const MAX_SOURCES = 1023;
/** Priorities 0 (never interrupts) to 7, as in SiFive's cores and QEMU. */
export const PRIORITY_MASK = 7;
