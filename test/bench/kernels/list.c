/* A linked list in random order over half a MiB: loads that depend on loads, insertion and removal. */
#include "runtime.h"

#ifndef REPS
#define REPS 14000
#endif
#define NODES 16384

struct node {
  struct node *next;
  uint64_t value;
  uint64_t padding[2];
};

static struct node nodes[NODES];
static uint32_t order[NODES];

static struct node *build(uint64_t *seed) {
  for (uint32_t i = 0; i < NODES; i++) order[i] = i;
  for (uint32_t i = NODES - 1; i > 0; i--) {
    uint32_t j = (uint32_t)(next_random(seed) % (i + 1));
    uint32_t kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  for (uint32_t i = 0; i < NODES; i++) {
    nodes[order[i]].next = i + 1 < NODES ? &nodes[order[i + 1]] : 0;
    nodes[order[i]].value = next_random(seed);
  }
  return &nodes[order[0]];
}

static struct node *reverse(struct node *list) {
  struct node *done = 0;
  while (list != 0) {
    struct node *next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}

uint64_t main(void) {
  uint64_t seed = 42, sum = 0;
  struct node *list = build(&seed);
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    for (struct node *n = list; n != 0; n = n->next) sum = (sum << 1 | sum >> 63) + n->value;
    if (i % 8 == 7) list = reverse(list);
  }
  return sum;
}
