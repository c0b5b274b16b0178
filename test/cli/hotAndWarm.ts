/** A program to profile. */

/** `hot` has three times as many instructions as `warm`. */
export const hotAndWarm = `
  li s0, 300000
1: call hot
  call warm
  addi s0, s0, -1
  bnez s0, 1b
  li t0, 0x100000; li t1, 0x5555; sw t1, 0(t0); j .
  .type hot, @function
hot: li t0, 75
1: addi t0, t0, -1
  bnez t0, 1b
  ret
  .size hot, . - hot
  .type warm, @function
warm: li t0, 25
1: addi t0, t0, -1
  bnez t0, 1b
  ret
  .size warm, . - warm`;
