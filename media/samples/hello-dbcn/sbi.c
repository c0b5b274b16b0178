#include "sbi.h"

struct sbi_result sbi_call(unsigned long extension, unsigned long function, unsigned long arg0,
                           unsigned long arg1, unsigned long arg2) {
  register unsigned long a0 __asm__("a0") = arg0;
  register unsigned long a1 __asm__("a1") = arg1;
  register unsigned long a2 __asm__("a2") = arg2;
  register unsigned long a6 __asm__("a6") = function;
  register unsigned long a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
  struct sbi_result result = {(long)a0, (long)a1};
  return result;
}

_Noreturn void shutdown(unsigned long reason) {
  sbi_call(SBI_SRST, 0, 0, reason, 0);
  for (;;) __asm__ volatile("wfi");
}
