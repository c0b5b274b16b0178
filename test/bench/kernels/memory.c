/* Memory: block copies, strides that leave each page at once, random reads and writes in 8 MiB. */
#include "runtime.h"

#ifndef REPS
#define REPS 32
#endif
#define BYTES (8u << 20)
#define WORDS (BYTES / 8)

static uint64_t from[WORDS];
static uint64_t to[WORDS];

static uint64_t strided(size_t stride) {
  uint64_t sum = 0;
  for (size_t start = 0; start < stride; start += stride / 8) {
    for (size_t i = start; i < WORDS; i += stride) sum += from[i];
  }
  return sum;
}

static uint64_t random_access(uint64_t *seed, unsigned count) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < count; i++) {
    uint64_t r = next_random(seed);
    uint64_t *word = &to[r % WORDS];
    sum += *word;
    *word = r;
  }
  return sum;
}

uint64_t main(void) {
  uint64_t seed = 7, sum = 0;
  for (size_t i = 0; i < WORDS; i++) from[i] = next_random(&seed);
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    memcpy(to, from, BYTES);
    sum += strided(8) + strided(512) + strided(4096);
    sum = sum * 31 + random_access(&seed, 300000);
    from[(size_t)i * 4099 % WORDS] = sum;
  }
  return sum;
}
