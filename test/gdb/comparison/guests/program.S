# Assembly with line tables: functions with call-frame information, with a frame pointer only, and
# with neither; macros, whose lines are where they are written.
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
