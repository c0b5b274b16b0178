# Trap entry: saves what a C function may change, calls handle_trap, restores, returns.

    .text
    .globl trap_entry
    .type trap_entry, @function
    .balign 4
trap_entry:
    .cfi_startproc
    .cfi_signal_frame
    .cfi_return_column sepc         # the stack goes on where the trap came from
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

    csrr    a1, sepc
    sd      a1, 128(sp)
    .cfi_offset sepc, -16
    csrr    a0, scause
    csrr    a2, stval
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
    sret
    .cfi_endproc
    .size trap_entry, . - trap_entry
