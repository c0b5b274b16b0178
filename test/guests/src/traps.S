# Exceptions and interrupts taken by machine mode (Privileged Architecture, "Machine-Level ISA").
    .include "guest.asm"

    START
    # Illegal instructions: the value register holds the instruction.
    EXPECT_TRAP
illegal_long:
    .insn   4, 0xffffff0b
    TRAPPED
    CHECK_TRAP 2, 0xffffff0b
    CHECK_ADDRESS s4, illegal_long
    EXPECT_TRAP
    .insn   2, 0
    TRAPPED
    CHECK_TRAP 2, 0

    # ebreak and ecall.
    EXPECT_TRAP
break_here:
    ebreak
    TRAPPED
    CHECK   s2, 3
    CHECK_ADDRESS s4, break_here
    EXPECT_TRAP
call_here:
    ecall
    TRAPPED
    CHECK_TRAP 11, 0
    CHECK_ADDRESS s4, call_here

    # The interrupt-enable stack.
    li      t0, MSTATUS_MIE
    csrs    mstatus, t0
    EXPECT_TRAP
    ecall
    TRAPPED
    CHECK_BITS s5, (MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP), (MSTATUS_MPIE | MSTATUS_MPP)

    # Access faults where there is neither memory nor a device.
    li      a0, NOWHERE
    EXPECT_TRAP
    ld      a1, 8(a0)
    TRAPPED
    CHECK_TRAP 5, NOWHERE + 8
    EXPECT_TRAP
    sw      zero, 16(a0)
    TRAPPED
    CHECK_TRAP 7, NOWHERE + 16
    EXPECT_TRAP
    jr      a0
    TRAPPED
    CHECK_TRAP 1, NOWHERE
    CHECK   s4, NOWHERE

    # Reservations must be aligned.
    la      a0, scratch
    EXPECT_TRAP
    addi    a1, a0, 2
    lr.w    a2, (a1)
    TRAPPED
    CHECK   s2, 4

    # Control registers that do not exist, are read-only, or belong to a higher privilege.
    EXPECT_TRAP
    csrr    a0, 0x5c0
    TRAPPED
    CHECK   s2, 2
    EXPECT_TRAP
    csrw    mvendorid, zero
    TRAPPED
    CHECK   s2, 2
    RUN     MODE_S, 0, read_mstatus
    CHECK   s2, 2
    RUN     MODE_U, 0, read_sstatus
    CHECK   s2, 2
    RUN     MODE_U, 0, do_mret
    CHECK   s2, 2
    RUN     MODE_S, 0, do_mret
    CHECK   s2, 2

    # Where the trap came from.
    RUN     MODE_S, 0, do_ecall
    CHECK   s2, 9
    CHECK_BITS s5, MSTATUS_MPP, (MODE_S << 11)
    RUN     MODE_U, 0, do_ecall
    CHECK   s2, 8
    CHECK_BITS s5, MSTATUS_MPP, (MODE_U << 11)
    CHECK_ADDRESS s4, do_ecall

    # TSR, TW and TVM make supervisor instructions illegal.
    li      t0, MSTATUS_TSR | MSTATUS_TW | MSTATUS_TVM
    csrs    mstatus, t0
    RUN     MODE_S, 0, do_sret
    CHECK   s2, 2
    RUN     MODE_S, 0, do_wfi
    CHECK   s2, 2
    RUN     MODE_S, 0, do_sfence
    CHECK   s2, 2
    RUN     MODE_S, 0, read_satp
    CHECK   s2, 2
    li      t0, MSTATUS_TSR | MSTATUS_TW | MSTATUS_TVM
    csrc    mstatus, t0
    RUN     MODE_S, 0, read_satp
    CHECK   s2, 9

    # mcounteren and scounteren guard the counters.
    csrw    mcounteren, zero
    RUN     MODE_S, 0, read_time
    CHECK   s2, 2
    li      t0, 7
    csrw    mcounteren, t0
    csrw    scounteren, zero
    RUN     MODE_S, 0, read_time
    CHECK   s2, 9
    RUN     MODE_U, 0, read_time
    CHECK   s2, 2
    li      t0, 2
    csrw    scounteren, t0
    RUN     MODE_U, 0, read_time
    CHECK   s2, 8

    # Machine software interrupt, vectored: cause 3 goes to base + 12.
    la      t0, vectors
    ori     t0, t0, 1
    csrw    mtvec, t0
    li      t0, 1 << 3
    csrw    mie, t0
    li      a0, CLINT
    li      a1, 1
    la      s10, 1f
    li      s2, 0
    csrsi   mstatus, MSTATUS_MIE
    sw      a1, 0(a0)
2:  j       2b
1:  sw      zero, 0(a0)
    CHECK   s2, INTERRUPT | 3
    CHECK   s8, 3
    # Exceptions go to the base itself.
    la      s10, 1f
    ecall
1:  CHECK   s2, 11
    CHECK   s8, 0

    # Machine timer interrupt; wfi waits for it.
    la      t0, trap_to_m
    csrw    mtvec, t0
    li      a0, CLINT + CLINT_MTIME
    li      a2, CLINT + CLINT_MTIMECMP
    ld      a1, 0(a0)
    addi    a1, a1, 1000
    sd      a1, 0(a2)
    li      t0, 1 << 7
    csrw    mie, t0
    la      s10, 1f
    csrsi   mstatus, MSTATUS_MIE
2:  wfi
    j       2b
1:  CHECK   s2, INTERRUPT | 7
    ld      a3, 0(a0)
    sltu    a3, a3, a1
    CHECK   a3, 0
    # It stays pending while mtime >= mtimecmp.
    csrr    a3, mip
    CHECK_BITS a3, 1 << 7, 1 << 7
    li      a1, -1
    sd      a1, 0(a2)
    csrr    a3, mip
    CHECK_BITS a3, 1 << 7, 0
    FINISH

    .text
read_mstatus:
    csrr    a0, mstatus
    ecall
read_sstatus:
    csrr    a0, sstatus
    ecall
read_satp:
    csrr    a0, satp
    ecall
read_time:
    rdtime  a0
    ecall
do_mret:
    mret
do_sret:
    sret
do_wfi:
    wfi
do_sfence:
    sfence.vma
do_ecall:
    ecall

    .balign 256
vectors:
    .option push
    .option norvc
    j       vector_0
    j       vector_other
    j       vector_other
    j       vector_3
    .option pop
vector_0:
    li      s8, 0
    j       trap_to_m
vector_3:
    li      s8, 3
    j       trap_to_m
vector_other:
    li      s8, 99
    j       trap_to_m

    .data
    .balign 8
scratch:
    .dword  0, 0
