# Points where QEMU 7.2 does otherwise than the specification says: ours alone is run on these.
    .include "guest.asm"

    .equ PAGES, 0x40000000
    .equ TABLES, 0x50000000
    .equ RW, PTE_V | PTE_R | PTE_W | PTE_AD
    .equ RWX, PTE_V | PTE_R | PTE_W | PTE_X | PTE_AD

    START
    # "Machine-Level ISA", mcause: an AMO raises store/AMO exceptions, also for its load.
    la      a1, scratch + 2
    EXPECT_TRAP
    amoadd.w a2, a2, (a1)
    TRAPPED
    CHECK_ADDRESS s3, scratch + 2
    CHECK   s2, 6

    # "Hypervisor Extension", virtual-instruction exceptions in VU-mode: "to execute a supervisor
    # instruction (SRET or SFENCE.VMA)", "to access an implemented non-high-half supervisor CSR when
    # the same access (read/write) would be allowed in HS-mode".
    csrw    hgatp, zero
    csrw    vsatp, zero
    csrw    hstatus, zero
    RUN     MODE_U, 1, do_sret
    CHECK   s2, 22
    RUN     MODE_U, 1, do_sfence
    CHECK   s2, 22
    RUN     MODE_U, 1, read_sstatus
    CHECK   s2, 22

    # "When VTVM=1, an attempt in VS-mode to execute SFENCE.VMA or SINVAL.VMA or to access CSR satp
    # raises a virtual-instruction exception."
    li      t0, 1 << 20
    csrw    hstatus, t0
    RUN     MODE_S, 1, read_satp
    CHECK   s2, 22
    csrw    hstatus, zero

    # With bit 6 of hideleg set, "vsip.STIP and vsie.STIE are aliases of hip.VSTIP and hie.VSTIE".
    li      t0, 1 << 6
    csrw    hideleg, t0
    csrw    hvip, t0
    csrr    a0, vsip
    CHECK   a0, 1 << 5
    csrw    hvip, zero
    csrr    a0, vsip
    CHECK   a0, 0
    csrw    hideleg, zero

    SET_PTE_TO groot, 2, 0x80000000, RWX | PTE_U
    SET_PTE groot, 1, gmiddle, 0, PTE_V
    SET_PTE gmiddle, 0, gleaves, 0, PTE_V
    SET_PTE gleaves, 0, page, 0, RW | PTE_U
    SET_PTE gleaves, 4, page, 0, PTE_V | PTE_X | PTE_AD | PTE_U
    SET_PTE_TO vroot, 2, 0x80000000, RWX
    SET_PTE vroot, 1, vmiddle, 0, PTE_V
    SET_PTE vmiddle, 0, vleaves, 0, PTE_V
    SET_PTE_TO vmiddle, 1, TABLES, PTE_V
    SET_PTE_TO vleaves, 0, PAGES, RW
    SET_PTE_TO vleaves, 4, PAGES + 0x4000, PTE_V | PTE_X | PTE_AD
    la      t0, groot
    srli    t0, t0, 12
    li      t1, SATP_SV39
    or      t0, t0, t1
    csrw    hgatp, t0
    la      t0, vroot
    srli    t0, t0, 12
    or      t0, t0, t1
    csrw    vsatp, t0
    hfence.gvma
    hfence.vvma

    # "Two-Stage Address Translation": a G-stage fault of an implicit access to a VS-stage table is
    # a guest-page fault of the kind of the original access.
    li      a0, PAGES + 0x201000
    RUN     MODE_S, 1, store
    CHECK_TRAP 23, PAGES + 0x201000
    csrr    s6, mtval2
    CHECK   s6, (TABLES + 8) >> 2
    csrr    s7, mtinst
    CHECK   s7, 0x3000

    # "Hypervisor Virtual-Machine Load and Store Instructions": with HLVX, "execute permission
    # takes the place of read permission during address translation", in both stages.
    li      t0, 1 << 8              # SPVP
    csrs    hstatus, t0
    li      a0, PAGES + 0x4000
    hlvx.wu a1, (a0)
    CHECK   a1, 0x55667788
    hlvx.hu a1, (a0)
    CHECK   a1, 0x7788
    EXPECT_TRAP
    li      a0, PAGES
    hlvx.wu a1, (a0)
    TRAPPED
    CHECK_TRAP 13, PAGES
    # hstatus.SPVP is the mode they act in, from the next one on and without a fence.
    li      a0, PAGES
    hlv.wu  a1, (a0)
    CHECK   a1, 0x55667788
    li      t0, 1 << 8
    csrc    hstatus, t0
    EXPECT_TRAP
    hlv.wu  a1, (a0)
    TRAPPED
    CHECK_TRAP 13, PAGES
    FINISH

    .text
do_sret:
    sret
do_sfence:
    sfence.vma
read_sstatus:
    csrr    a0, sstatus
read_satp:
    csrr    a0, satp
store:
    sd      a1, 0(a0)
    ecall

    .data
    .balign 4096
page:
    .dword  0x1122334455667788
    .balign 4096
scratch:
    .dword  0, 0
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
