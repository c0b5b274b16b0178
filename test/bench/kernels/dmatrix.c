/* Products of 40 x 40 matrices of doubles: fused multiply-add, three nested loops. */
#include "runtime.h"

#ifndef REPS
#define REPS 4200
#endif
#define SIDE 40

static double a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];

static void multiply(void) {
  for (int i = 0; i < SIDE; i++) {
    for (int j = 0; j < SIDE; j++) {
      double sum = 0;
      for (int n = 0; n < SIDE; n++) sum += a[i][n] * b[n][j];
      c[i][j] = sum;
    }
  }
}

uint64_t main(void) {
  uint64_t seed = 40, sum = 0;
  for (int i = 0; i < SIDE * SIDE; i++) {
    a[i / SIDE][i % SIDE] = (double)(int64_t)next_random(&seed) * 0x1p-63;
    b[i / SIDE][i % SIDE] = (double)(int64_t)next_random(&seed) * 0x1p-63;
  }
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    multiply();
    for (int j = 0; j < SIDE; j++) {
      sum = sum * 31 + double_bits(c[j][(i + j) % SIDE]);
      a[i % SIDE][j] = c[(i * 7) % SIDE][j] * 0.25;
    }
  }
  return sum;
}
