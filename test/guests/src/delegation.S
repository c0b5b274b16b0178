# Traps delegated to supervisor mode (medeleg, mideleg) and the way back (sret).
# The supervisor's handler leaves a2 scause, a3 stval, a4 sepc, a5 sstatus, and calls machine mode.
    .include "guest.asm"

    START
    la      t0, trap_to_s
    csrw    stvec, t0

    # medeleg: ecall from U (8), breakpoint (3) and illegal instruction (2).
    li      t0, 1 << 8 | 1 << 3 | 1 << 2
    csrw    medeleg, t0
    csrr    a0, medeleg
    CHECK   a0, 1 << 8 | 1 << 3 | 1 << 2
    RUN     MODE_U, 0, do_ecall
    CHECK   s2, 9                   # the handler's own call
    CHECK   a2, 8
    CHECK   a3, 0
    CHECK_ADDRESS a4, do_ecall
    CHECK_BITS a5, 1 << 8, 0        # SPP: from user mode
    RUN     MODE_S, 0, do_ebreak
    CHECK   a2, 3
    CHECK_BITS a5, 1 << 8, 1 << 8   # SPP: from supervisor mode
    RUN     MODE_U, 0, do_illegal
    CHECK   a2, 2
    CHECK   a3, 0xffffff0b
    CHECK_ADDRESS a4, do_illegal

    # Never to a less privileged mode: in machine mode the same exception stays.
    EXPECT_TRAP
    ebreak
    TRAPPED
    CHECK   s2, 3

    # What is not delegated comes to machine mode, also from supervisor mode.
    RUN     MODE_S, 0, do_ecall
    CHECK   s2, 9

    # mideleg: the supervisor software interrupt. Not taken with SIE clear, taken in user mode.
    li      t0, 1 << 1
    csrw    mideleg, t0
    csrw    mip, t0
    csrs    mie, t0
    csrci   mstatus, 2
    RUN     MODE_S, 0, do_ecall
    CHECK   s2, 9
    li      a2, 0
    RUN     MODE_U, 0, spin
    CHECK   a2, INTERRUPT | 1
    CHECK_ADDRESS a4, spin
    # Supervisor mode with SIE set takes it too, and the stack of SIE works.
    RUN     MODE_S, 0, enable_and_spin
    CHECK   a2, INTERRUPT | 1
    CHECK_BITS a5, (1 << 8 | 1 << 5 | 1 << 1), (1 << 8 | 1 << 5)
    # Machine mode does not, even with MIE set.
    csrsi   mstatus, MSTATUS_MIE
    nop
    nop
    csrci   mstatus, MSTATUS_MIE
    # sip shows it, and clearing it there works.
    csrr    a0, sip
    CHECK   a0, 1 << 1
    csrci   sip, 2
    csrr    a0, mip
    CHECK_BITS a0, 1 << 1, 0

    # sret goes where SPP and sepc say and restores SIE from SPIE.
    RUN     MODE_S, 0, return_to_user
    CHECK   a2, 8                   # the call in user mode, delegated
    CHECK_ADDRESS a4, do_ecall
    FINISH

    .text
do_ecall:
    ecall
do_ebreak:
    ebreak
do_illegal:
    .insn   4, 0xffffff0b
spin:
    j       spin
enable_and_spin:
    csrsi   sstatus, 2
    j       spin
return_to_user:
    li      t0, 1 << 8
    csrc    sstatus, t0
    la      t0, do_ecall
    csrw    sepc, t0
    sret

    .balign 4
trap_to_s:
    csrr    a2, scause
    csrr    a3, stval
    csrr    a4, sepc
    csrr    a5, sstatus
    ecall
