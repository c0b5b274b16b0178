/* Quicksort of 64-bit keys: compares and branches that cannot be predicted, recursion. */
#include "runtime.h"

#ifndef REPS
#define REPS 80
#endif
#define KEYS 200000

static int64_t keys[KEYS];

static void insertion_sort(int64_t *a, long count) {
  for (long i = 1; i < count; i++) {
    int64_t key = a[i];
    long j = i;
    for (; j > 0 && a[j - 1] > key; j--) a[j] = a[j - 1];
    a[j] = key;
  }
}

static void quicksort(int64_t *a, long count) {
  while (count > 12) {
    int64_t x = a[0], y = a[count / 2], z = a[count - 1];
    int64_t pivot = x < y ? (y < z ? y : (x < z ? z : x)) : (x < z ? x : (y < z ? z : y));
    long i = 0, j = count - 1;
    for (;;) {
      while (a[i] < pivot) i++;
      while (a[j] > pivot) j--;
      if (i >= j) break;
      int64_t kept = a[i];
      a[i++] = a[j];
      a[j--] = kept;
    }
    quicksort(a, i);
    a += i;
    count -= i;
  }
  insertion_sort(a, count);
}

uint64_t main(void) {
  uint64_t seed = 1, sum = 0;
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    for (long k = 0; k < KEYS; k++) keys[k] = (int64_t)next_random(&seed);
    quicksort(keys, KEYS);
    for (long k = 1; k < KEYS; k++) {
      if (keys[k - 1] > keys[k]) return 0xbad;
    }
    sum = sum * 31 + (uint64_t)keys[KEYS / 3];
  }
  return sum;
}
