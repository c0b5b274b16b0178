/*
 * Loops that leave fast code once in each round, one loop a build: LOOP is its name. s0 counts the
 * rounds, and whoever runs it reads it. M-mode, or VS-mode where the name begins with `guest`.
 */
#define UART_LSR 5
#define MSTATUS_MIE 8
#define SSTATUS_SIE 2
#define SBI_BASE 0x10
#define SBI_DBCN 0x4442434e
#define SBI_VENDOR 0x09000000

    .section .text, "ax"
    .globl _start
_start:
    li      s0, 0
    li      s1, 0x10000000          /* UART */
    li      s2, 0x2000000           /* CLINT */
    li      s3, 0x2004000           /* mtimecmp */
    li      s4, 0x200bff8           /* mtime */
    la      s5, data
    j       LOOP

/* What a round costs by itself. */
.balign 64
nothing:
1:  addi    s0, s0, 1
    j       1b

/* A load across pages, which the interpreter does. */
.balign 64
straddle:
    la      s5, across
1:  ld      a0, 0(s5)
    addi    s0, s0, 1
    j       1b

.balign 64
csr_scratch:
1:  csrrw   a0, mscratch, a0
    addi    s0, s0, 1
    j       1b

.balign 64
csr_status:
1:  csrrci  a0, mstatus, MSTATUS_MIE
    csrs    mstatus, a0
    addi    s0, s0, 2
    j       1b

.balign 64
csr_pending:
1:  csrr    a0, mip
    addi    s0, s0, 1
    j       1b

.balign 64
csr_time:
1:  rdtime  a0
    addi    s0, s0, 1
    j       1b

.balign 64
csr_instret:
1:  rdinstret a0
    addi    s0, s0, 1
    j       1b

.balign 64
mmio_load:
1:  lbu     a0, UART_LSR(s1)
    addi    s0, s0, 1
    j       1b

.balign 64
mmio_store:
1:  sb      zero, 7(s1)             /* the scratch register */
    addi    s0, s0, 1
    j       1b

.balign 64
mmio_time:
1:  ld      a0, 0(s4)
    addi    s0, s0, 1
    j       1b

/* A trap and the way back. */
.balign 64
trap:
    la      t0, skip
    csrw    mtvec, t0
1:  ecall
    addi    s0, s0, 1
    j       1b
.balign 4
skip:
    csrr    t0, mepc
    addi    t0, t0, 4
    csrw    mepc, t0
    mret

/* Interrupted every 20 ticks, which are 200 instructions. */
.balign 64
timer:
    la      t0, tick
    csrw    mtvec, t0
    sd      zero, 0(s3)
    li      t0, 0x80
    csrw    mie, t0
    csrsi   mstatus, MSTATUS_MIE
1:  addi    a0, a0, 3
    xor     a1, a1, a0
    j       1b
.balign 4
tick:
    ld      t0, 0(s4)
    addi    t0, t0, 20
    sd      t0, 0(s3)
    addi    s0, s0, 1
    mret

/* Waits for 10 ticks. */
.balign 64
wait:
    li      t0, 0x80
    csrw    mie, t0
1:  ld      t0, 0(s4)
    addi    t0, t0, 10
    sd      t0, 0(s3)
    wfi
    addi    s0, s0, 1
    j       1b

.balign 64
guest_sbi_handled:
1:  li      a7, SBI_BASE
    li      a6, 0
    ecall
    addi    s0, s0, 1
    j       1b

/* Writes nothing. */
.balign 64
guest_sbi_forwarded:
1:  li      a7, SBI_DBCN
    li      a6, 0
    li      a0, 0
    li      a1, 0
    li      a2, 0
    ecall
    addi    s0, s0, 1
    j       1b

.balign 64
guest_sbi_handler:
1:  li      a7, SBI_VENDOR
    li      a6, 0
    ecall
    addi    s0, s0, 1
    j       1b

.balign 64
guest_mmio_load:
1:  lbu     a0, UART_LSR(s1)
    addi    s0, s0, 1
    j       1b

.balign 64
guest_csr_status:
1:  csrrci  a0, sstatus, SSTATUS_SIE
    csrs    sstatus, a0
    addi    s0, s0, 2
    j       1b

.balign 64
guest_csr_time:
1:  rdtime  a0
    addi    s0, s0, 1
    j       1b

.balign 64
guest_timer:
    la      t0, guest_tick
    csrw    stvec, t0
    li      t0, 0x20
    csrw    sie, t0
    csrsi   sstatus, SSTATUS_SIE
    rdtime  t0
    csrw    stimecmp, t0
1:  addi    a0, a0, 3
    xor     a1, a1, a0
    j       1b
.balign 4
guest_tick:
    rdtime  t0
    addi    t0, t0, 20
    csrw    stimecmp, t0
    addi    s0, s0, 1
    sret

.balign 64
guest_wait:
    li      t0, 0x20
    csrw    sie, t0
1:  rdtime  t0
    addi    t0, t0, 10
    csrw    stimecmp, t0
    wfi
    addi    s0, s0, 1
    j       1b

/* Touches 32 MiB page by page, whose second stage is taken away after each round of FAULT_PAGES. */
.balign 64
guest_faults:
1:  li      t0, 0x82000000
    li      t1, 0x84000000
    li      t2, 4096
2:  lb      a0, 0(t0)
    addi    s0, s0, 1
    add     t0, t0, t2
    bltu    t0, t1, 2b
    j       1b

    .balign 8192
data:
    .fill   4092, 1, 0
across:
    .dword  1
