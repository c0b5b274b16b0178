/*
 * Owns the whole machine: writes to the UART, takes timer interrupts from the CLINT, and ends the
 * run through the sifive,test device.
 */
#include <stdint.h>

#define UART_THR ((volatile uint8_t *)0x10000000)
#define UART_LSR ((volatile uint8_t *)0x10000005)
#define UART_LSR_THRE 0x20
#define CLINT_MTIMECMP ((volatile uint64_t *)0x2004000)
#define CLINT_MTIME ((volatile uint64_t *)0x200bff8)
#define TEST_FINISHER ((volatile uint32_t *)0x100000)
#define TEST_PASS 0x5555
#define TEST_FAIL 0x3333

#define MTIME_HZ 10000000
#define MSTATUS_MIE (1ul << 3)
#define MIE_MTIE (1ul << 7)
#define MCAUSE_MACHINE_TIMER (1ul << 63 | 7)

struct progress {
  unsigned ticks;
  uint64_t started;
  uint64_t last;
};

static volatile struct progress progress;

static void put(char c) {
  while ((*UART_LSR & UART_LSR_THRE) == 0) {
  }
  *UART_THR = (uint8_t)c;
}

static void print(const char *text) {
  while (*text != '\0') put(*text++);
}

static void finish(uint32_t code) {
  *TEST_FINISHER = code;
}

void handle_trap(unsigned long cause) {
  if (cause != MCAUSE_MACHINE_TIMER) {
    print("unexpected trap\r\n");
    finish(1 << 16 | TEST_FAIL);
  }
  progress.ticks++;
  progress.last = *CLINT_MTIME;
  *CLINT_MTIMECMP = progress.last + MTIME_HZ / 10;
}

void main(void) {
  print("Hello from machine mode.\r\n");
  progress.started = *CLINT_MTIME;
  *CLINT_MTIMECMP = progress.started + MTIME_HZ / 10;
  __asm__ volatile("csrs mie, %0" ::"r"(MIE_MTIE));
  __asm__ volatile("csrs mstatus, %0" ::"r"(MSTATUS_MIE));

  unsigned seen = 0;
  while (seen < 3) {
    __asm__ volatile("wfi");
    if (progress.ticks == seen) continue;
    seen = progress.ticks;
    print("tick ");
    put((char)('0' + seen));
    print("\r\n");
  }
  print("Goodbye.\r\n");
  finish(TEST_PASS);
}
