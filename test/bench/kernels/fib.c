/* Doubly recursive Fibonacci: calls, returns and the stack. */
#include "runtime.h"

#ifndef REPS
#define REPS 44
#endif

/* Kept from inlining into itself, so that a call stays a call. */
__attribute__((noinline, optimize("no-optimize-sibling-calls", "no-inline-functions"))) static uint64_t
fib(uint64_t n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

uint64_t main(void) {
  uint64_t sum = 0;
  for (int i = 0, count = repetitions(REPS); i < count; i++) sum = sum * 31 + fib(30 + (unsigned)i % 2);
  return sum;
}
