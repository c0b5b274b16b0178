/*
 * Reads temperature sensors through an SBI extension of a vendor's (SBI, "Vendor-Specific SBI
 * Extension Space"). No firmware has it: handlers.ts beside this file answers its calls. Change
 * and save handlers.ts while this runs, and the next reading comes from what was saved.
 */
#define SENSOR 0x09000001ul
#define SENSOR_COUNT 0
#define SENSOR_NAME 1
#define SENSOR_READ 2
#define SBI_BASE 0x10ul
#define SBI_BASE_PROBE_EXTENSION 3
#define SBI_DBCN 0x4442434eul
#define SBI_DBCN_WRITE_BYTE 2
#define SBI_SRST 0x53525354ul

struct sbi_result {
  long error;
  long value;
};

static struct sbi_result sbi_call(unsigned long extension, unsigned long function,
                                  unsigned long arg0, unsigned long arg1, unsigned long arg2) {
  register unsigned long a0 __asm__("a0") = arg0;
  register unsigned long a1 __asm__("a1") = arg1;
  register unsigned long a2 __asm__("a2") = arg2;
  register unsigned long a6 __asm__("a6") = function;
  register unsigned long a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
  struct sbi_result result = {(long)a0, (long)a1};
  return result;
}

static void print_byte(char byte) {
  sbi_call(SBI_DBCN, SBI_DBCN_WRITE_BYTE, (unsigned char)byte, 0, 0);
}

static void print(const char *text) {
  for (; *text != '\0'; text++) print_byte(*text);
}

static void print_number(long value, int least_digits) {
  char digits[21];
  int i = sizeof digits;
  unsigned long rest = value < 0 ? -(unsigned long)value : (unsigned long)value;
  digits[--i] = '\0';
  do {
    digits[--i] = (char)('0' + rest % 10);
    rest /= 10;
    least_digits--;
  } while (rest != 0 || least_digits > 0);
  if (value < 0) print("-");
  print(&digits[i]);
}

/* The name is written by the firmware, so its buffer is given by physical address. */
static char name[16];

static void print_sensor(unsigned long sensor) {
  if (sbi_call(SENSOR, SENSOR_NAME, sensor, (unsigned long)name, sizeof name).error != 0) return;
  struct sbi_result reading = sbi_call(SENSOR, SENSOR_READ, sensor, 0, 0);
  print(name);
  if (reading.error != 0) {
    print(": error ");
    print_number(reading.error, 1);
  } else {
    print(": ");
    print_number(reading.value / 1000, 1);
    print(".");
    print_number(reading.value % 1000, 3);
    print(" degrees");
  }
  print("\r\n");
}

void main(void) {
  if (sbi_call(SBI_BASE, SBI_BASE_PROBE_EXTENSION, SENSOR, 0, 0).value == 0) {
    print("this firmware has no sensors\r\n");
  } else {
    /* One more than there are, to see what is said of a sensor that is not there. */
    long count = sbi_call(SENSOR, SENSOR_COUNT, 0, 0, 0).value;
    print_number(count, 1);
    print(" sensors\r\n");
    for (long sensor = 0; sensor <= count; sensor++) print_sensor((unsigned long)sensor);
  }
  sbi_call(SBI_SRST, 0, 0, 0, 0);
}
