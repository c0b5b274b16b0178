/*
 * A supervisor of RV32 that checks what is different there: halves of 64-bit counters, calls whose
 * 64-bit arguments take two registers, Sv32, and devices behind loads and stores of words. It ends
 * with "all checks passed", or with the first that failed. SBI 3.0; privileged manual, "Sv32".
 */
typedef unsigned u32;
typedef unsigned long long u64;

#define csr_read(csr)                                  \
  ({                                                   \
    u32 value_;                                        \
    __asm__ volatile("csrr %0, " #csr : "=r"(value_)); \
    value_;                                            \
  })
#define csr_write(csr, value) __asm__ volatile("csrw " #csr ", %0" ::"r"(value) : "memory")
#define csr_set(csr, bits) __asm__ volatile("csrs " #csr ", %0" ::"r"(bits) : "memory")
#define csr_clear(csr, bits) __asm__ volatile("csrc " #csr ", %0" ::"r"(bits) : "memory")

#define SBI_BASE 0x10
#define SBI_TIME 0x54494d45
#define SBI_IPI 0x735049
#define SBI_HSM 0x48534d
#define SBI_DBCN 0x4442434e
#define SBI_SRST 0x53525354

#define SSTATUS_SIE (1u << 1)
#define SIE_SSIE (1u << 1)
#define SIE_STIE (1u << 5)
#define INTERRUPT (1u << 31)
#define SATP_SV32 (1u << 31)

struct sbi_result {
  int error;
  u32 value;
};

struct trap {
  u32 cause;
  u32 value;
};

/* The last exception of try_load or try_store, and how many interrupts of each kind there were. */
static struct trap last_trap;
static volatile u32 timer_interrupts;
static volatile u32 software_interrupts;

u32 try_load(u32 address);
void try_store(u32 address, u32 value);

static struct sbi_result sbi_call(u32 extension, u32 function, u32 arg0, u32 arg1, u32 arg2) {
  register u32 a0 __asm__("a0") = arg0;
  register u32 a1 __asm__("a1") = arg1;
  register u32 a2 __asm__("a2") = arg2;
  register u32 a6 __asm__("a6") = function;
  register u32 a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
  struct sbi_result result = {(int)a0, a1};
  return result;
}

static void print(const char *text) {
  u32 length = 0;
  while (text[length] != '\0') length++;
  while (length > 0) {
    struct sbi_result written = sbi_call(SBI_DBCN, 0, length, (u32)text, 0);
    if (written.error != 0) break;
    text += written.value;
    length -= written.value;
  }
}

static void print_hex(u32 value) {
  char digits[11] = "0x";
  for (int i = 0; i < 8; i++) {
    u32 nibble = (value >> (28 - 4 * i)) & 15;
    digits[2 + i] = (char)(nibble < 10 ? '0' + nibble : 'a' + nibble - 10);
  }
  digits[10] = '\0';
  print(digits);
}

static void finish(u32 reason) {
  sbi_call(SBI_SRST, 0, 0, reason, 0);
  for (;;) __asm__ volatile("wfi");
}

static void check(const char *what, u32 found, u32 expected) {
  if (found == expected) return;
  print("failed: ");
  print(what);
  print(" is ");
  print_hex(found);
  print(", not ");
  print_hex(expected);
  print("\n");
  finish(1);
}

/* Returns where to go on: behind the instruction for exceptions, which are expected ones. */
u32 handle_trap(u32 cause, u32 pc, u32 value) {
  if (cause == (INTERRUPT | 5)) {
    timer_interrupts++;
    sbi_call(SBI_TIME, 0, ~0u, ~0u, 0);
    return pc;
  }
  if (cause == (INTERRUPT | 1)) {
    software_interrupts++;
    csr_clear(sip, SIE_SSIE);
    return pc;
  }
  last_trap.cause = cause;
  last_trap.value = value;
  return pc + ((*(unsigned short *)pc & 3) == 3 ? 4 : 2);
}

/* Zicntr: on RV32 the upper half is read again until it did not change. */
static u64 time_now(void) {
  u32 high, low;
  do {
    high = csr_read(timeh);
    low = csr_read(time);
  } while (csr_read(timeh) != high);
  return (u64)high << 32 | low;
}

static void check_counters(void) {
  u64 first = time_now();
  u64 second = time_now();
  check("time going on", second >= first, 1);
  check("upper half of time", csr_read(timeh), 0);
  u32 before = csr_read(instret);
  u32 after = csr_read(instret);
  check("instret going on", after != before, 1);
  csr_read(instreth);
  csr_read(cycleh);
  check("exceptions of counters", last_trap.cause, 0);
}

static void check_timer(void) {
  u64 at = time_now() + 20000;
  csr_set(sie, SIE_STIE);
  csr_set(sstatus, SSTATUS_SIE);
  /* Never in the lower half alone: the upper one of the argument counts. */
  sbi_call(SBI_TIME, 0, 0, 1, 0);
  for (volatile int i = 0; i < 1000; i++) continue;
  check("interrupts of a timer that is far away", timer_interrupts, 0);
  sbi_call(SBI_TIME, 0, (u32)at, (u32)(at >> 32), 0);
  while (timer_interrupts == 0) __asm__ volatile("wfi");
  check("time of the timer", time_now() >= at, 1);
  check("interrupts of the timer", timer_interrupts, 1);
}

static void check_calls(u32 hart) {
  csr_set(sie, SIE_SSIE);
  check("error of an IPI", (u32)sbi_call(SBI_IPI, 0, 1u << hart, 0, 0).error, 0);
  for (int i = 0; i < 1000 && software_interrupts == 0; i++) continue;
  check("software interrupts", software_interrupts, 1);
  /* A hart mask base of all ones, which is 32 of them, means every hart. */
  check("error of an IPI to all", (u32)sbi_call(SBI_IPI, 0, 0, ~0u, 0).error, 0);
  for (int i = 0; i < 1000 && software_interrupts == 1; i++) continue;
  check("software interrupts", software_interrupts, 2);
  check("state of this hart", sbi_call(SBI_HSM, 2, hart, 0, 0).value, 0);
  /* Upper bits of an address: no memory is there, for which firmware has different errors. */
  struct sbi_result far = sbi_call(SBI_DBCN, 0, 4, 0x80400000u, 1);
  check("error of a far buffer", far.error < 0, 1);
  check("specification's major version", sbi_call(SBI_BASE, 0, 0, 0, 0).value >> 24 > 0, 1);
}

enum pte_bits { V = 1, R = 2, W = 4, X = 8, AD = 0xc0 };

#define ENTRIES 1024
#define WINDOW 0x40000000u
static u32 root[ENTRIES] __attribute__((aligned(4096)));
static u32 window[ENTRIES] __attribute__((aligned(4096)));
static u32 page[ENTRIES] __attribute__((aligned(4096)));

static u32 pte(u32 physical, u32 bits) {
  return (physical >> 12) << 10 | bits;
}

static void enable_paging(void) {
  /* Memory and, below it, devices: one to one in pages of 4 MiB. */
  for (u32 i = 0; i < 64; i++) {
    u32 address = 0x80000000u + (i << 22);
    root[address >> 22] = pte(address, V | R | W | X | AD);
  }
  root[0x10000000u >> 22] = pte(0x10000000u, V | R | W | AD);
  root[WINDOW >> 22] = pte((u32)window, V);
  window[0] = pte((u32)page, V | R | W | AD);
  window[1] = pte((u32)page, V | R | AD);
  window[2] = pte((u32)page, V | R | W | AD) & ~(u32)V;
  csr_write(satp, SATP_SV32 | (u32)root >> 12);
  __asm__ volatile("sfence.vma" ::: "memory");
}

static void check_fault(const char *what, u32 cause, u32 value) {
  check(what, last_trap.cause, cause);
  check(what, last_trap.value, value);
  last_trap.cause = 0;
}

static void check_paging(void) {
  enable_paging();
  check("satp", csr_read(satp), SATP_SV32 | (u32)root >> 12);
  page[3] = 0x12345678;
  check("a word through the window", try_load(WINDOW + 12), 0x12345678);
  try_store(WINDOW + 16, 0x9abcdef0);
  check("a word stored through the window", page[4], 0x9abcdef0);
  check("the read-only page", try_load(WINDOW + 0x1010), 0x9abcdef0);
  check("exceptions", last_trap.cause, 0);
  try_store(WINDOW + 0x1014, 1);
  check_fault("a store to the read-only page", 15, WINDOW + 0x1014);
  try_load(WINDOW + 0x2018);
  check_fault("a load of the absent page", 13, WINDOW + 0x2018);
  try_load(0xfffffffcu);
  check_fault("a load at the end of the address space", 13, 0xfffffffcu);
}

static void check_device(void) {
  /* The UART's line status: transmitter empty. */
  unsigned char status = *(volatile unsigned char *)0x10000005u;
  check("line status", status & 0x60, 0x60);
  /* The real-time clock is not mapped: it lies below the UART's 4 MiB. */
  volatile unsigned char *scratch = (volatile unsigned char *)0x10000007u;
  *scratch = 0x5a;
  check("the scratch register", *scratch, 0x5a);
}

static u32 sum_of(const u32 *numbers, u32 count) {
  u64 sum = 0;
  for (u32 i = 0; i < count; i++) sum += numbers[i];
  return (u32)(sum >> 32) + (u32)sum;
}

struct point {
  short x;
  short y;
  const char *name;
  u64 wide;
};

static u32 inspect(struct point *where, int depth) {
  u32 numbers[3] = {0xffffffffu, 2, 3};
  long negative = -5;
  if (depth > 0) return inspect(where, depth - 1);
  where->x = (short)negative;
  return sum_of(numbers, 3);
}

void supervisor_main(u32 hart, u32 device_tree) {
  struct point origin = {7, -9, "origin", 0x123456789abcdef0ull};
  print("Hello from RV32\n");
  check("magic number of the device tree", *(u32 *)device_tree, 0xedfe0dd0);
  check("what inspect makes", inspect(&origin, 2), 5);
  check_counters();
  check_timer();
  check_calls(hart);
  check_paging();
  check_device();
  print("all checks passed\n");
  finish(0);
}
