/* Strings and copies: lengths, comparisons, searches, words split and joined, blocks moved at odd
 * alignments. */
#include "runtime.h"

#ifndef REPS
#define REPS 140000
#endif
#define TEXT 2048

static char text[TEXT + 1], other[TEXT + 64], joined[TEXT + 64];

static size_t length(const char *s) {
  const char *end = s;
  while (*end != '\0') end++;
  return (size_t)(end - s);
}

static int compare(const char *a, const char *b) {
  while (*a != '\0' && *a == *b) a++, b++;
  return (uint8_t)*a - (uint8_t)*b;
}

static const char *find(const char *s, char wanted) {
  while (*s != wanted && *s != '\0') s++;
  return s;
}

/* Every other word first, then the rest, with one blank between. */
static size_t regroup(char *to, const char *from) {
  char *out = to;
  for (int turn = 0; turn < 2; turn++) {
    int number = 0;
    for (const char *word = from; *word != '\0';) {
      const char *end = find(word, ' ');
      if (number++ % 2 == turn) {
        memcpy(out, word, (size_t)(end - word));
        out += end - word;
        *out++ = ' ';
      }
      word = *end == ' ' ? end + 1 : end;
    }
  }
  *out = '\0';
  return (size_t)(out - to);
}

uint64_t main(void) {
  uint64_t seed = 5, sum = 0;
  for (int i = 0; i < TEXT; i++) {
    uint64_t r = next_random(&seed) % 32;
    text[i] = r < 26 ? (char)('a' + r) : ' ';
  }
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    size_t shift = (size_t)i % 8;
    memcpy(other + shift, text, TEXT + 1);
    other[shift + (size_t)(i * 37) % TEXT] ^= 1;
    sum = sum * 31 + (uint64_t)(int64_t)compare(text, other + shift);
    sum += length(other + shift);
    if (i % 4 == 0) sum = sum * 31 + regroup(joined, other + shift) + (uint8_t)joined[i % TEXT];
    memset(joined + shift, i, 512 + shift * 16);
    sum ^= (uint8_t)joined[511];
  }
  return sum;
}
