/* One word in each of 8192 pages in an order that hardly repeats: a TLB that misses always. */
#include "runtime.h"

#ifndef REPS
#define REPS 16000000
#endif
#define PAGES 8192
#define WORDS 512

static uint64_t pages[PAGES][WORDS] __attribute__((aligned(4096)));

uint64_t main(void) {
  uint64_t state = 1, sum = 0;
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    uint64_t page = state >> 51;
    uint64_t *word = &pages[page][(page * 7) % WORDS];
    sum += *word;
    if (i & 1) *word = state ^ sum;
  }
  return sum;
}
