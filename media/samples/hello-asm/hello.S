# The shortest guest worth stepping through: greets through the SBI debug console, waits for one
# timer interrupt, and shuts down. Supervisor mode, paging off.

    .equ SBI_TIME, 0x54494d45
    .equ SBI_DBCN, 0x4442434e
    .equ SBI_SRST, 0x53525354
    .equ TICKS_PER_TENTH, 1000000   # timebase-frequency of the board is 10 MHz
    .equ SIE_STIE, 1 << 5
    .equ SSTATUS_SIE, 1 << 1

    .section .rodata
greeting:
    .ascii  "Hello from assembly.\r\n"
    .equ    greeting_size, . - greeting
farewell:
    .ascii  "One timer interrupt later: goodbye.\r\n"
    .equ    farewell_size, . - farewell

    .section .text.start, "ax"
    .globl _start
    .type _start, @function
_start:
    la      sp, stack_top
    la      t0, on_trap
    csrw    stvec, t0

    la      a0, greeting
    li      a1, greeting_size
    call    print

    # Ask for an interrupt in a tenth of a second, then allow it.
    rdtime  a0
    li      t0, TICKS_PER_TENTH
    add     a0, a0, t0
    li      a7, SBI_TIME
    li      a6, 0
    ecall
    li      t0, SIE_STIE
    csrs    sie, t0
    csrsi   sstatus, SSTATUS_SIE

wait:
    wfi
    lw      t0, ticks
    beqz    t0, wait

    la      a0, farewell
    li      a1, farewell_size
    call    print

    li      a0, 0                   # shutdown
    li      a1, 0                   # no reason
    li      a7, SBI_SRST
    li      a6, 0
    ecall
    j       .
    .size _start, . - _start

# print(a0 = address, a1 = size): the debug console may take fewer bytes than it is given.
    .type print, @function
print:
    mv      t0, a0
    mv      t1, a1
1:  mv      a0, t1
    mv      a1, t0
    li      a2, 0
    li      a7, SBI_DBCN
    li      a6, 0
    ecall
    bnez    a0, 2f
    add     t0, t0, a1
    sub     t1, t1, a1
    bnez    t1, 1b
2:  ret
    .size print, . - print

    .balign 4
    .type on_trap, @function
on_trap:
    # Only the timer interrupt is enabled: note it, and let it not come again.
    csrw    sscratch, t0
    li      t0, SIE_STIE
    csrc    sie, t0
    li      t0, 1
    sw      t0, ticks, t1
    csrr    t0, sscratch
    sret
    .size on_trap, . - on_trap

    .data
    .balign 4
ticks:
    .word   0
