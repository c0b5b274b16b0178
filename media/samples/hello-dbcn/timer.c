/* The supervisor timer interrupt, asked for through SBI TIME. */
#include "timer.h"
#include "console.h"
#include "csr.h"
#include "sbi.h"

volatile unsigned timer_ticks;
static unsigned long timer_interval;

unsigned long time_now(void) {
  return csr_read(time);
}

/* wfi wakes for an interrupt that is enabled in sie, taken or not: here it is not (sstatus.SIE). */
void nap(unsigned long interval) {
  sbi_call(SBI_TIME, 0, time_now() + interval, 0, 0);
  csr_set(sie, SIE_STIE);
  __asm__ volatile("wfi");
  csr_clear(sie, SIE_STIE);
}

void timer_start(unsigned long interval) {
  timer_interval = interval;
  sbi_call(SBI_TIME, 0, time_now() + interval, 0, 0);
  csr_set(sie, SIE_STIE);
  csr_set(sstatus, SSTATUS_SIE);
}

void handle_trap(unsigned long cause, unsigned long pc, unsigned long value) {
  if (cause == SCAUSE_SUPERVISOR_TIMER) {
    timer_ticks++;
    sbi_call(SBI_TIME, 0, time_now() + timer_interval, 0, 0);
    return;
  }
  print("unexpected trap: scause ");
  print_hex(cause);
  print(" sepc ");
  print_hex(pc);
  print(" stval ");
  print_hex(value);
  print("\r\n");
  shutdown(1);
}
