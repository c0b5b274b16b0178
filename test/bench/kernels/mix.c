/*
 * A mix in the manner of processor benchmarks for small systems: a list that is searched and
 * sorted, a matrix of small integers, a state machine over text, and a CRC that ties the results
 * together so that nothing can be left out.
 */
#include "runtime.h"

#ifndef REPS
#define REPS 80000
#endif
#define ITEMS 60
#define SIDE 12

static uint16_t crc16(uint16_t crc, uint16_t value) {
  for (int bit = 0; bit < 16; bit++) {
    unsigned carry = (crc ^ value) & 1;
    value >>= 1;
    crc >>= 1;
    if (carry) crc ^= 0xa001;
  }
  return crc;
}

struct item {
  struct item *next;
  int16_t key;
  uint16_t tag;
};

static struct item items[ITEMS];

static struct item *make_list(uint64_t *seed) {
  for (int i = 0; i < ITEMS; i++) {
    uint64_t r = next_random(seed);
    items[i].key = (int16_t)r;
    items[i].tag = (uint16_t)(r >> 16);
    items[i].next = i + 1 < ITEMS ? &items[i + 1] : 0;
  }
  return &items[0];
}

static struct item *find(struct item *list, int16_t key) {
  while (list != 0 && list->key != key) list = list->next;
  return list;
}

static struct item *merge(struct item *a, struct item *b) {
  struct item *head = 0, **tail = &head;
  while (a != 0 && b != 0) {
    struct item **least = a->key <= b->key ? &a : &b;
    *tail = *least;
    tail = &(*least)->next;
    *least = (*least)->next;
  }
  *tail = a != 0 ? a : b;
  return head;
}

static struct item *sort(struct item *list, int count) {
  if (count == 1) {
    list->next = 0;
    return list;
  }
  struct item *second = list;
  for (int i = 0; i < count / 2; i++) second = second->next;
  return merge(sort(list, count / 2), sort(second, count - count / 2));
}

static uint16_t list_part(uint64_t *seed, uint16_t crc) {
  struct item *list = make_list(seed);
  for (int i = 0; i < ITEMS; i += 3) {
    struct item *found = find(list, items[i].key);
    crc = crc16(crc, found != 0 ? found->tag : 0);
  }
  list = sort(list, ITEMS);
  for (struct item *i = list; i != 0; i = i->next) crc = crc16(crc, (uint16_t)i->key);
  return crc;
}

static int32_t left[SIDE][SIDE], right[SIDE][SIDE], product[SIDE][SIDE];

static uint16_t matrix_part(uint64_t *seed, uint16_t crc) {
  for (int i = 0; i < SIDE; i++) {
    for (int j = 0; j < SIDE; j++) {
      uint64_t r = next_random(seed);
      left[i][j] = (int16_t)r;
      right[i][j] = (int16_t)(r >> 16);
    }
  }
  for (int i = 0; i < SIDE; i++) {
    for (int j = 0; j < SIDE; j++) {
      int32_t sum = 0;
      for (int n = 0; n < SIDE; n++) sum += left[i][n] * right[n][j] >> 4;
      product[i][j] = sum;
    }
  }
  for (int i = 0; i < SIDE; i++) crc = crc16(crc, (uint16_t)product[i][SIDE - 1 - i]);
  return crc;
}

enum state { START, SIGN, DIGITS, POINT, FRACTION, EXPONENT, POWER, INVALID, STATES };

static enum state step(enum state state, char c) {
  int digit = c >= '0' && c <= '9';
  switch (state) {
    case START:
      return digit ? DIGITS : c == '+' || c == '-' ? SIGN : c == '.' ? POINT : INVALID;
    case SIGN:
      return digit ? DIGITS : c == '.' ? POINT : INVALID;
    case DIGITS:
      return digit ? DIGITS : c == '.' ? POINT : c == 'e' ? EXPONENT : INVALID;
    case POINT:
    case FRACTION:
      return digit ? FRACTION : c == 'e' && state == FRACTION ? EXPONENT : INVALID;
    case EXPONENT:
    case POWER:
      return digit || (state == EXPONENT && (c == '+' || c == '-')) ? POWER : INVALID;
    default:
      return INVALID;
  }
}

static uint16_t state_part(uint64_t *seed, uint16_t crc) {
  static const char text[] = "12,-3.75,+.5e10,1e,abc,6.02e+23,0,--1,99.,7e-3,";
  uint16_t visits[STATES] = {0};
  enum state state = START;
  unsigned flip = (unsigned)(next_random(seed) % (sizeof text - 1));
  for (unsigned i = 0; i < sizeof text - 1; i++) {
    char c = i == flip ? '7' : text[i];
    if (c == ',') {
      crc = crc16(crc, (uint16_t)state);
      state = START;
    } else {
      state = step(state, c);
      visits[state]++;
    }
  }
  for (int i = 0; i < STATES; i++) crc = crc16(crc, visits[i]);
  return crc;
}

uint64_t main(void) {
  uint64_t seed = 0x3415;
  uint16_t crc = 0;
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    crc = list_part(&seed, crc);
    crc = matrix_part(&seed, crc);
    crc = state_part(&seed, crc);
  }
  return (uint64_t)crc << 48 | (seed & 0xffffffffffff);
}
