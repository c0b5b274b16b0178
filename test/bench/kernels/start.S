/*
 * From reset to main in one of three worlds, by a word that whoever starts the run may change in
 * the file, at offset 4 of this section: 0 for M-mode without translation, 1 for S-mode under Sv39,
 * 2 for VS-mode under Sv39 and Sv39x4. `worlds.c` makes the page tables. Behind it lies the length
 * of the run, as `repetitions` in runtime.h takes it.
 */
#include "worlds.h"

    .option arch, +h
    .section .text.start, "ax"
    .globl _start, world, run_length
    .option push
    .option norvc
_start:
    j       1f
world:
    .word   WORLD_BARE
run_length:
    .word   100
    .option pop
1:  csrr    t0, mhartid
    bnez    t0, park
    la      sp, stack_top
    la      t0, unexpected_trap
    csrw    mtvec, t0
    li      t0, MSTATUS_FS
    csrs    mstatus, t0
    lw      t0, world
    beqz    t0, enter_main

    /* Lower worlds own all memory, the counters and their timer. */
    li      t1, -1
    csrw    pmpaddr0, t1
    li      t1, PMP_ALL
    csrw    pmpcfg0, t1
    li      t1, COUNTERS
    csrw    mcounteren, t1
    li      t1, ENVCFG_STCE
    csrs    menvcfg, t1
    li      t1, INTERRUPT_STI
    csrs    mideleg, t1
    call    make_page_tables
    li      t0, MSTATUS_MPP
    csrc    mstatus, t0
    li      t0, MSTATUS_MPP_S
    csrs    mstatus, t0
    la      t0, enter_main
    csrw    mepc, t0
    lw      t0, world
    li      t1, WORLD_GUEST
    beq     t0, t1, 2f
    csrw    satp, a0
    sfence.vma
    mret

2:  csrw    vsatp, a0
    csrw    hgatp, a1
    hfence.gvma
    hfence.vvma
    li      t1, COUNTERS
    csrw    hcounteren, t1
    li      t1, ENVCFG_STCE
    csrs    henvcfg, t1
    li      t1, INTERRUPT_VSTI
    csrw    hideleg, t1
    csrw    vstimecmp, t1
    li      t1, MSTATUS_FS
    csrs    vsstatus, t1
    li      t1, MSTATUS_MPV
    csrs    mstatus, t1
    mret

enter_main:
    call    main
    call    report
park:
    wfi
    j       park

    .balign 4
unexpected_trap:
    li      t0, 0x100000
    li      t1, 0x13333             # fail with code 1
    sw      t1, 0(t0)
    j       .

    /* A timer interrupt in any world: the caller-saved registers are the interrupted code's. */
    .macro timer_vector name, return
    .balign 4
    .globl \name
\name:
    addi    sp, sp, -128
    sd      ra, 0(sp)
    .set    slot, 8
    .irp    reg, t0, t1, t2, t3, t4, t5, t6, a0, a1, a2, a3, a4, a5, a6, a7
    sd      \reg, slot(sp)
    .set    slot, slot + 8
    .endr
    call    timer_interrupt
    ld      ra, 0(sp)
    .set    slot, 8
    .irp    reg, t0, t1, t2, t3, t4, t5, t6, a0, a1, a2, a3, a4, a5, a6, a7
    ld      \reg, slot(sp)
    .set    slot, slot + 8
    .endr
    addi    sp, sp, 128
    \return
    .endm

    timer_vector machine_timer_vector, mret
    timer_vector supervisor_timer_vector, sret
