/* CRC-32 (IEEE 802.3) by table and bit by bit, over 16 KiB. */
#include "runtime.h"

#ifndef REPS
#define REPS 20000
#endif
#define SIZE 16384
#define POLYNOMIAL 0xedb88320u

static uint32_t table[256];
static uint8_t data[SIZE];

static uint32_t bits(uint32_t crc, int count) {
  for (int i = 0; i < count; i++) crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
  return crc;
}

static uint32_t by_table(uint32_t crc, const uint8_t *from, size_t size) {
  for (; size > 0; size--) crc = crc >> 8 ^ table[(crc ^ *from++) & 255];
  return crc;
}

static uint32_t by_bits(uint32_t crc, const uint8_t *from, size_t size) {
  for (; size > 0; size--) crc = bits(crc ^ *from++, 8);
  return crc;
}

uint64_t main(void) {
  uint64_t seed = 7, sum = 0;
  for (uint32_t i = 0; i < 256; i++) table[i] = bits(i, 8);
  for (int i = 0; i < SIZE; i++) data[i] = (uint8_t)next_random(&seed);
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    data[i % SIZE]++;
    uint32_t fast = by_table(~0u, data, SIZE);
    sum = sum * 31 + fast;
    sum ^= by_bits(fast, data, 256);
  }
  return sum;
}
