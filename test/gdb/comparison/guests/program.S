# Assembly with line tables: functions with call-frame information, with a frame pointer only, and
# with neither; macros and repetitions, whose lines are where they are written; calls through
# pointers, jumps through a table, a tail call, and enough to do for some 200 stops far apart.
    .macro  push first, second
    addi    sp, sp, -16
    sd      \first, 0(sp)
    sd      \second, 8(sp)
    .endm

    .macro  pop first, second
    ld      \first, 0(sp)
    ld      \second, 8(sp)
    addi    sp, sp, 16
    .endm

    .macro  sh2add_ to, index, base
    slli    \to, \index, 2
    add     \to, \to, \base
    .endm

    .text
    .globl main
    .type main, @function
main:
    .cfi_startproc
    addi    sp, sp, -32
    .cfi_def_cfa_offset 32
    sd      ra, 24(sp)
    .cfi_offset ra, -8
    sd      s0, 16(sp)
    .cfi_offset s0, -16
    addi    s0, sp, 32
    .cfi_def_cfa s0, 0
    li      s1, 4
1:  mv      a0, s1
    call    with_frame_pointer
    addi    s1, s1, -1
    bnez    s1, 1b
    li      a0, 3
    call    recurse
    call    leaf
    lla     a0, numbers
    li      a1, 10
    lla     a2, ascending
    call    sort
    lla     a0, numbers
    li      a1, 10
    lla     a2, descending
    call    sort
    li      a0, 252
    li      a1, 105
    call    gcd
    lla     a0, text
    call    checksum
    li      s1, 7
2:  andi    a0, s1, 3
    call    choose
    addi    s1, s1, -1
    bgez    s1, 2b
    ld      ra, 24(sp)
    .cfi_restore ra
    ld      s0, 16(sp)
    .cfi_restore s0
    .cfi_def_cfa sp, 32
    addi    sp, sp, 32
    .cfi_def_cfa_offset 0
    ret
    .cfi_endproc
    .size main, . - main

    .globl with_frame_pointer
    .type with_frame_pointer, @function
with_frame_pointer:
    push    s0, ra
    addi    s0, sp, 16
    slli    a0, a0, 1
    call    leaf
    pop     s0, ra
    ret
    .size with_frame_pointer, . - with_frame_pointer

    .globl recurse
    .type recurse, @function
recurse:
    .cfi_startproc
    beqz    a0, 2f
    addi    sp, sp, -16
    .cfi_adjust_cfa_offset 16
    sd      ra, 8(sp)
    .cfi_rel_offset ra, 8
    addi    a0, a0, -1
    .cfi_remember_state
    call    recurse
    ld      ra, 8(sp)
    addi    sp, sp, 16
    .cfi_restore ra
    .cfi_adjust_cfa_offset -16
    ret
    .cfi_restore_state
    ebreak
    .cfi_adjust_cfa_offset -16
    .cfi_restore ra
2:  li      a0, 1
    ret
    .cfi_endproc
    .size recurse, . - recurse

    .globl leaf
    .type leaf, @function
leaf:
    addi    a0, a0, 1
    xori    a0, a0, 0x55
    ret
    .size leaf, . - leaf

# Insertion sort of a1 doublewords at a0, in the order that the function a2 knows.
    .globl sort
    .type sort, @function
sort:
    .cfi_startproc
    addi    sp, sp, -64
    .cfi_def_cfa_offset 64
    sd      ra, 56(sp)
    .cfi_offset ra, -8
    .irp    number, 0, 1, 2, 3, 4
    sd      s\number, 8 + 8 * \number(sp)
    .endr
    .cfi_offset s0, -56
    .cfi_offset s1, -48
    .cfi_offset s2, -40
    .cfi_offset s3, -32
    .cfi_offset s4, -24
    mv      s0, a0
    slli    s1, a1, 3
    add     s1, s1, a0
    mv      s2, a2
    addi    s3, a0, 8
1:  bgeu    s3, s1, 4f
    mv      s4, s3
2:  beq     s4, s0, 3f
    ld      a0, -8(s4)
    ld      a1, 0(s4)
    jalr    s2
    beqz    a0, 3f
    ld      t0, -8(s4)
    ld      t1, 0(s4)
    sd      t1, -8(s4)
    sd      t0, 0(s4)
    addi    s4, s4, -8
    j       2b
3:  addi    s3, s3, 8
    j       1b
4:  .irp    number, 0, 1, 2, 3, 4
    ld      s\number, 8 + 8 * \number(sp)
    .cfi_restore s\number
    .endr
    ld      ra, 56(sp)
    .cfi_restore ra
    addi    sp, sp, 64
    .cfi_def_cfa_offset 0
    ret
    .cfi_endproc
    .size sort, . - sort

    .type ascending, @function
ascending:
    .cfi_startproc
    slt     a0, a1, a0
    ret
    .cfi_endproc
    .size ascending, . - ascending

    .type descending, @function
descending:
    .cfi_startproc
    slt     a0, a0, a1
    ret
    .cfi_endproc
    .size descending, . - descending

# Each step ends in a jump to the next: there is one frame for all.
    .globl gcd
    .type gcd, @function
gcd:
    .cfi_startproc
    beqz    a1, 1f
    remu    t0, a0, a1
    mv      a0, a1
    mv      a1, t0
    tail    gcd
1:  ret
    .cfi_endproc
    .size gcd, . - gcd

# The sum of a text's bytes, in floating point as well.
    .globl checksum
    .type checksum, @function
checksum:
    .cfi_startproc
    mv      t0, a0
    li      a0, 0
    fmv.d.x fa0, zero
1:  lbu     t1, 0(t0)
    beqz    t1, 2f
    .rept   2
    slli    t2, a0, 1
    srli    a0, a0, 31
    or      a0, a0, t2
    .endr
    add     a0, a0, t1
    fcvt.d.lu ft0, t1
    fadd.d  fa0, fa0, ft0
    addi    t0, t0, 1
    j       1b
2:  ret
    .cfi_endproc
    .size checksum, . - checksum

# One of four ways, through a table of distances.
    .globl choose
    .type choose, @function
choose:
    .cfi_startproc
    addi    sp, sp, -16
    .cfi_def_cfa_offset 16
    sd      ra, 8(sp)
    .cfi_offset ra, -8
    lla     t0, ways
    sh2add_ t1, a0, t0
    lw      t1, 0(t1)
    add     t0, t0, t1
    jr      t0
way0:
    call    leaf
    j       way3
way1:
    call    with_frame_pointer
    j       way3
way2:
    li      a0, 2
    call    recurse
way3:
    ld      ra, 8(sp)
    .cfi_restore ra
    addi    sp, sp, 16
    .cfi_def_cfa_offset 0
    ret
    .cfi_endproc
    .size choose, . - choose

    .section .rodata
    .p2align 2
ways:
    .irp    number, 0, 1, 2, 3
    .word   way\number - ways
    .endr
text:
    .asciz  "trapline"

    .data
    .p2align 3
numbers:
    .dword  7, 3, 9, 1, 8, 2, 10, 5, 4, 6
