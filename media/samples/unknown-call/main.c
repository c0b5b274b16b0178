/*
 * Calls a firmware function that no specification knows: extension 0x08000042 lies in the range
 * for experiments (SBI, "Experimental SBI Extension Space"). Without anybody to answer, the
 * hypervisor says NOT_SUPPORTED; a developer who designs such an interface answers it by hand.
 */
#define EXPERIMENT 0x08000042ul
#define EXPERIMENT_MULTIPLY 7
#define SBI_DBCN 0x4442434eul
#define SBI_DBCN_WRITE_BYTE 2
#define SBI_SRST 0x53525354ul
#define SBI_ERR_NOT_SUPPORTED -2

struct sbi_result {
  long error;
  long value;
};

static struct sbi_result sbi_call(unsigned long extension, unsigned long function,
                                  unsigned long arg0, unsigned long arg1) {
  register unsigned long a0 __asm__("a0") = arg0;
  register unsigned long a1 __asm__("a1") = arg1;
  register unsigned long a6 __asm__("a6") = function;
  register unsigned long a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
  struct sbi_result result = {(long)a0, (long)a1};
  return result;
}

static void print(const char *text) {
  for (; *text != '\0'; text++) {
    sbi_call(SBI_DBCN, SBI_DBCN_WRITE_BYTE, (unsigned char)*text, 0);
  }
}

static void print_number(long value) {
  char digits[21];
  int i = sizeof digits;
  unsigned long rest = value < 0 ? -(unsigned long)value : (unsigned long)value;
  digits[--i] = '\0';
  do {
    digits[--i] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (value < 0) print("-");
  print(&digits[i]);
}

void main(void) {
  print("calling extension 0x08000042, function 7, with 6 and 9\r\n");
  struct sbi_result result = sbi_call(EXPERIMENT, EXPERIMENT_MULTIPLY, 6, 9);

  print("error ");
  print_number(result.error);
  if (result.error == SBI_ERR_NOT_SUPPORTED) print(" (NOT_SUPPORTED)");
  if (result.error == 0) {
    print(", value ");
    print_number(result.value);
  }
  print("\r\n");
  sbi_call(SBI_SRST, 0, 0, 0);
}
