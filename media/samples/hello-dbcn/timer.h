#ifndef TIMER_H
#define TIMER_H

/* Ticks per second of the time CSR: the device tree's timebase-frequency on this board. */
#define TIMER_HZ 10000000ul

extern volatile unsigned timer_ticks;

unsigned long time_now(void);
/* Waits, with interrupts off. */
void nap(unsigned long interval);
/* Asks for an interrupt every `interval`. */
void timer_start(unsigned long interval);
void handle_trap(unsigned long cause, unsigned long pc, unsigned long value);

#endif
