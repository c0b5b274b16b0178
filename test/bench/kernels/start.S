    .section .text.start, "ax"
    .globl _start
_start:
    csrr    t0, mhartid
    bnez    t0, 1f
    la      sp, stack_top
    la      t0, unexpected_trap
    csrw    mtvec, t0
    call    main
    mv      s0, a0
    call    report
1:  wfi
    j       1b

    .balign 4
unexpected_trap:
    li      t0, 0x100000
    li      t1, 0x13333             # fail with code 1
    sw      t1, 0(t0)
    j       .
