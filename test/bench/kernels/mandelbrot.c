/* Escape times of points of the plane in doubles: multiplications, additions and a comparison. */
#include "runtime.h"

#ifndef REPS
#define REPS 120
#endif
#define SIDE 64
#define ITERATIONS 200

static unsigned escape(double cx, double cy) {
  double x = 0, y = 0;
  unsigned i = 0;
  for (; i < ITERATIONS; i++) {
    double xx = x * x, yy = y * y;
    if (xx + yy > 4) break;
    y = 2 * x * y + cy;
    x = xx - yy + cx;
  }
  return i;
}

uint64_t main(void) {
  uint64_t sum = 0;
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    double width = 3.0 / (1 + i % 16);
    for (int row = 0; row < SIDE; row++) {
      for (int column = 0; column < SIDE; column++) {
        double cx = -0.75 + width * (column - SIDE / 2) / SIDE;
        double cy = 0.1 + width * (row - SIDE / 2) / SIDE;
        sum = sum * 31 + escape(cx, cy);
      }
    }
  }
  return sum;
}
