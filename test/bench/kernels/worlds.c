/*
 * The worlds below M-mode: devices by one gigapage, memory by 4 KiB pages under Sv39 and by 2 MiB
 * pages under Sv39x4, as a kernel and its hypervisor would map it.
 */
#include "worlds.h"

#define GIGAPAGE 30
#define MEGAPAGE 21
#define PAGE 12
#define RAM 0x80000000ul
#define MAPPED_MEGAPAGES 72
#define MODE_SV39 (8ul << 60)
#define CLINT_MTIMECMP ((volatile uint64_t *)0x2004000)
#define CLINT_MTIME ((volatile uint64_t *)0x200bff8)

enum { V = 1, R = 2, W = 4, X = 8, U = 16, A = 64, D = 128 };

typedef uint64_t table[512] __attribute__((aligned(4096)));

static table root, megapages, pages[MAPPED_MEGAPAGES];
static uint64_t guest_root[2048] __attribute__((aligned(16384)));
static table guest_megapages;

static uint64_t entry(uint64_t address, uint64_t flags) {
  return address >> PAGE << 10 | flags;
}

struct roots make_page_tables(void) {
  const uint64_t leaf = V | R | W | X | A | D;
  root[0] = entry(0, V | R | W | A | D);
  root[RAM >> GIGAPAGE] = entry((uint64_t)megapages, V);
  guest_root[0] = entry(0, V | R | W | U | A | D);
  guest_root[RAM >> GIGAPAGE] = entry((uint64_t)guest_megapages, V);
  for (uint64_t i = 0; i < MAPPED_MEGAPAGES; i++) {
    uint64_t megapage = RAM + (i << MEGAPAGE);
    megapages[i] = entry((uint64_t)pages[i], V);
    guest_megapages[i] = entry(megapage, leaf | U);
    for (uint64_t j = 0; j < 512; j++) pages[i][j] = entry(megapage + (j << PAGE), leaf);
  }
  return (struct roots){
      .atp = MODE_SV39 | (uint64_t)root >> PAGE,
      .hgatp = MODE_SV39 | (uint64_t)guest_root >> PAGE,
  };
}

static uint64_t bits_reversed(uint64_t index) {
  uint64_t reversed = 0;
  for (int i = 0; i < 9; i++) reversed |= (index >> i & 1) << (8 - i);
  return reversed;
}

void scatter_pages(void *start, uint64_t count) {
  if (world == WORLD_BARE) return;
  uint64_t first = ((uint64_t)start - RAM) >> MEGAPAGE;
  for (uint64_t i = first; i < first + (count >> 9); i++) {
    for (uint64_t j = 0; j < 512; j++) {
      uint64_t address = RAM + (i << MEGAPAGE) + (bits_reversed(j) << PAGE);
      pages[i][j] = entry(address, V | R | W | A | D);
    }
  }
  __asm__ volatile("sfence.vma" ::: "memory");
}

static uint64_t interval;
volatile uint64_t timer_count;

extern char machine_timer_vector[], supervisor_timer_vector[];

static void set_timer(void) {
  if (world == WORLD_BARE) {
    *CLINT_MTIMECMP = *CLINT_MTIME + interval;
  } else {
    uint64_t now;
    __asm__ volatile("rdtime %0" : "=r"(now));
    __asm__ volatile("csrw stimecmp, %0" ::"r"(now + interval));
  }
}

void timer_interrupt(void) {
  timer_count++;
  set_timer();
}

void timer_every(uint64_t ticks) {
  interval = ticks;
  set_timer();
  if (world == WORLD_BARE) {
    __asm__ volatile("csrw mtvec, %0" ::"r"(machine_timer_vector));
    __asm__ volatile("csrw mie, %0\n csrsi mstatus, 8" ::"r"(INTERRUPT_MTI));
  } else {
    __asm__ volatile("csrw stvec, %0" ::"r"(supervisor_timer_vector));
    __asm__ volatile("csrw sie, %0\n csrsi sstatus, 2" ::"r"(INTERRUPT_STI));
  }
}
