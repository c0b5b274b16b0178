/*
 * A guest that makes code, as a just-in-time compiler does: small functions are written into a
 * ring of buffers, fence.i, called a few hundred times, overwritten.
 */
#include "runtime.h"

#ifndef REPS
#define REPS 36000
#endif
#define BUFFERS 16
#define INSTRUCTIONS 24
#define CALLS 2000

static uint32_t buffers[BUFFERS][1024] __attribute__((aligned(4096)));

enum { A0 = 10, A1 = 11, RA = 1 };

static uint32_t r_type(uint32_t funct7, uint32_t funct3) {
  return funct7 << 25 | A1 << 20 | A0 << 15 | funct3 << 12 | A0 << 7 | 0x33;
}

static uint32_t i_type(int32_t immediate, uint32_t funct3) {
  return (uint32_t)immediate << 20 | A0 << 15 | funct3 << 12 | A0 << 7 | 0x13;
}

static void generate(uint32_t *code, uint64_t *seed) {
  for (int i = 0; i < INSTRUCTIONS; i++) {
    uint64_t r = next_random(seed);
    int32_t immediate = (int32_t)(r >> 8 & 0x7ff);
    switch (r & 7) {
      case 0:
        *code++ = r_type(0, 0); /* add */
        break;
      case 1:
        *code++ = r_type(0x20, 0); /* sub */
        break;
      case 2:
        *code++ = r_type(0, 4); /* xor */
        break;
      case 3:
        *code++ = r_type(1, 0); /* mul */
        break;
      case 4:
        *code++ = i_type(immediate & 31, 5); /* srli */
        break;
      case 5:
        *code++ = i_type(immediate, 4); /* xori */
        break;
      default:
        *code++ = i_type(immediate, 0); /* addi */
        break;
    }
  }
  *code = 0x00008067 | RA << 15; /* ret */
  __asm__ volatile("fence.i" ::: "memory");
}

uint64_t main(void) {
  uint64_t seed = 11, sum = 1;
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    uint32_t *code = buffers[i % BUFFERS];
    generate(code, &seed);
    uint64_t (*function)(uint64_t, uint64_t) = (uint64_t (*)(uint64_t, uint64_t))(uintptr_t)code;
    for (int call = 0; call < CALLS; call++) sum = function(sum, seed + (unsigned)call);
  }
  return sum;
}
