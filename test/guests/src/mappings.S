# A G-stage of a million pages of 4 KiB, none of which continues another: guest-physical 0 to 4 GiB
# is memory from 0x80000000 on, every other page read-only. Debuggers look at it at `mapped`.
    .include "guest.asm"

    .equ PAGES, 1 << 20
    .equ ROOT, 0x80800000
    .equ MIDDLE, 0x80810000
    .equ LEAVES, 0x81000000
    .equ HSTATUS_SPVP, 1 << 8
    .equ R, PTE_V | PTE_R | PTE_U | PTE_A
    .equ RW, R | PTE_W | PTE_D

    START
# Entries at \table: \count pointers to tables that follow each other from \next on.
    .macro POINTERS table, count, next
    li      t0, \table
    li      t1, \table + 8 * (\count)
    li      t2, (\next >> 2) | PTE_V
1:  sd      t2, 0(t0)
    addi    t2, t2, 0x400
    addi    t0, t0, 8
    bne     t0, t1, 1b
    .endm
    POINTERS ROOT, PAGES >> 18, MIDDLE
    POINTERS MIDDLE, PAGES >> 9, LEAVES

    li      t0, LEAVES
    li      t1, LEAVES + 8 * PAGES
    li      t2, (0x80000000 >> 2) | R
    li      t3, (0x80001000 >> 2) | RW
2:  sd      t2, 0(t0)
    sd      t3, 8(t0)
    addi    t2, t2, 0x400
    addi    t2, t2, 0x400
    addi    t3, t3, 0x400
    addi    t3, t3, 0x400
    addi    t0, t0, 16
    bne     t0, t1, 2b

    li      t0, SATP_SV39 | (ROOT >> 12)
    csrw    hgatp, t0
    csrw    vsatp, zero
    li      t0, HSTATUS_SPVP
    csrw    hstatus, t0
    hfence.gvma
    .globl mapped
mapped:
    # Of two neighbours both can be read and one can be written.
    la      a0, page
    li      t0, -0x80000000
    add     a0, a0, t0
    li      a2, 0x1000
    add     a2, a2, a0
    hlv.d   a1, (a0)
    CHECK   a1, 0x1122334455667788
    hsv.d   a1, (a2)
    hlv.d   a3, (a2)
    CHECK   a3, 0x1122334455667788
    EXPECT_TRAP
    hsv.d   zero, (a0)
    TRAPPED
    CHECK   s2, 23
    FINISH

    .data
    .balign 8192
page:
    .dword  0x1122334455667788
    .space  4088
    .dword  0
    .balign 4096
