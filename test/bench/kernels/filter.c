/*
 * Signal processing in single precision: a filter of second order over noise, its energy, and
 * conversions to and from 16-bit samples.
 */
#include "runtime.h"

#ifndef REPS
#define REPS 10000
#endif
#define SAMPLES 2048

static int16_t samples[SAMPLES];

static float filter(float *energy) {
  float x1 = 0, x2 = 0, y1 = 0, y2 = 0, total = 0;
  for (int i = 0; i < SAMPLES; i++) {
    float x = (float)samples[i] * (1.0f / 32768);
    float y = 0.2f * x + 0.4f * x1 + 0.2f * x2 + 0.6f * y1 - 0.25f * y2;
    x2 = x1;
    x1 = x;
    y2 = y1;
    y1 = y;
    total += y * y;
    samples[i] = (int16_t)(y * 32000.0f) ^ (int16_t)(i * 40503);
  }
  *energy = total;
  return total / SAMPLES;
}

uint64_t main(void) {
  uint64_t seed = 16, sum = 0;
  for (int i = 0; i < SAMPLES; i++) samples[i] = (int16_t)next_random(&seed);
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    float energy, mean = filter(&energy);
    sum = sum * 31 + (uint64_t)(energy * 1024.0f) + (mean > 0.05f);
  }
  return sum;
}
