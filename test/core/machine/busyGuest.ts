/**
 * A guest that never comes to rest: two harts, timers, interrupts between harts, a UART with its
 * interrupt lines, counters, floating point, LR and SC, and calls that stay unanswered.
 */
import type { LaunchConfig } from '../../../src/core/machine/launchConfig.ts';
import type { Machine } from '../../../src/core/machine/machine.ts';
import { createMachine } from '../../../src/core/registry.ts';
import { eagerTranslation } from '../../engine.ts';
import { assemble } from '../../differential/assemble.ts';

export const busyBase = 0x8020_0000;

const call = (extension: number, fn: number): string =>
  `li a7, 0x${extension.toString(16)}\n  li a6, ${fn}\n  ecall`;
const sbi = { time: 0x54494d45, ipi: 0x735049, hsm: 0x48534d, pmu: 0x504d55, sta: 0x535441 };

const source = `
_start: mv s0, a0
  la t0, handler
  csrw stvec, t0
  la sp, stacks
  slli t0, a0, 8
  add sp, sp, t0
  li t0, 0x6000
  csrs sstatus, t0
  bnez a0, both
  # hart 1 begins at _start, too
  li a0, 1
  la a1, _start
  li a2, 7
  ${call(sbi.hsm, 0)}
  # a firmware counter of IPIs sent, and steal time
  li a0, 3
  li a1, 1
  li a2, 6
  li a3, 0xf0006
  li a4, 0
  ${call(sbi.pmu, 2)}
  la a0, steal
  li a1, 0
  li a2, 0
  ${call(sbi.sta, 0)}
both: csrr t0, time
  addi a0, t0, 50
  ${call(sbi.time, 0)}
  li t0, 0x222
  csrw sie, t0
  csrsi sstatus, 2
  fcvt.d.w fa0, s0
  la s1, shared
  li s2, 0x10000000
loop: addi s3, s3, 1
  fcvt.d.w fa1, s3
  fadd.d fa0, fa0, fa1
1: lr.d t0, (s1)
  add t0, t0, s3
  sc.d t1, t0, (s1)
  bnez t1, 1b
  sd t0, 64(sp)
  andi t1, s3, 63
  bnez t1, loop
  # every now and then: a byte to the UART, its status, an interrupt to the other hart, a call
  lbu t2, 5(s2)
  andi t1, s3, 15
  addi t1, t1, 65
  sb t1, 0(s2)
  li t1, 2
  sb t1, 1(s2)
  li a0, 1
  xori a1, s0, 1
  ${call(sbi.ipi, 0)}
  ${call(0x0900_0001, 2)}
  csrr t3, instret
  csrr t4, cycle
  j loop
  .balign 4
handler: csrr t5, scause
  slli t5, t5, 1
  srli t5, t5, 1
  li t6, 5
  addi s4, s4, 1
  bne t5, t6, other
  csrr t6, time
  addi t6, t6, 70
  mv s5, a0
  mv s6, a6
  mv s7, a7
  mv a0, t6
  ${call(sbi.time, 0)}
  mv a0, s5
  mv a6, s6
  mv a7, s7
  sret
other: csrci sip, 2
  sret
  .balign 64
shared: .dword 1
  .balign 64
steal: .zero 64
stacks: .zero 1024
`;

export const busyGuest = (): Uint8Array => assemble(source, busyBase);

const hexadecimal = (address: number): string => `0x${address.toString(16)}`;

export function busyMachine(config: Partial<LaunchConfig>): Machine {
  const name = `busy.bin@${hexadecimal(busyBase)}`;
  return createMachine(
    {
      ...{ board: 'virt', mode: 'guest', isa: '', program: name, harts: 2, memory: 8 << 20 },
      ...{ loadFiles: [], calls: [], engine: 'interpreter', time: 'virtual' },
      ...config,
    },
    new Map([[name, busyGuest()]]),
    eagerTranslation,
  );
}
