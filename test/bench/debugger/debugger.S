/*
 * A program that computes for a while in `work`, then passes `round`, for ever. With GUEST it runs
 * in VS-mode and calls the hypervisor in each round. `cold` is never run; `cold_data` never accessed.
 * Nothing that a host's processor predicts depends on data: else one run is at times twice another.
 */
    .section .text, "ax"
    .globl _start, round, cold, cold_data
_start:
    la      s1, data
    li      s3, 1023 * 8
1:  call    work
round:
    addi    s0, s0, 1
#ifdef GUEST
    li      a7, 0x10                /* BASE, get_spec_version */
    li      a6, 0
    ecall
#endif
    j       1b

work:
    li      t0, WORK
2:  and     t1, t2, s3
    add     t1, t1, s1
    ld      t3, 0(t1)
    add     a2, a2, t3
    xor     t3, t3, t0
    sd      t3, 0(t1)
    addi    t2, t2, 40
    andi    t4, t2, 64
    beqz    t4, 3f
    addi    t5, t5, 1
3:  addi    t0, t0, -1
    bnez    t0, 2b
    ret

cold:
    .rept   50
    addi    a0, a0, 1
    addi    a1, a1, 1
    .endr
    ret

    .balign 8192
data:
    .fill   8192, 1, 1
cold_data:
    .fill   4096, 1, 1
