# Machine mode from the reset vector: a0 = hart id, a1 = address of the device tree.

    .section .text.start, "ax"
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    .cfi_undefined ra
    csrr    t0, mhartid
    bnez    t0, 2f                  # one hart is enough
    la      sp, stack_top
    la      t0, trap_entry
    csrw    mtvec, t0
    call    main
2:  wfi
    j       2b
    .cfi_endproc
    .size _start, . - _start

# The C function does all of the work; this saves what it may change.
    .globl trap_entry
    .type trap_entry, @function
    .balign 4
trap_entry:
    .cfi_startproc
    .cfi_signal_frame
    .cfi_return_column mepc         # the stack goes on where the trap came from
    addi    sp, sp, -144
    .cfi_def_cfa_offset 144
    sd      ra, 0(sp)
    .cfi_offset ra, -144
    sd      t0, 8(sp)
    sd      t1, 16(sp)
    sd      t2, 24(sp)
    sd      a0, 32(sp)
    sd      a1, 40(sp)
    sd      a2, 48(sp)
    sd      a3, 56(sp)
    sd      a4, 64(sp)
    sd      a5, 72(sp)
    sd      a6, 80(sp)
    sd      a7, 88(sp)
    sd      t3, 96(sp)
    sd      t4, 104(sp)
    sd      t5, 112(sp)
    sd      t6, 120(sp)
    csrr    a0, mepc
    sd      a0, 128(sp)
    .cfi_offset mepc, -16
    csrr    a0, mcause
    call    handle_trap
    ld      ra, 0(sp)
    ld      t0, 8(sp)
    ld      t1, 16(sp)
    ld      t2, 24(sp)
    ld      a0, 32(sp)
    ld      a1, 40(sp)
    ld      a2, 48(sp)
    ld      a3, 56(sp)
    ld      a4, 64(sp)
    ld      a5, 72(sp)
    ld      a6, 80(sp)
    ld      a7, 88(sp)
    ld      t3, 96(sp)
    ld      t4, 104(sp)
    ld      t5, 112(sp)
    ld      t6, 120(sp)
    addi    sp, sp, 144
    .cfi_def_cfa_offset 0
    .cfi_restore ra
    mret
    .cfi_endproc
    .size trap_entry, . - trap_entry
