#ifndef CSR_H
#define CSR_H

#define csr_read(csr)                                       \
  ({                                                        \
    unsigned long value_;                                   \
    __asm__ volatile("csrr %0, " #csr : "=r"(value_));      \
    value_;                                                 \
  })
#define csr_write(csr, value) __asm__ volatile("csrw " #csr ", %0" ::"r"(value) : "memory")
#define csr_set(csr, bits) __asm__ volatile("csrs " #csr ", %0" ::"r"(bits) : "memory")
#define csr_clear(csr, bits) __asm__ volatile("csrc " #csr ", %0" ::"r"(bits) : "memory")

#define SSTATUS_SIE (1ul << 1)
#define SIE_STIE (1ul << 5)
#define SCAUSE_INTERRUPT (1ul << 63)
#define SCAUSE_SUPERVISOR_TIMER (SCAUSE_INTERRUPT | 5)
#define SATP_SV39 (8ul << 60)

#endif
