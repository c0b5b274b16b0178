    .section .text.start, "ax"
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    .cfi_undefined ra
    la      sp, stack_top
    call    main
1:  wfi
    j       1b
    .cfi_endproc
    .size _start, . - _start
