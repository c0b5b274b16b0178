/**
 * Eighty loops of 300 rounds, all of that three times: 64 of them get drafts. Then much of what the
 * machine has not done until then. Ends with code 0 if the rounds are right.
 */
const loop = 'li t0, 300; 9: addi s1, s1, 1; addi t0, t0, -1; bnez t0, 9b\n';

export const draftedGuest = `
  li s2, 3
1: ${loop.repeat(80)}
  addi s2, s2, -1; beqz s2, 2f; tail 1b
2: la t0, 3f; csrw mtvec, t0
  li t0, 0x6000; csrs mstatus, t0
  csrwi frm, 2; fcvt.s.w fa0, s1; fsqrt.s fa1, fa0; fdiv.s fa1, fa1, fa0; fmadd.s fa1, fa1, fa0, fa0
  fcvt.d.s fa2, fa1; fsqrt.d fa2, fa2; fmadd.d fa2, fa2, fa2, fa2; fcvt.w.d t0, fa2
  li t0, 0x0c000000; lw t1, 0(t0); sw t1, 4(t0)
  li t0, 0x02000000; lw t1, 0(t0); li t0, 0x101000; lw t1, 0(t0)
  li t1, -1; csrw pmpaddr0, t1; csrwi pmpcfg0, 31; li t0, 8 << 60; csrw satp, t0; sfence.vma
  li t0, 0x22000; csrs mstatus, t0; ld t1, 8(zero)
  .balign 4
3: li t0, 0x20000; csrc mstatus, t0
  li t0, 72000; sub t1, s1, t0; slli t1, t1, 16; li t2, 0x3333; or t1, t1, t2
  li t0, 0x100000; sw t1, 0(t0); j .`;
