# The hypervisor extension: two stages of translation, guest-page faults, hlv and hsv, fences.
# Guest-physical and guest-virtual 0x80000000 are memory one to one; 0x40000000 on are pages under
# test in both stages.
    .include "guest.asm"

    .equ PAGES, 0x40000000
    .equ TABLES, 0x50000000         # guest-physical: where the VS-stage may be told its tables are
    .equ RW, PTE_V | PTE_R | PTE_W | PTE_AD
    .equ RWX, PTE_V | PTE_R | PTE_W | PTE_X | PTE_AD
    .equ HSTATUS_SPVP, 1 << 8

    START
    # G-stage: every entry is a user page, the hypervisor extension asks for it.
    SET_PTE_TO groot, 2, 0x80000000, RWX | PTE_U
    SET_PTE groot, 1, gmiddle, 0, PTE_V
    SET_PTE gmiddle, 0, gleaves, 0, PTE_V
    SET_PTE gleaves, 0, page, 0, RW | PTE_U
    SET_PTE gleaves, 1, page, 0, PTE_V | PTE_R | PTE_AD | PTE_U
    SET_PTE gleaves, 3, page, 0, RW             # no U: a fault
    SET_PTE gleaves, 4, code, 0, PTE_V | PTE_X | PTE_AD | PTE_U
    # VS-stage.
    SET_PTE_TO vroot, 2, 0x80000000, RWX
    SET_PTE vroot, 1, vmiddle, 0, PTE_V
    SET_PTE vmiddle, 0, vleaves, 0, PTE_V
    SET_PTE_TO vmiddle, 1, TABLES, PTE_V        # a table where the G-stage has nothing
    SET_PTE_TO vleaves, 0, PAGES, RW
    SET_PTE_TO vleaves, 1, PAGES + 0x1000, RW
    SET_PTE_TO vleaves, 2, PAGES + 0x2000, RWX  # nothing in the G-stage
    SET_PTE_TO vleaves, 3, PAGES + 0x3000, RW
    SET_PTE_TO vleaves, 4, PAGES + 0x4000, RWX
    SET_PTE_TO vleaves, 5, PAGES, PTE_V | PTE_R | PTE_AD
    SET_PTE_TO vleaves, 7, PAGES, RW | PTE_U

    la      t0, groot
    srli    t0, t0, 12
    li      t1, SATP_SV39 | 3 << 44             # VMID 3
    or      t0, t0, t1
    csrw    hgatp, t0
    la      t0, vroot
    srli    t0, t0, 12
    li      t1, SATP_SV39
    or      t0, t0, t1
    csrw    vsatp, t0
    csrw    hstatus, zero
    csrw    hedeleg, zero
    csrw    hideleg, zero
    hfence.gvma
    hfence.vvma

    # Through both stages.
    li      a0, PAGES + 8
    RUN     MODE_S, 1, load
    CHECK   s2, 10
    CHECK_BITS s5, MSTATUS_MPV | MSTATUS_MPP, MSTATUS_MPV | MODE_S << 11
    CHECK   a1, 0x99aabbccddeeff00
    li      a1, 0x123
    li      a0, PAGES + 16
    RUN     MODE_S, 1, store
    CHECK   s2, 10
    la      a2, page
    ld      a1, 16(a2)
    CHECK   a1, 0x123

    # Guest-page faults: mtval the virtual address, mtval2 the guest-physical one over 4, GVA set.
    li      a0, PAGES + 0x2010
    RUN     MODE_S, 1, load
    CHECK_TRAP 21, PAGES + 0x2010
    csrr    s6, mtval2
    CHECK   s6, (PAGES + 0x2010) >> 2
    CHECK_BITS s5, MSTATUS_GVA | MSTATUS_MPV, MSTATUS_GVA | MSTATUS_MPV
    li      a0, PAGES + 0x1018
    RUN     MODE_S, 1, load
    CHECK   s2, 10
    RUN     MODE_S, 1, store
    CHECK_TRAP 23, PAGES + 0x1018
    csrr    s6, mtval2
    CHECK   s6, (PAGES + 0x1018) >> 2
    li      a0, PAGES + 0x2000
    RUN     MODE_S, 1, jump
    CHECK_TRAP 20, PAGES + 0x2000
    CHECK   s4, PAGES + 0x2000
    csrr    s6, mtval2
    CHECK   s6, (PAGES + 0x2000) >> 2
    li      a0, PAGES + 0x3000
    RUN     MODE_S, 1, load
    CHECK_TRAP 21, PAGES + 0x3000
    li      a0, PAGES + 0x4000
    RUN     MODE_S, 1, jump
    CHECK   s2, 10
    CHECK   s4, PAGES + 0x4000
    RUN     MODE_S, 1, load
    CHECK   s2, 21

    # A fault of the VS-stage is an ordinary page fault; mtval2 is zero.
    li      a0, PAGES + 0x5000
    RUN     MODE_S, 1, store
    CHECK_TRAP 15, PAGES + 0x5000
    csrr    s6, mtval2
    CHECK   s6, 0
    CHECK_BITS s5, MSTATUS_GVA, MSTATUS_GVA
    # A VS-stage table that the G-stage does not map: the fault is the implicit access's.
    li      a0, PAGES + 0x201000
    RUN     MODE_S, 1, load
    CHECK_TRAP 21, PAGES + 0x201000
    csrr    s6, mtval2
    CHECK   s6, (TABLES + 8) >> 2
    csrr    s7, mtinst
    CHECK   s7, 0x3000
    # vsstatus.SUM, not sstatus.SUM, opens user pages to VS-mode.
    li      a0, PAGES + 0x7000
    RUN     MODE_S, 1, load
    CHECK_TRAP 13, PAGES + 0x7000
    li      t0, MSTATUS_SUM
    csrs    vsstatus, t0
    RUN     MODE_S, 1, load
    CHECK   s2, 10
    li      t0, MSTATUS_SUM
    csrc    vsstatus, t0

    # hlv and hsv act as VS-mode (SPVP = 1) or VU-mode (0) would, with signs extended.
    li      t0, HSTATUS_SPVP
    csrs    hstatus, t0
    li      a0, PAGES + 8
    hlv.d   a1, (a0)
    CHECK   a1, 0x99aabbccddeeff00
    addi    a0, a0, 4
    hlv.w   a1, (a0)
    CHECK   a1, 0xffffffff99aabbcc
    hlv.wu  a1, (a0)
    CHECK   a1, 0x99aabbcc
    hlv.b   a1, (a0)
    CHECK   a1, 0xffffffffffffffcc
    hlv.bu  a1, (a0)
    CHECK   a1, 0xcc
    hlv.h   a1, (a0)
    CHECK   a1, 0xffffffffffffbbcc
    hlv.hu  a1, (a0)
    CHECK   a1, 0xbbcc
    li      a0, PAGES + 24
    li      a1, 0x5544332211
    hsv.d   a1, (a0)
    la      a2, page
    ld      a3, 24(a2)
    CHECK   a3, 0x5544332211
    li      a1, 0x77
    hsv.b   a1, (a0)
    lbu     a3, 24(a2)
    CHECK   a3, 0x77
    # Execute-only memory is no memory to load from.
    li      a0, PAGES + 0x4000
    EXPECT_TRAP
    hlv.w   a1, (a0)
    TRAPPED
    CHECK_TRAP 21, PAGES + 0x4000
    CHECK_BITS s5, MSTATUS_GVA | MSTATUS_MPV, MSTATUS_GVA
    li      t0, HSTATUS_SPVP
    csrc    hstatus, t0
    hfence.vvma                     # QEMU 7.2 wants it; see specification.S
    li      a0, PAGES + 0x7008
    hlv.d   a1, (a0)
    CHECK   a1, 0x99aabbccddeeff00
    # User mode may use them only with hstatus.HU.
    RUN     MODE_U, 0, do_hlv
    CHECK   s2, 2
    li      t0, 1 << 9
    csrs    hstatus, t0
    RUN     MODE_U, 0, do_hlv
    CHECK   s2, 8
    CHECK   a1, 0x99aabbccddeeff00
    csrc    hstatus, t0

    # A changed G-stage entry counts after hfence.gvma, a changed VS-stage entry after hfence.vvma.
    SET_PTE gleaves, 0, page_after, 0, RW | PTE_U
    hfence.gvma
    li      a0, PAGES + 8
    RUN     MODE_S, 1, load
    CHECK   a1, 0x1212343456567878
    SET_PTE_TO vleaves, 0, PAGES + 0x1000, RW
    hfence.vvma
    RUN     MODE_S, 1, load
    CHECK   a1, 0x99aabbccddeeff00
    # VS-mode's own fence.
    SET_PTE_TO vleaves, 0, PAGES, RW
    RUN     MODE_S, 1, fence_and_load
    CHECK   a1, 0x1212343456567878

    # With vsatp bare, virtual is guest-physical; with hgatp bare, guest-physical is physical.
    csrw    vsatp, zero
    hfence.vvma
    li      a0, PAGES + 0x2000
    RUN     MODE_S, 1, load
    CHECK_TRAP 21, PAGES + 0x2000
    csrw    hgatp, zero
    hfence.gvma
    la      a0, page
    RUN     MODE_S, 1, load
    CHECK   s2, 10
    CHECK   a1, 0x1122334455667788
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
fence_and_load:
    sfence.vma
    ld      a1, 0(a0)
    ecall
do_hlv:
    hlv.d   a1, (a0)
    ecall

    .data
    .balign 4096
page:
    .dword  0x1122334455667788, 0x99aabbccddeeff00, 0, 0
    .balign 4096
code:
    ecall
    .balign 4096
page_after:
    .dword  0, 0x1212343456567878
    .balign 4096

    .bss
    .balign 16384
groot:
    .space  16384
gmiddle:
    .space  4096
gleaves:
    .space  4096
vroot:
    .space  4096
vmiddle:
    .space  4096
vleaves:
    .space  4096
