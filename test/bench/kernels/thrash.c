/*
 * One word in each of 32768 pages in an order that hardly repeats: more than the TLB of a processor,
 * or of an emulator, holds. Pages side by side lie apart in memory, so that no larger piece of it
 * stands for them.
 */
#include "runtime.h"
#include "worlds.h"

#ifndef REPS
#define REPS 16000000
#endif
#define PAGES 32768
#define WORDS 512

static uint64_t pages[PAGES][WORDS] __attribute__((aligned(2 << 20)));

uint64_t main(void) {
  uint64_t state = 1, sum = 0;
  scatter_pages(pages, PAGES);
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    uint64_t page = state >> 49;
    uint64_t *word = &pages[page][(page * 7) % WORDS];
    sum += *word;
    if (i & 1) *word = state ^ sum;
  }
  return sum;
}
