#include "runtime.h"

#define UART_THR ((volatile uint8_t *)0x10000000)
#define TEST_FINISHER ((volatile uint32_t *)0x100000)
#define TEST_PASS 0x5555

void report(uint64_t checksum) {
  for (const char *c = "checksum "; *c != '\0'; c++) *UART_THR = (uint8_t)*c;
  for (int shift = 60; shift >= 0; shift -= 4) {
    *UART_THR = (uint8_t)"0123456789abcdef"[(checksum >> shift) & 15];
  }
  *UART_THR = '\n';
  *TEST_FINISHER = TEST_PASS;
}

void *memcpy(void *to, const void *from, size_t size) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if ((((uintptr_t)t | (uintptr_t)f) & 7) == 0) {
    for (; size >= 32; size -= 32, t += 32, f += 32) {
      uint64_t a = ((const uint64_t *)f)[0], b = ((const uint64_t *)f)[1];
      uint64_t c = ((const uint64_t *)f)[2], d = ((const uint64_t *)f)[3];
      ((uint64_t *)t)[0] = a;
      ((uint64_t *)t)[1] = b;
      ((uint64_t *)t)[2] = c;
      ((uint64_t *)t)[3] = d;
    }
  }
  while (size-- > 0) *t++ = *f++;
  return to;
}

void *memset(void *to, int byte, size_t size) {
  for (uint8_t *t = to; size > 0; size--) *t++ = (uint8_t)byte;
  return to;
}
