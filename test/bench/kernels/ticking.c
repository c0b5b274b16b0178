/* Work interrupted 10,000 times a second of the timebase's 10 MHz; each interrupt counts and sets
 * the next. How often it strikes depends on the machine, so only the work is summed up. */
#include "runtime.h"
#include "worlds.h"

#ifndef REPS
#define REPS 110000
#endif
#define WORDS 4096

static uint64_t words[WORDS];

uint64_t main(void) {
  uint64_t seed = 9, sum = 0;
  for (int i = 0; i < WORDS; i++) words[i] = next_random(&seed);
  timer_every(1000);
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    for (int j = 0; j < WORDS; j++) {
      sum = (sum << 7 | sum >> 57) ^ words[j];
      words[(j * 5 + i) % WORDS] += sum;
    }
  }
  return timer_count > 10 ? sum : 0;
}
