# The Advanced Interrupt Architecture on a board with APLIC and IMSIC (virt,aia=aplic-imsic with one
# guest interrupt file): a UART's interrupt goes by wire to the APLIC and by message to S-mode, one
# for a guest interrupt file to VS-mode; what selects what, and which accesses trap.
    .include "guest.asm"

    .equ MISELECT, 0x350
    .equ SISELECT, 0x150
    .equ VSISELECT, 0x250
    .equ eidelivery, 0x70
    .equ eithreshold, 0x72
    .equ eip0, 0x80
    .equ eie0, 0xc0

    .equ APLIC_M, 0xc000000
    .equ APLIC_S, 0xd000000
    .equ IMSIC_M, 0x24000000
    .equ IMSIC_S, 0x28000000
    .equ IMSIC_GUEST, 0x28001000
    .equ domaincfg, 0
    .equ sourcecfg, 0
    .equ mmsiaddrcfg, 0x1bc0
    .equ setienum, 0x1edc
    .equ genmsi, 0x3000
    .equ target, 0x3000
    .equ UART, 0x10000000
    .equ UART_SOURCE, 10

    .equ SEI, 1 << 9
    .equ VSEI, 1 << 10
    .equ MEI, 1 << 11
    .equ SGEI, 1 << 12
    .equ HSTATUS_VGEIN, 1 << 12

    .macro STORE address, value
    li      t0, \address
    li      t1, \value
    sw      t1, 0(t0)
    .endm

    .macro SELECT csr, number, value
    li      t0, \number
    csrw    \csr, t0
    li      t0, \value
    csrw    \csr + 1, t0
    .endm

    .macro SELECTED csr, number, value
    li      t0, \number
    csrw    \csr, t0
    csrr    a0, \csr + 1
    CHECK   a0, \value
    .endm

    .macro MACHINE_CHECKS csr, number
    li      t0, \number
    csrw    \csr, t0
    EXPECT_TRAP
    csrr    a0, \csr + 1
    TRAPPED
    CHECK   s2, 2
    .endm

    START
    csrw    hgatp, zero
    csrw    vsatp, zero
    csrw    hstatus, zero
    csrw    hvictl, zero
    csrw    hedeleg, zero
    la      t0, trap_to_vs
    csrw    vstvec, t0
    la      t0, trap_to_s
    csrw    stvec, t0
    li      t0, SEI
    csrw    mideleg, t0

    # Where messages go: one hart, a guest interrupt file behind that of S-mode.
    STORE   APLIC_M + mmsiaddrcfg, IMSIC_M >> 12
    STORE   APLIC_M + mmsiaddrcfg + 4, 0
    STORE   APLIC_M + mmsiaddrcfg + 8, IMSIC_S >> 12
    STORE   APLIC_M + mmsiaddrcfg + 12, 1 << 20

    # A message into the machine-level file, by the APLIC's own hand.
    SELECT  MISELECT, eidelivery, 1
    SELECT  MISELECT, eithreshold, 0
    SELECT  MISELECT, eie0, 1 << 40
    csrr    a0, mtopei
    CHECK   a0, 0
    STORE   APLIC_M + genmsi, 40
    csrr    a0, mtopei
    CHECK   a0, (40 << 16) | 40
    csrr    a0, mip
    CHECK_BITS a0, MEI, MEI
    csrr    a0, mtopi
    CHECK   a0, 0
    li      t0, MEI
    csrs    mie, t0
    csrr    a0, mtopi
    srli    a0, a0, 16
    CHECK   a0, 11
    # The interrupt traps where machine mode is entered from below, before anything is executed.
    RUN     MODE_S, 0, never
    CHECK   s2, INTERRUPT | 11
    CHECK_ADDRESS s4, never
    csrrw   a0, mtopei, zero
    CHECK   a0, (40 << 16) | 40
    csrr    a0, mtopei
    CHECK   a0, 0
    csrr    a0, mip
    CHECK_BITS a0, MEI, 0

    # The arrays, by 64 bits; identity 0 does not exist, nor do odd registers.
    SELECT  MISELECT, eip0, -1
    SELECTED MISELECT, eip0, -2
    SELECT  MISELECT, eip0, 0
    SELECTED MISELECT, eip0, 0
    SELECT  MISELECT, eip0 + 6, 1 << 63
    SELECTED MISELECT, eip0 + 6, 1 << 63
    SELECT  MISELECT, eip0 + 6, 0
    MACHINE_CHECKS MISELECT, eip0 + 1
    MACHINE_CHECKS MISELECT, eie0 + 1
    MACHINE_CHECKS MISELECT, 0x31
    MACHINE_CHECKS MISELECT, 0
    MACHINE_CHECKS SISELECT, 0x33
    # The threshold.
    SELECT  MISELECT, eie0, 0x60
    SELECT  MISELECT, eip0, 0x60
    SELECT  MISELECT, eithreshold, 6
    csrr    a0, mtopei
    CHECK   a0, (5 << 16) | 5
    SELECT  MISELECT, eithreshold, 5
    csrr    a0, mtopei
    CHECK   a0, 0
    SELECT  MISELECT, eithreshold, 0
    SELECT  MISELECT, eip0, 0

    # The UART's empty transmitter: wire 10, delegated, a message with identity 33 to S-mode.
    STORE   APLIC_M + sourcecfg + 4 * UART_SOURCE, 1 << 10
    STORE   APLIC_S + sourcecfg + 4 * UART_SOURCE, 6
    STORE   APLIC_S + target + 4 * UART_SOURCE, 33
    STORE   APLIC_S + setienum, UART_SOURCE
    STORE   APLIC_M + domaincfg, 0x100
    STORE   APLIC_S + domaincfg, 0x100
    SELECT  SISELECT, eidelivery, 1
    SELECT  SISELECT, eithreshold, 0
    SELECT  SISELECT, eie0, 1 << 33
    li      t0, UART
    li      t1, 2
    sb      t1, 1(t0)
    csrr    a0, stopei
    CHECK   a0, (33 << 16) | 33
    csrr    a0, sip
    CHECK_BITS a0, SEI, SEI
    csrr    a0, stopi
    CHECK   a0, 0
    li      t0, SEI
    csrs    sie, t0
    csrr    a0, stopi
    srli    a0, a0, 16
    CHECK   a0, 9
    # S-mode takes it, claims it and asks the UART, whose wire falls.
    RUN     MODE_S, 0, allow_interrupts
    CHECK   s2, 9
    CHECK   a2, INTERRUPT | 9
    CHECK   a3, (33 << 16) | 33
    CHECK   a4, 2
    csrr    a0, sip
    CHECK_BITS a0, SEI, 0

    # A hart sends one to itself.
    SELECT  SISELECT, eie0, 0x20
    STORE   IMSIC_S, 5
    csrr    a0, stopei
    CHECK   a0, (5 << 16) | 5
    RUN     MODE_S, 0, allow_interrupts
    CHECK   a3, (5 << 16) | 5

    # The guest interrupt file is there for whom hstatus.VGEIN names.
    EXPECT_TRAP
    csrr    a0, vstopei
    TRAPPED
    CHECK   s2, 2
    MACHINE_CHECKS VSISELECT, eip0
    RUN     MODE_S, 1, read_stopei
    CHECK   s2, 22
    li      t0, HSTATUS_VGEIN
    csrs    hstatus, t0
    SELECT  VSISELECT, eidelivery, 1
    SELECT  VSISELECT, eithreshold, 0
    SELECT  VSISELECT, eie0, 0x80
    MACHINE_CHECKS VSISELECT, 0x30
    RUN     MODE_S, 1, read_iprio
    CHECK   s2, 22
    RUN     MODE_S, 1, read_vsireg
    CHECK   s2, 22
    RUN     MODE_U, 1, read_vsireg
    CHECK   s2, 22
    RUN     MODE_U, 0, read_vsireg
    CHECK   s2, 2
    STORE   IMSIC_GUEST, 7
    csrr    a0, hgeip
    CHECK   a0, 2
    csrr    a0, vstopei
    CHECK   a0, (7 << 16) | 7
    csrr    a0, hip
    CHECK_BITS a0, VSEI | SGEI, VSEI
    li      t0, 2
    csrw    hgeie, t0
    csrr    a0, hip
    CHECK_BITS a0, VSEI | SGEI, VSEI | SGEI

    # The hypervisor takes SGEI.
    li      t0, SGEI
    csrs    hie, t0
    csrr    a0, stopi
    srli    a0, a0, 16
    CHECK   a0, 12
    RUN     MODE_S, 0, allow_interrupts
    CHECK   s2, 9
    CHECK   a2, INTERRUPT | 12
    li      t0, SGEI
    csrc    hie, t0

    # VS-mode takes VSEI, as an external interrupt of its own, and claims it at its own file.
    li      t0, VSEI
    csrs    hideleg, t0
    csrs    hie, t0
    csrr    a0, vstopi
    CHECK   a0, (9 << 16) | 1
    RUN     MODE_S, 1, allow_interrupts
    CHECK   s2, 10
    CHECK   a2, INTERRUPT | 9
    CHECK   a3, (7 << 16) | 7
    csrr    a0, hgeip
    CHECK   a0, 0
    csrr    a0, vstopi
    CHECK   a0, 0

    # hvictl.VTI: the hypervisor names the interrupt itself, and sip and sie are its affair.
    li      t0, (1 << 30) | (1 << 16)
    csrw    hvictl, t0
    csrr    a0, vstopi
    CHECK   a0, (1 << 16) | 1
    RUN     MODE_S, 1, read_sip
    CHECK   s2, 22
    li      t0, (1 << 30) | (9 << 16)
    csrw    hvictl, t0
    csrr    a0, vstopi
    CHECK   a0, 0
    csrw    hvictl, zero
    RUN     MODE_S, 1, read_sip
    CHECK   s2, 10
    FINISH
    .text

    .balign 4
never:
    j       never

# In S-mode or VS-mode: an interrupt is waiting.
allow_interrupts:
    li      a2, 0
    li      a3, 0
    csrsi   sstatus, 2
    csrci   sstatus, 2
    ecall

read_stopei:
    csrr    a0, stopei
    ecall
read_iprio:
    csrr    a0, sireg
    ecall
read_vsireg:
    csrr    a0, vsireg
    ecall
read_sip:
    csrr    a0, sip
    ecall

    .balign 4
trap_to_s:
trap_to_vs:
    csrr    a2, scause
    csrrw   a3, stopei, zero
    li      t0, UART
    lbu     a4, 2(t0)
    ecall
