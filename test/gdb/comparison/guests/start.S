# Entry of the programs that are compared: floating point on, a stack, main, and round and round at the end.
    .section .text.start, "ax"
    .globl _start
_start:
    li      t0, 0x6000          # mstatus.FS
    csrs    mstatus, t0
    li      s0, 0
    li      ra, 0
    la      gp, data_start
    la      sp, stack_top
    call    main
    .globl program_end
program_end:
    j       program_end

# What compilers call without being asked; a program that has its own keeps it.
    .text
    .weak memcpy
    .type memcpy, @function
memcpy:
    mv      t0, a0
1:  beqz    a2, 2f
    lbu     t1, 0(a1)
    sb      t1, 0(t0)
    addi    a1, a1, 1
    addi    t0, t0, 1
    addi    a2, a2, -1
    j       1b
2:  ret
    .size memcpy, . - memcpy

    .weak memset
    .type memset, @function
memset:
    mv      t0, a0
1:  beqz    a2, 2f
    sb      a1, 0(t0)
    addi    t0, t0, 1
    addi    a2, a2, -1
    j       1b
2:  ret
    .size memset, . - memset

    .weak rust_eh_personality
rust_eh_personality:
    ebreak
