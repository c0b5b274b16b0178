# Shared by the self-checking guests. Machine mode from 0x80000000; each CHECK has a number, and the
# first that fails ends the run with it: through sifive,test (QEMU's virt board and ours) and
# through tohost (HTIF). Number 0 is a pass.
#
# Registers: s2 mcause, s3 mtval, s4 mepc, s5 mstatus of the last trap to machine mode; s10 where the
# trap handler continues, in machine mode; s11 number of the check.

    .equ TEST_FINISHER, 0x100000
    .equ TEST_PASS, 0x5555
    .equ TEST_FAIL, 0x3333
    .equ CLINT, 0x2000000
    .equ CLINT_MTIMECMP, 0x4000
    .equ CLINT_MTIME, 0xbff8

    .equ NOWHERE, 0x50000           # neither memory nor a device

    .equ MODE_U, 0
    .equ MODE_S, 1
    .equ MODE_M, 3
    .equ MSTATUS_MIE, 1 << 3
    .equ MSTATUS_MPIE, 1 << 7
    .equ MSTATUS_MPP, 3 << 11
    .equ MSTATUS_MPRV, 1 << 17
    .equ MSTATUS_SUM, 1 << 18
    .equ MSTATUS_MXR, 1 << 19
    .equ MSTATUS_TVM, 1 << 20
    .equ MSTATUS_TW, 1 << 21
    .equ MSTATUS_TSR, 1 << 22
    .equ MSTATUS_GVA, 1 << 38
    .equ MSTATUS_MPV, 1 << 39
    .equ INTERRUPT, 1 << 63

    .equ PTE_V, 1 << 0
    .equ PTE_R, 1 << 1
    .equ PTE_W, 1 << 2
    .equ PTE_X, 1 << 3
    .equ PTE_U, 1 << 4
    .equ PTE_A, 1 << 6
    .equ PTE_D, 1 << 7
    .equ PTE_AD, PTE_A | PTE_D
    .equ SATP_SV39, 8 << 60

    .set check_number, 0

# Starts the guest: memory open to all modes, no delegation, traps come to trap_to_m.
    .macro START
    .section .text.start, "ax"
    .globl _start
_start:
    csrr    t0, mhartid
    bnez    t0, park
    la      t0, trap_to_m
    csrw    mtvec, t0
    li      t0, -1
    csrw    pmpaddr0, t0
    li      t0, 0x1f                # NAPOT, RWX
    csrw    pmpcfg0, t0
    csrw    medeleg, zero
    csrw    mideleg, zero
    csrw    mie, zero
    csrw    satp, zero
    la      sp, stack_top
    .endm

    .macro CHECK register, value
    .set check_number, check_number + 1
    li      s11, check_number
    li      t0, \value
    bne     \register, t0, fail
    .endm

    .macro CHECK_ADDRESS register, label
    .set check_number, check_number + 1
    li      s11, check_number
    la      t0, \label
    bne     \register, t0, fail
    .endm

# Bits of a register: (register & mask) == value.
    .macro CHECK_BITS register, mask, value
    li      t1, \mask
    and     t1, \register, t1
    CHECK   t1, \value
    .endm

    .macro CHECK_TRAP cause, value
    CHECK   s2, \cause
    CHECK   s3, \value
    .endm

# Code between EXPECT_TRAP and TRAPPED must trap to machine mode.
    .macro EXPECT_TRAP
    li      s2, 0
    la      s10, 8888f
    .endm
    .macro TRAPPED
    .set check_number, check_number + 1
    li      s11, check_number
    j       fail
8888:
    .endm

# Runs `entry` in another mode, until it traps to machine mode.
    .macro RUN mode, virtual, entry
    li      s2, 0
    la      s10, 9999f
    li      t0, MSTATUS_MPP | MSTATUS_MPV
    csrc    mstatus, t0
    li      t0, (\mode << 11) | (\virtual << 39)
    csrs    mstatus, t0
    la      t0, \entry
    csrw    mepc, t0
    mret
9999:
    .endm

# table[index] = page table entry for the physical address of `label` plus `offset`.
    .macro SET_PTE table, index, label, offset, bits
    la      t0, \label
    li      t1, \offset
    add     t0, t0, t1
    srli    t0, t0, 12
    slli    t0, t0, 10
    ori     t0, t0, (\bits) & 0x7ff
    la      t1, \table
    li      t2, (\index) * 8
    add     t1, t1, t2
    sd      t0, 0(t1)
    .endm
# The same for a number instead of a label.
    .macro SET_PTE_TO table, index, address, bits
    li      t0, ((\address) >> 12) << 10 | (\bits)
    la      t1, \table
    li      t2, (\index) * 8
    add     t1, t1, t2
    sd      t0, 0(t1)
    .endm

# Ends the guest; everything that all guests need follows.
    .macro FINISH
    li      s11, 0
    j       finish
    .text
fail:
finish:
    la      t0, tohost
    slli    t1, s11, 1
    ori     t1, t1, 1
    sd      t1, 0(t0)
    li      t0, TEST_FINISHER
    li      t1, TEST_PASS
    beqz    s11, 1f
    slli    t1, s11, 16
    li      t2, TEST_FAIL
    or      t1, t1, t2
1:  sw      t1, 0(t0)
park:
    wfi
    j       park

    .balign 4
trap_to_m:
    csrr    s2, mcause
    csrr    s3, mtval
    csrr    s4, mepc
    csrr    s5, mstatus
    jr      s10

    .section .tohost, "aw"
    .balign 64
    .globl tohost
    .type tohost, @object
    .size tohost, 8
tohost:
    .dword  0
    .balign 64
    .globl fromhost
    .type fromhost, @object
    .size fromhost, 8
fromhost:
    .dword  0
    .section .bss
    .balign 16
    .space  4096
stack_top:
    .endm
