#ifndef PAGING_H
#define PAGING_H

#define PAGE_SIZE 4096ul
/* A virtual address far from any physical one, so that translation shows. */
#define WINDOW 0xffffffc000000000ul

void paging_enable(void);
/* Maps `count` pages at WINDOW to `physical` on. */
void paging_map_window(unsigned long physical, unsigned count);

#endif
