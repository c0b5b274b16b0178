# First instructions. The supervisor execution environment enters here with a0 = hart id and
# a1 = address of the device tree, paging off and interrupts disabled.

    .section .text.start, "ax"
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    .cfi_undefined ra
    la      sp, stack_top

    # The loader places what the file holds; clearing .bss is up to us.
    la      t0, bss_start
    la      t1, bss_end
1:  bgeu    t0, t1, 2f
    sd      zero, 0(t0)
    addi    t0, t0, 8
    j       1b

2:  la      t0, trap_entry
    csrw    stvec, t0
    csrw    sscratch, a0
    call    kernel_main

    # kernel_main shuts the machine down; this is for the day somebody changes that.
3:  wfi
    j       3b
    .cfi_endproc
    .size _start, . - _start
