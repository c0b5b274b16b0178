/* What start.S and worlds.c share (privileged manual: machine, supervisor, hypervisor CSRs). */
#ifndef WORLDS_H
#define WORLDS_H

#define WORLD_BARE 0
#define WORLD_SV39 1
#define WORLD_GUEST 2

#define MSTATUS_MPP 0x1800
#define MSTATUS_MPP_S 0x800
#define MSTATUS_FS 0x2000
#define MSTATUS_MPV 0x8000000000
#define PMP_ALL 0x1f
#define COUNTERS 7
#define ENVCFG_STCE 0x8000000000000000
#define INTERRUPT_STI 0x20
#define INTERRUPT_VSTI 0x40
#define INTERRUPT_MTI 0x80

#ifndef __ASSEMBLER__
#include <stdint.h>

extern const volatile uint32_t world;

/* Values for satp or vsatp (the same), and for hgatp; returned in a0 and a1. */
struct roots {
  uint64_t atp, hgatp;
};
struct roots make_page_tables(void);

/* Neighbours of so many pages (whole megapages) are no longer neighbours in memory. */
void scatter_pages(void *start, uint64_t count);

/* From now on `timer_interrupt` is called every so many ticks of `time`. */
void timer_every(uint64_t ticks);
extern volatile uint64_t timer_count;
#endif

#endif
