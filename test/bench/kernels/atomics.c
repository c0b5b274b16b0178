/* Atomic instructions: counters, exchanges, compare-and-swap by LR/SC, a ticket lock. */
#include "runtime.h"

#ifndef REPS
#define REPS 180000000
#endif

static uint64_t counters[8];
static uint32_t next_ticket, now_serving, bits;

static void add_by_reservation(uint64_t *at, uint64_t value) {
  uint64_t old;
  uint32_t failed;
  do {
    __asm__ volatile(
        "lr.d %0, %3\n"
        "add %0, %0, %2\n"
        "sc.d %1, %0, %3\n"
        : "=&r"(old), "=&r"(failed)
        : "r"(value), "A"(*at)
        : "memory");
  } while (failed);
}

uint64_t main(void) {
  uint64_t seed = 3, sum = 0;
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    uint64_t *counter = &counters[i & 7];
    uint32_t ticket = __atomic_fetch_add(&next_ticket, 1, __ATOMIC_ACQUIRE);
    while (__atomic_load_n(&now_serving, __ATOMIC_ACQUIRE) != ticket) {
    }
    add_by_reservation(counter, seed ^ (unsigned)i);
    sum += __atomic_exchange_n(counter, sum, __ATOMIC_RELAXED);
    __atomic_fetch_or(&bits, 1u << (i & 31), __ATOMIC_RELAXED);
    __atomic_fetch_and(&bits, ~(uint32_t)sum, __ATOMIC_RELAXED);
    __atomic_store_n(&now_serving, ticket + 1, __ATOMIC_RELEASE);
  }
  return sum * 31 + bits;
}
