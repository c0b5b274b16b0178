# First instructions and trap entry of the supervisor. The firmware enters with a0 = hart id and
# a1 = address of the device tree, paging off.

    .section .text.start, "ax"
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    .cfi_undefined ra
    la      sp, stack_top
    la      t0, bss_start
    la      t1, bss_end
1:  bgeu    t0, t1, 2f
    sw      zero, 0(t0)
    addi    t0, t0, 4
    j       1b
2:  la      t0, trap_entry
    csrw    stvec, t0
    call    supervisor_main
3:  wfi
    j       3b
    .cfi_endproc
    .size _start, . - _start

    .text
    .globl trap_entry
    .type trap_entry, @function
    .balign 4
trap_entry:
    addi    sp, sp, -64
    .irp    n, 1, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16
    sw      x\n, (\n * 4 - 4)(sp)
    .endr
    sw      x17, 4(sp)
    sw      x28, 8(sp)
    sw      x29, 28(sp)
    sw      x30, 32(sp)
    sw      x31, 12(sp)
    csrr    a0, scause
    csrr    a1, sepc
    csrr    a2, stval
    call    handle_trap
    csrw    sepc, a0
    .irp    n, 1, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16
    lw      x\n, (\n * 4 - 4)(sp)
    .endr
    lw      x17, 4(sp)
    lw      x28, 8(sp)
    lw      x29, 28(sp)
    lw      x30, 32(sp)
    lw      x31, 12(sp)
    addi    sp, sp, 64
    sret
    .size trap_entry, . - trap_entry

# Accesses that may fault: handle_trap remembers the exception and goes on behind them.
    .globl try_load
    .type try_load, @function
try_load:
    lw      a0, 0(a0)
    ret
    .globl try_store
    .type try_store, @function
try_store:
    sw      a1, 0(a0)
    ret
