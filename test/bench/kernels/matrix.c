/* Products of 48 x 48 matrices of 32-bit integers: multiply and add, three nested loops. */
#include "runtime.h"

#ifndef REPS
#define REPS 8000
#endif
#define SIDE 48

static int32_t a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];

static void multiply(void) {
  for (int i = 0; i < SIDE; i++) {
    for (int j = 0; j < SIDE; j++) {
      int32_t sum = 0;
      for (int n = 0; n < SIDE; n++) sum += a[i][n] * b[n][j];
      c[i][j] = sum;
    }
  }
}

uint64_t main(void) {
  uint64_t seed = 48, sum = 0;
  for (int i = 0; i < SIDE * SIDE; i++) {
    a[i / SIDE][i % SIDE] = (int32_t)next_random(&seed);
    b[i / SIDE][i % SIDE] = (int32_t)next_random(&seed);
  }
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    multiply();
    for (int j = 0; j < SIDE; j++) sum = sum * 31 + (uint32_t)c[j][(i + j) % SIDE];
    memcpy(a[i % SIDE], c[(i * 7) % SIDE], sizeof a[0]);
  }
  return sum;
}
