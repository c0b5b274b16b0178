/*
 * A small supervisor-mode guest: it greets through the SBI debug console, asks for a name, turns
 * paging on, touches fresh memory, counts timer interrupts, and shuts the machine down. There is
 * something to see in every view: set a breakpoint in `run_planets` and look at Variables.
 */
#include "console.h"
#include "csr.h"
#include "paging.h"
#include "sbi.h"
#include "timer.h"

enum phase { PHASE_BOOT, PHASE_GREETING, PHASE_PAGING, PHASE_TIMER, PHASE_DONE };

struct planet {
  const char *name;
  unsigned moons;
  int visited;
  const struct planet *next;
};

static struct planet planets[] = {
    {"Mercury", 0, 0, &planets[1]},
    {"Venus", 0, 0, &planets[2]},
    {"Earth", 1, 0, &planets[3]},
    {"Mars", 2, 0, 0},
};

enum phase phase;

/* Memory that nothing has touched: each first access shows as a new row of stage 2. */
#define FRESH_MEMORY 0x80800000ul
#define FRESH_PAGES 4

static void print_field(const char *name, unsigned long value) {
  print("  ");
  print(name);
  print(" = ");
  print_hex(value);
  print("\r\n");
}

static void show_environment(unsigned long hart, unsigned long device_tree) {
  struct sbi_result version = sbi_call(SBI_BASE, SBI_BASE_SPEC_VERSION, 0, 0, 0);
  struct sbi_result implementation = sbi_call(SBI_BASE, SBI_BASE_IMPL_ID, 0, 0, 0);
  print("Hello from supervisor mode, SBI ");
  print_decimal((unsigned long)version.value >> 24 & 0x7f);
  print(".");
  print_decimal((unsigned long)version.value & 0xffffff);
  print(" of implementation ");
  print_decimal((unsigned long)implementation.value);
  print("\r\n");
  print_field("hart", hart);
  print_field("device tree", device_tree);
  print_field("stvec", csr_read(stvec));
  print_field("sscratch", csr_read(sscratch));
}

static void greet(void) {
  char name[32];
  print("What is your name? ");
  int length = read_line(name, sizeof name, 600);
  if (length < 0) print("\r\n");
  print("Nice to meet you, ");
  print(length > 0 ? name : "whoever you are");
  print("!\r\n");
}

static unsigned long touch_memory(void) {
  unsigned long sum = 0;
  paging_map_window(FRESH_MEMORY, FRESH_PAGES);
  for (unsigned i = 0; i < FRESH_PAGES; i++) {
    volatile unsigned long *page = (volatile unsigned long *)(WINDOW + i * PAGE_SIZE);
    *page = (i + 1) * 0x1111;
  }
  for (unsigned i = 0; i < FRESH_PAGES; i++) {
    volatile unsigned long *same = (volatile unsigned long *)(FRESH_MEMORY + i * PAGE_SIZE);
    sum += *same;
  }
  return sum;
}

static unsigned run_planets(void) {
  unsigned moons = 0;
  unsigned distance[4] = {58, 108, 150, 228};
  for (struct planet *p = planets; p != 0; p = (struct planet *)p->next) {
    p->visited = 1;
    moons += p->moons;
    print("  ");
    print(p->name);
    print(", ");
    print_decimal(distance[p - planets]);
    print(" million km\r\n");
  }
  return moons;
}

static unsigned factorial(unsigned n) {
  if (n <= 1) return 1;
  return n * factorial(n - 1);
}

static void wait_for_ticks(unsigned count) {
  unsigned seen = 0;
  timer_start(TIMER_HZ / 10);
  while (seen < count) {
    __asm__ volatile("wfi");
    if (timer_ticks == seen) continue;
    seen = timer_ticks;
    print("tick ");
    print_decimal(seen);
    print("\r\n");
  }
  csr_clear(sie, SIE_STIE);
}

void kernel_main(unsigned long hart, unsigned long device_tree) {
  phase = PHASE_BOOT;
  show_environment(hart, device_tree);

  phase = PHASE_GREETING;
  greet();

  phase = PHASE_PAGING;
  paging_enable();
  print_field("satp", csr_read(satp));
  unsigned long sum = touch_memory();
  print_field("sum over the window", sum);

  unsigned moons = run_planets();
  print("moons: ");
  print_decimal(moons);
  print(", 5! = ");
  print_decimal(factorial(5));
  print("\r\n");

  phase = PHASE_TIMER;
  wait_for_ticks(3);

  phase = PHASE_DONE;
  print("Goodbye.\r\n");
  shutdown(0);
}
