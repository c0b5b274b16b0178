# Sv39 translation: sizes, permissions, SUM, MXR, MPRV, fences, malformed entries.
# Virtual 0x80000000 is memory one to one; 0x40000000 on are pages under test; 0xc0000000 a gigapage
# that is not aligned.
    .include "guest.asm"

    .equ PAGES, 0x40000000
    .equ R, PTE_V | PTE_R | PTE_AD
    .equ RW, PTE_V | PTE_R | PTE_W | PTE_AD
    .equ X, PTE_V | PTE_X | PTE_AD
    .equ RWX, PTE_V | PTE_R | PTE_W | PTE_X | PTE_AD

    START
    SET_PTE_TO root, 2, 0x80000000, RWX
    SET_PTE root, 1, middle, 0, PTE_V
    SET_PTE_TO root, 3, 0x80001000, RWX         # not aligned to 1 GiB
    SET_PTE middle, 0, leaves, 0, PTE_V
    SET_PTE_TO middle, 1, 0x80000000, RW        # 2 MiB
    SET_PTE_TO middle, 2, 0x80001000, RW        # not aligned to 2 MiB
    SET_PTE leaves, 0, page, 0, RW
    SET_PTE leaves, 1, page, 0, R
    SET_PTE leaves, 2, code, 0, X
    SET_PTE leaves, 3, page, 0, RW | PTE_U
    SET_PTE leaves, 4, page, 0, PTE_V | PTE_W | PTE_AD      # reserved: W without R
    SET_PTE leaves, 5, page, 0, PTE_V                       # a pointer at the last level
    SET_PTE leaves, 6, page, 0, RW & ~PTE_V
    SET_PTE leaves, 8, page, 0, RW
    SET_PTE leaves, 9, page_after, 0, RW
    SET_PTE leaves, 10, code, 0, X | PTE_U

    la      t0, root
    srli    t0, t0, 12
    li      t1, SATP_SV39
    or      s9, t0, t1
    csrw    satp, s9
    sfence.vma
    # Machine mode is not translated.
    la      a0, page
    ld      a1, 0(a0)
    CHECK   a1, 0x1122334455667788
    # A mode that does not exist leaves satp as it was.
    li      t0, 15 << 60
    csrw    satp, t0
    csrr    a0, satp
    .set check_number, check_number + 1
    li      s11, check_number
    bne     a0, s9, fail

    # Loads and stores through a 4 KiB page.
    li      a0, PAGES
    RUN     MODE_S, 0, load
    CHECK   s2, 9
    CHECK   a1, 0x1122334455667788
    li      a0, PAGES + 16
    li      a1, 0x77
    RUN     MODE_S, 0, store
    CHECK   s2, 9
    la      a2, page
    ld      a1, 16(a2)
    CHECK   a1, 0x77
    # Across a page boundary, where two pages meet that are not neighbours in memory.
    li      a0, PAGES + 0x9000 - 4
    RUN     MODE_S, 0, load
    CHECK   s2, 9
    CHECK   a1, 0x55667788aabbccdd

    # Permissions.
    li      a0, PAGES + 0x1008
    RUN     MODE_S, 0, store
    CHECK_TRAP 15, PAGES + 0x1008
    li      a0, PAGES + 0x1000
    RUN     MODE_S, 0, load
    CHECK   s2, 9
    li      a0, PAGES + 0x1000
    RUN     MODE_S, 0, jump
    CHECK_TRAP 12, PAGES + 0x1000
    CHECK   s4, PAGES + 0x1000
    li      a0, PAGES + 0x2000
    RUN     MODE_S, 0, jump
    CHECK   s2, 9
    CHECK   s4, PAGES + 0x2000
    li      a0, PAGES + 0x2000
    RUN     MODE_S, 0, load
    CHECK_TRAP 13, PAGES + 0x2000
    # MXR makes what is executable readable.
    li      t0, MSTATUS_MXR
    csrs    mstatus, t0
    RUN     MODE_S, 0, load
    CHECK   s2, 9
    li      t0, MSTATUS_MXR
    csrc    mstatus, t0

    # User pages: not for supervisor mode, unless SUM; never to execute.
    li      a0, PAGES + 0x3000
    RUN     MODE_S, 0, load
    CHECK_TRAP 13, PAGES + 0x3000
    li      t0, MSTATUS_SUM
    csrs    mstatus, t0
    RUN     MODE_S, 0, load
    CHECK   s2, 9
    li      a0, PAGES + 0xa000
    RUN     MODE_S, 0, jump
    CHECK_TRAP 12, PAGES + 0xa000
    li      t0, MSTATUS_SUM
    csrc    mstatus, t0
    # User mode: its own page yes, the supervisor's no (the code itself is the supervisor's).
    RUN     MODE_U, 0, load
    CHECK_ADDRESS s3, load
    CHECK   s2, 12

    # Malformed entries.
    li      a0, PAGES + 0x4000
    RUN     MODE_S, 0, load
    CHECK_TRAP 13, PAGES + 0x4000
    li      a0, PAGES + 0x5000
    RUN     MODE_S, 0, store
    CHECK_TRAP 15, PAGES + 0x5000
    li      a0, PAGES + 0x6000
    RUN     MODE_S, 0, load
    CHECK_TRAP 13, PAGES + 0x6000
    li      a0, PAGES + 0x400000
    RUN     MODE_S, 0, load
    CHECK_TRAP 13, PAGES + 0x400000
    li      a0, 0xc0000000
    RUN     MODE_S, 0, load
    CHECK_TRAP 13, 0xc0000000
    # Bits 63:39 must equal bit 38.
    li      a0, PAGES | 1 << 40
    RUN     MODE_S, 0, load
    CHECK_TRAP 13, PAGES | 1 << 40

    # The 2 MiB page covers what lies in it.
    li      a0, PAGES + 0x200000
    RUN     MODE_S, 0, load
    CHECK   s2, 9
    la      a2, _start
    ld      a2, 0(a2)
    .set check_number, check_number + 1
    li      s11, check_number
    bne     a1, a2, fail

    # A changed entry counts after sfence.vma.
    SET_PTE leaves, 0, page_after, 0, RW
    sfence.vma
    li      a0, PAGES
    RUN     MODE_S, 0, load
    CHECK   a1, 0xddccbbaa55667788
    SET_PTE leaves, 0, page, 0, RW
    li      t0, PAGES
    sfence.vma t0, zero
    RUN     MODE_S, 0, load
    CHECK   a1, 0x1122334455667788

    # MPRV: machine mode loads as the mode in MPP would.
    li      t0, MSTATUS_MPP
    csrc    mstatus, t0
    li      t0, MSTATUS_MPRV | MODE_S << 11
    csrs    mstatus, t0
    ld      a1, 0(a0)
    li      t0, MSTATUS_MPRV
    csrc    mstatus, t0
    CHECK   a1, 0x1122334455667788
    EXPECT_TRAP
    li      a0, PAGES + 0x6000
    li      t0, MSTATUS_MPP
    csrc    mstatus, t0
    li      t0, MSTATUS_MPRV | MODE_S << 11
    csrs    mstatus, t0
    ld      a1, 0(a0)
    TRAPPED
    li      t0, MSTATUS_MPRV
    csrc    mstatus, t0
    CHECK_TRAP 13, PAGES + 0x6000
    FINISH

    .text
load:
    ld      a1, 0(a0)
    ecall
store:
    sd      a1, 0(a0)
    ecall
jump:
    jr      a0

    .data
    .balign 4096
page:
    .dword  0x1122334455667788
    .space  4096 - 12
    .word   0xaabbccdd
code:
    ecall
    .balign 4096
page_after:
    .dword  0xddccbbaa55667788
    .balign 4096

    .bss
    .balign 4096
root:
    .space  4096
middle:
    .space  4096
leaves:
    .space  4096
