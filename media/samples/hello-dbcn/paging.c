/*
 * Sv39 page tables: memory mapped one to one in pages of 2 MiB, and a window of 4 KiB pages at the
 * start of the upper half (RISC-V Privileged Architecture, "Sv39").
 */
#include "paging.h"
#include "csr.h"

typedef unsigned long pte_t;

enum pte_bits {
  PTE_V = 1 << 0,
  PTE_R = 1 << 1,
  PTE_W = 1 << 2,
  PTE_X = 1 << 3,
  PTE_A = 1 << 6,
  PTE_D = 1 << 7,
};

#define ENTRIES 512
#define MEMORY_START 0x80000000ul
#define MEGAPAGE 0x200000ul

static pte_t root_table[ENTRIES] __attribute__((aligned(4096)));
static pte_t memory_table[ENTRIES] __attribute__((aligned(4096)));
static pte_t window_middle[ENTRIES] __attribute__((aligned(4096)));
static pte_t window_table[ENTRIES] __attribute__((aligned(4096)));

static pte_t make_pte(unsigned long physical, unsigned bits) {
  return (physical >> 12) << 10 | bits;
}

static unsigned index_at(unsigned long address, int level) {
  return (address >> (12 + 9 * level)) & (ENTRIES - 1);
}

void paging_enable(void) {
  for (unsigned i = 0; i < ENTRIES; i++) {
    unsigned long address = MEMORY_START + i * MEGAPAGE;
    memory_table[i] = make_pte(address, PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D);
  }
  root_table[index_at(MEMORY_START, 2)] = make_pte((unsigned long)memory_table, PTE_V);
  root_table[index_at(WINDOW, 2)] = make_pte((unsigned long)window_middle, PTE_V);
  window_middle[index_at(WINDOW, 1)] = make_pte((unsigned long)window_table, PTE_V);

  __asm__ volatile("sfence.vma" ::: "memory");
  csr_write(satp, SATP_SV39 | (unsigned long)root_table >> 12);
  __asm__ volatile("sfence.vma" ::: "memory");
}

void paging_map_window(unsigned long physical, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    window_table[i] = make_pte(physical + i * PAGE_SIZE, PTE_V | PTE_R | PTE_W | PTE_A | PTE_D);
  }
  __asm__ volatile("sfence.vma" ::: "memory");
}
