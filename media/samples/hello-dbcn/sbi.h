#ifndef SBI_H
#define SBI_H

/* Supervisor Binary Interface, version 2.0: extensions and functions that this guest calls. */
#define SBI_BASE 0x10
#define SBI_BASE_SPEC_VERSION 0
#define SBI_BASE_IMPL_ID 1
#define SBI_BASE_PROBE 3
#define SBI_TIME 0x54494d45
#define SBI_DBCN 0x4442434e
#define SBI_DBCN_WRITE 0
#define SBI_DBCN_READ 1
#define SBI_SRST 0x53525354

struct sbi_result {
  long error;
  long value;
};

struct sbi_result sbi_call(unsigned long extension, unsigned long function, unsigned long arg0,
                           unsigned long arg1, unsigned long arg2);
_Noreturn void shutdown(unsigned long reason);

#endif
