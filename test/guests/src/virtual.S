# The hypervisor extension: virtual-instruction exceptions, control registers that VS-mode sees as
# its own, delegation to VS-mode, virtual interrupts, counters and time.
# VS-mode's handler leaves a2 scause, a3 stval, a4 sepc and calls machine mode. No translation.
    .include "guest.asm"

    .equ HSTATUS_VTVM, 1 << 20
    .equ HSTATUS_VTW, 1 << 21
    .equ HSTATUS_VTSR, 1 << 22
    .equ VSSIP, 1 << 2
    .equ VSTIP, 1 << 6
    .equ VSEIP, 1 << 10

    START
    csrw    hgatp, zero
    csrw    vsatp, zero
    csrw    hstatus, zero
    csrw    hedeleg, zero
    csrw    hideleg, zero
    la      t0, trap_to_vs
    csrw    vstvec, t0
    la      t0, trap_to_hs
    csrw    stvec, t0
    li      t0, 7
    csrw    mcounteren, t0
    csrw    hcounteren, t0
    csrw    scounteren, t0

    # misa has H.
    csrr    a0, misa
    CHECK_BITS a0, 1 << 7, 1 << 7

    # Calls by origin.
    RUN     MODE_S, 1, do_ecall
    CHECK   s2, 10
    RUN     MODE_U, 1, do_ecall
    CHECK   s2, 8
    CHECK_BITS s5, MSTATUS_MPV | MSTATUS_MPP, MSTATUS_MPV

    # What HS-mode may do and VS-mode may not is a virtual instruction; what only machine mode may
    # do is illegal.
    RUN     MODE_S, 1, read_hgatp
    CHECK   s2, 22
    CHECK_ADDRESS s4, read_hgatp
    RUN     MODE_S, 1, read_vsstatus
    CHECK   s2, 22
    RUN     MODE_S, 1, do_hfence
    CHECK   s2, 22
    RUN     MODE_S, 1, do_hlv
    CHECK   s2, 22
    RUN     MODE_S, 1, read_mstatus
    CHECK   s2, 2
    RUN     MODE_S, 1, do_mret
    CHECK   s2, 2
    # hstatus: VTSR, VTVM, VTW.
    li      t0, HSTATUS_VTSR | HSTATUS_VTVM | HSTATUS_VTW
    csrs    hstatus, t0
    RUN     MODE_S, 1, do_sret
    CHECK   s2, 22
    RUN     MODE_S, 1, do_sfence
    CHECK   s2, 22
    RUN     MODE_S, 1, do_wfi
    CHECK   s2, 22
    # mstatus.TW comes first: then it is illegal.
    li      t0, MSTATUS_TW
    csrs    mstatus, t0
    RUN     MODE_S, 1, do_wfi
    CHECK   s2, 2
    li      t0, MSTATUS_TW
    csrc    mstatus, t0
    csrw    hstatus, zero

    # Supervisor registers in VS-mode are VS-mode's.
    li      a0, 0x1111
    csrw    sscratch, a0
    li      a0, 0x2222
    csrw    vsscratch, a0
    RUN     MODE_S, 1, swap_sscratch
    CHECK   a1, 0x2222
    csrr    a0, vsscratch
    CHECK   a0, 0x3333
    csrr    a0, sscratch
    CHECK   a0, 0x1111

    # Delegation to HS-mode with medeleg, and on to VS-mode with hedeleg.
    li      t0, 1 << 8 | 1 << 3 | 1 << 10
    csrw    medeleg, t0
    RUN     MODE_U, 1, do_ecall
    CHECK   s2, 9                   # HS-mode's handler calls
    CHECK   a2, 8
    CHECK   s8, 1
    csrr    a0, hstatus
    CHECK_BITS a0, 1 << 7, 1 << 7   # SPV
    CHECK_BITS a0, 1 << 8, 0        # SPVP: from VU-mode
    RUN     MODE_S, 1, do_ecall
    CHECK   a2, 10
    CHECK   s8, 1
    csrr    a0, hstatus
    CHECK_BITS a0, 3 << 7, 3 << 7
    # Writable bits only: a call from VS-mode (10) cannot be delegated to VS-mode.
    li      t0, 1 << 8 | 1 << 3 | 1 << 10
    csrw    hedeleg, t0
    csrr    a0, hedeleg
    CHECK   a0, 1 << 8 | 1 << 3
    csrw    medeleg, a0             # calls of VS-mode's handler come to machine mode again
    RUN     MODE_U, 1, do_ecall
    CHECK   s8, 2
    CHECK   a2, 8
    CHECK_ADDRESS a4, do_ecall
    RUN     MODE_S, 1, do_ebreak
    CHECK   s8, 2
    CHECK   a2, 3
    csrr    a0, vsstatus
    CHECK_BITS a0, 1 << 8, 1 << 8   # SPP
    # sret in VS-mode goes to VU-mode.
    RUN     MODE_S, 1, return_to_user
    CHECK   a2, 8
    CHECK   s8, 2
    CHECK_ADDRESS a4, do_ecall
    # Machine mode's ecall in HS-mode returns with sret to where SPV says.
    csrw    medeleg, zero
    csrw    hedeleg, zero
    RUN     MODE_S, 0, enter_guest
    CHECK   s2, 10
    CHECK_BITS s5, MSTATUS_MPV, MSTATUS_MPV

    # Virtual interrupts: hvip injects, hideleg delegates; the guest sees its own numbers.
    li      t0, VSTIP | VSSIP | VSEIP
    csrw    hideleg, t0
    csrr    a0, hideleg
    CHECK   a0, VSTIP | VSSIP | VSEIP
    li      t0, VSTIP
    csrw    hvip, t0
    csrr    a0, mip
    CHECK_BITS a0, VSTIP, VSTIP
    li      t0, VSTIP
    csrw    hie, t0
    # Through hideleg, vsie shows it one bit lower.
    csrr    a0, vsie
    CHECK   a0, 1 << 5
    csrw    vsstatus, zero
    RUN     MODE_S, 1, do_ecall     # vsstatus.SIE clear: not taken
    CHECK   s2, 10
    CHECK_ADDRESS s4, do_ecall
    RUN     MODE_U, 1, spin         # VU-mode: taken
    CHECK   s8, 2
    CHECK   a2, INTERRUPT | 5
    RUN     MODE_S, 1, enable_and_spin
    CHECK   s8, 2
    CHECK   a2, INTERRUPT | 5
    # The software one the guest may clear by itself.
    li      t0, VSSIP
    csrw    hvip, t0
    csrw    hie, t0
    RUN     MODE_U, 1, spin
    CHECK   a2, INTERRUPT | 1
    RUN     MODE_S, 1, clear_ssip
    CHECK   s2, 10
    csrr    a0, hvip
    CHECK   a0, 0
    # In HS-mode a delegated virtual interrupt is never taken.
    li      t0, VSEIP
    csrw    hvip, t0
    csrw    hie, t0
    csrsi   sstatus, 2
    RUN     MODE_S, 0, do_ecall
    CHECK   s2, 9
    CHECK_ADDRESS s4, do_ecall
    csrci   sstatus, 2
    csrw    hvip, zero
    csrw    hie, zero

    # Time is shifted by htimedelta and guarded by hcounteren.
    li      t0, 1 << 40
    csrw    htimedelta, t0
    RUN     MODE_S, 1, read_time
    CHECK   s2, 10
    srli    a0, a0, 40
    CHECK   a0, 1
    csrw    hcounteren, zero
    RUN     MODE_S, 1, read_time
    CHECK   s2, 22
    FINISH

    .text
do_ecall:
    ecall
do_ebreak:
    ebreak
do_mret:
    mret
do_sret:
    sret
do_wfi:
    wfi
do_sfence:
    sfence.vma
do_hfence:
    hfence.gvma
do_hlv:
    hlv.d   a0, (a0)
read_hgatp:
    csrr    a0, hgatp
read_vsstatus:
    csrr    a0, vsstatus
read_mstatus:
    csrr    a0, mstatus
read_time:
    rdtime  a0
    ecall
swap_sscratch:
    li      a0, 0x3333
    csrrw   a1, sscratch, a0
    ecall
spin:
    j       spin
enable_and_spin:
    csrsi   sstatus, 2
    j       spin
clear_ssip:
    csrci   sip, 2
    ecall
return_to_user:
    li      t0, 1 << 8
    csrc    sstatus, t0
    la      t0, do_ecall
    csrw    sepc, t0
    sret
# HS-mode: into VS-mode by sret.
enter_guest:
    li      t0, 1 << 7              # hstatus.SPV
    csrs    hstatus, t0
    li      t0, 1 << 8              # sstatus.SPP
    csrs    sstatus, t0
    la      t0, do_ecall
    csrw    sepc, t0
    sret

    .balign 4
trap_to_vs:
    li      s8, 2
    csrr    a2, scause
    csrr    a3, stval
    csrr    a4, sepc
    ecall
    .balign 4
trap_to_hs:
    li      s8, 1
    csrr    a2, scause
    csrr    a3, stval
    csrr    a4, sepc
    ecall
