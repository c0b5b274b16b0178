/**
 * A guest program that carries out a list of CSR accesses, each in a mode of its own, and says of
 * each how it ended and what was read. The same bytes run here and on the oracles.
 */
import { assemble } from '../../../../differential/assemble.ts';

export const modes = ['M', 'HS', 'U', 'VS', 'VU'] as const;
export type ModeName = (typeof modes)[number];

/** One to three instructions, executed in a mode with a0 set; a1 is 0. */
export interface Step {
  readonly mode: ModeName;
  readonly code: readonly [number, number?, number?];
  readonly a0: bigint;
  /** Whether what a3 holds then is to be told. */
  readonly tellsValue: boolean;
}

export interface StepResult {
  /** mcause of the trap that ended it. */
  readonly cause: number;
  readonly value?: bigint;
}

const base = 0x8000_0000;
const stepsAt = base + 0x1000;
const stepBytes = 40;
const nop = 0x13;

/** The cause of the ECALL behind the instructions, by mode. */
export const endedWell: Readonly<Record<ModeName, number>> = { M: 11, HS: 9, U: 8, VS: 10, VU: 8 };

/**
 * s0 is the step, s1 where the log goes on. Guests are entered by SRET: QEMU 10 lets no write set
 * mstatus.MPV.
 */
const source = (xlen: 32 | 64): string => `
  # For processors without C too.
  .option norvc
_start:
  j start
  .balign 4
handler:
  csrr t0, mcause
  la t1, handler
  csrw mtvec, t1
  sb t0, 0(s1)
  addi s1, s1, 1
  lw t0, 4(s0)
  beqz t0, 1f
  ${[0, 1, 2, 3, 4, 5, 6, 7].map((i) => storeByte(i, xlen)).join('\n  ')}
  addi s1, s1, 8
1: addi s0, s0, ${stepBytes}
next:
  csrw mie, zero
  lw t0, 0(s0)
  bltz t0, finish
  la t1, stub
  lw t2, 8(s0)
  sw t2, 0(t1)
  lw t2, 12(s0)
  sw t2, 4(t1)
  lw t2, 16(s0)
  sw t2, 8(t1)
  fence.i
  ${xlen === 64 ? 'ld' : 'lw'} a0, 24(s0)
  li a1, 0
  li a2, 0
  li a3, 0
  # The mode has MPP in bits 12:11, SPP in bit 8, SPV in bit 7, and says in bit 0 that V matters.
  li t2, 0x1800
  and t3, t0, t2
  bne t3, t2, 1f
  csrs mstatus, t2
  # QEMU 7.2 takes MPV along to M-mode.
  li t2, ${xlen === 64 ? '0x8000000000' : '0x80'}
  csrc ${xlen === 64 ? 'mstatus' : 'mstatush'}, t2
  csrw mepc, t1
  mret
1: csrw sepc, t1
  li t2, 0x100
  csrc mstatus, t2
  and t3, t0, t2
  csrs mstatus, t3
  andi t2, t0, 1
  beqz t2, 1f
  li t2, 0x80
  csrc hstatus, t2
  and t3, t0, t2
  csrs hstatus, t3
1: sret
  .balign 4
stub:
  nop
  nop
  nop
  ecall
start:
  la t0, handler
  csrw mtvec, t0
  # Everything is allowed to the modes below.
  li t0, -1
  csrw pmpaddr15, t0
  li t0, ${xlen === 64 ? '0x1f00000000000000' : '0x1f000000'}
  csrw ${xlen === 64 ? 'pmpcfg2' : 'pmpcfg3'}, t0
  li s0, ${stepsAt}
  ${xlen === 64 ? 'lwu' : 'lw'} s1, -8(s0)
  j next
finish:
  li s0, ${stepsAt}
  ${xlen === 64 ? 'lwu' : 'lw'} s0, -8(s0)
  li t1, 0x10000000
2: beq s0, s1, 4f
3: lbu t2, 5(t1)
  andi t2, t2, 0x20
  beqz t2, 3b
  lbu t2, 0(s0)
  sb t2, 0(t1)
  addi s0, s0, 1
  j 2b
4: li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
5: j 5b
`;

function storeByte(i: number, xlen: 32 | 64): string {
  if (xlen === 32 && i > 3) return `sb zero, ${i}(s1)`;
  return `srli t1, a3, ${i * 8}\n  sb t1, ${i}(s1)`;
}

const modeBits: Readonly<Record<ModeName, number>> = {
  M: 0x1800,
  HS: 0x100,
  U: 0,
  VS: 0x180,
  VU: 0x80,
};

const harnesses = new Map<number, Uint8Array>();

/** The image that a machine starts from its first byte; without H, VS is S and VU is U. */
export function imageOf(steps: readonly Step[], xlen: 32 | 64, hypervisor: boolean): Uint8Array {
  let harness = harnesses.get(xlen);
  if (!harness) harnesses.set(xlen, (harness = assemble(source(xlen), base, xlen)));
  const end = stepsAt + (steps.length + 1) * stepBytes;
  const image = new Uint8Array(end - base);
  const view = new DataView(image.buffer);
  image.set(harness);
  const log = (end + 0xfff) & ~0xfff;
  view.setUint32(stepsAt - base - 8, log, true);
  steps.forEach(({ mode, code, a0, tellsValue }, i) => {
    const at = stepsAt - base + i * stepBytes;
    view.setUint32(at, modeBits[mode] | (hypervisor ? 1 : 0), true);
    view.setUint32(at + 4, tellsValue ? 1 : 0, true);
    for (let j = 0; j < 3; j++) view.setUint32(at + 8 + j * 4, code[j] ?? nop, true);
    view.setBigUint64(at + 24, BigInt.asUintN(64, a0), true);
  });
  view.setInt32(end - base - stepBytes, -1, true);
  return image;
}

export function parseResults(steps: readonly Step[], bytes: Uint8Array): StepResult[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const results = steps.map(({ tellsValue }): StepResult => {
    const cause = view.getUint8(at++);
    if (!tellsValue) return { cause };
    at += 8;
    return { cause, value: view.getBigUint64(at - 8, true) };
  });
  if (at !== bytes.length) throw new Error(`${bytes.length} bytes came, ${at} were expected`);
  return results;
}

const [a0, a1, a2, a3] = [10, 11, 12, 13];
const csrWord = (funct3: number, csr: number, rd: number, rs1: number): number =>
  ((csr << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | 0x73) >>> 0;
const csrrw = (csr: number, rd: number, rs1: number): number => csrWord(1, csr, rd, rs1);
const csrrs = (csr: number, rd: number, rs1: number): number => csrWord(2, csr, rd, rs1);

/** An access that only reads. */
export const readStep = (mode: ModeName, csr: number, tellsValue = false): Step => ({
  mode,
  code: [csrrs(csr, a3, 0)],
  a0: 0n,
  tellsValue,
});

/** An access that writes, and leaves the register as it is. */
export const touchStep = (mode: ModeName, csr: number): Step => ({
  mode,
  code: [csrrs(csr, a3, a1)],
  a0: 0n,
  tellsValue: false,
});

export const writeStep = (mode: ModeName, csr: number, value: bigint): Step => ({
  mode,
  code: [csrrw(csr, 0, a0)],
  a0: value,
  tellsValue: false,
});

/** Writes, reads back into a3, and writes what was there before. */
export const readBackStep = (mode: ModeName, csr: number, value: bigint): Step => ({
  mode,
  code: [csrrw(csr, a2, a0), csrrs(csr, a3, 0), csrrw(csr, 0, a2)],
  a0: value,
  tellsValue: true,
});
