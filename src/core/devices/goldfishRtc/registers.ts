/**
 * Registers of the goldfish real-time clock, by the names of Linux `include/linux/goldfish.h` and
 * the Android emulator's `docs/GOLDFISH-VIRTUAL-HARDWARE.TXT`, section "Goldfish timer".
 */

/** Nanoseconds since 1970; reading the low half latches the high one. */
export const TIME_LOW = 0x00;
export const TIME_HIGH = 0x04;
/** Alarm in nanoseconds since 1970; writing the low half sets it. */
export const ALARM_LOW = 0x08;
export const ALARM_HIGH = 0x0c;
export const IRQ_ENABLED = 0x10;
export const CLEAR_ALARM = 0x14;
export const ALARM_STATUS = 0x18;
export const CLEAR_INTERRUPT = 0x1c;
