/*
 * The SBI debug console. It takes physical addresses: memory is mapped one to one here, so a
 * pointer is one. Reading never waits: the guest asks again a hundred times a second.
 */
#include "console.h"
#include "sbi.h"
#include "timer.h"

static void write_bytes(const char *bytes, unsigned long count) {
  while (count > 0) {
    struct sbi_result written = sbi_call(SBI_DBCN, SBI_DBCN_WRITE, count, (unsigned long)bytes, 0);
    if (written.error != 0) shutdown(1);
    bytes += written.value;
    count -= (unsigned long)written.value;
  }
}

void print(const char *text) {
  unsigned long length = 0;
  while (text[length] != '\0') length++;
  write_bytes(text, length);
}

void print_char(char c) {
  write_bytes(&c, 1);
}

void print_hex(unsigned long value) {
  char digits[18] = "0x";
  for (int i = 0; i < 16; i++) {
    unsigned nibble = (value >> (60 - 4 * i)) & 15;
    digits[2 + i] = (char)(nibble < 10 ? '0' + nibble : 'a' + nibble - 10);
  }
  write_bytes(digits, sizeof digits);
}

void print_decimal(unsigned long value) {
  char digits[20];
  int first = sizeof digits;
  do {
    digits[--first] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  write_bytes(&digits[first], sizeof digits - (unsigned long)first);
}

static int read_char(void) {
  char c;
  struct sbi_result read = sbi_call(SBI_DBCN, SBI_DBCN_READ, 1, (unsigned long)&c, 0);
  return read.error == 0 && read.value == 1 ? (unsigned char)c : -1;
}

int read_line(char *line, int size, unsigned seconds) {
  unsigned long give_up = time_now() + seconds * TIMER_HZ;
  int length = 0;
  for (;;) {
    int c = read_char();
    if (c < 0) {
      if (length == 0 && time_now() > give_up) return -1;
      nap(TIMER_HZ / 100);
      continue;
    }
    if (c == '\r' || c == '\n') break;
    if (c == 0x7f || c == '\b') {
      if (length > 0) {
        length--;
        print("\b \b");
      }
      continue;
    }
    if (length < size - 1) {
      line[length++] = (char)c;
      print_char((char)c);
    }
  }
  line[length] = '\0';
  print("\r\n");
  return length;
}
