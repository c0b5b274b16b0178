/*
 * A mix in the manner of synthetic benchmarks of procedures: records behind pointers, copies of
 * structures, short procedures that are not inlined, strings compared, small arrays.
 */
#include "runtime.h"

#ifndef REPS
#define REPS 9900000
#endif
#define apart __attribute__((noinline)) static

enum kind { PLAIN, MARKED, HIDDEN };

struct record {
  struct record *next;
  enum kind kind;
  int32_t number;
  char name[32];
};

static struct record first, second;
static char letter_a, letter_b;
static int32_t row[64], grid[32][32];
static int32_t total;

apart enum kind choose(char a, char b) {
  if (a != b) return PLAIN;
  letter_a = a;
  return MARKED;
}

apart int later(const char *a, const char *b) {
  int i = 2;
  while (i < 20 && a[i] == b[i + 1]) i++;
  if (choose(a[i], b[i + 1]) == PLAIN) letter_b = 'A';
  for (i = 0; i < 32 && a[i] == b[i] && a[i] != '\0'; i++) {
  }
  return i < 32 && a[i] > b[i];
}

apart void adjust(int32_t a, int32_t b, int32_t *to) {
  *to = a + 2 + b;
}

apart void into_arrays(int32_t *array, int32_t (*square)[32], int32_t where, int32_t value) {
  int32_t at = where + 5;
  array[at] = value;
  array[at + 1] = array[at];
  array[at + 30] = at;
  for (int32_t i = at; i <= at + 1; i++) square[at][i] = at;
  square[at][at - 1]++;
  square[at + 10][at] = array[at];
  total = 5;
}

apart void pass_on(struct record *from) {
  struct record *to = from->next;
  *to = *from;
  from->number = 5;
  to->number = from->number;
  to->next = from->next;
  if (to->kind == PLAIN) {
    to->number = 6;
    adjust(to->number, 10, &to->number);
  } else {
    *from = *to;
  }
}

uint64_t main(void) {
  static const char one[32] = "RECORDS PROGRAM, 1ST STRING";
  static const char two[32] = "RECORDS PROGRAM, 2ND STRING";
  uint64_t sum = 0;
  first.next = &second;
  first.kind = PLAIN;
  first.number = 40;
  memcpy(first.name, one, sizeof one);
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    char local[32];
    int32_t a = 2, b = 3, c = 0;
    letter_a = 'A';
    letter_b = 'B';
    memcpy(local, i % 3 ? two : one, sizeof local);
    enum kind kind = later(first.name, local) ? HIDDEN : MARKED;
    while (a < b) {
      c = 5 * a - b;
      adjust(a, b, &c);
      a++;
    }
    into_arrays(row, grid, a, c + i % 7);
    first.next = &second;
    first.kind = (enum kind)(i & 1);
    pass_on(&first);
    for (char letter = 'A'; letter <= letter_b; letter++) {
      if (kind == choose(letter, 'C')) kind = PLAIN;
    }
    b = b * a;
    a = b / (c | 1);
    b = 7 * (b - c) - a;
    sum = sum * 31 + (uint32_t)b + (uint32_t)second.number + (uint32_t)row[8] + kind;
  }
  return sum + (uint32_t)total;
}
