#ifndef RUNTIME_H
#define RUNTIME_H

#include <stddef.h>
#include <stdint.h>

/* Each kernel's main returns its checksum; `report` prints it and ends the run. */
uint64_t main(void);
void report(uint64_t checksum);

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);

/*
 * How long a run is to be, in hundredths of the whole: a word of start.S that whoever starts the run
 * may change in the file.
 */
extern const volatile uint32_t run_length;

static inline int repetitions(int whole) {
  return (int)((uint64_t)whole * run_length / 100);
}

/* xorshift64*: the same numbers on every machine. */
static inline uint64_t next_random(uint64_t *state) {
  uint64_t x = *state;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  *state = x;
  return x * 0x2545f4914f6cdd1dull;
}

/* A double as the bits it is. */
static inline uint64_t double_bits(double value) {
  uint64_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

#endif
