/**
 * The guest's side of lock step: brings a machine into one known state before each program, starts
 * it, and takes its traps to M-mode. A trap goes on behind the slot of what trapped, but now and then
 * in the program's next piece of M-mode code. Only the jump at the vector is compared of that.
 */
import { assemble } from '../assemble.ts';
import { layout, part, role } from './layout.ts';
import type { Xlen } from './processors.ts';

/** So many traps to M-mode lead to the next piece; a power of two. */
export const trapsPerPiece = 8;

/** A CSR by its number, and the value that programs find in it. */
export type CsrValue = readonly [number: number, value: bigint];

/** How floating-point registers are loaded, where there are any. */
export type FloatLoad = 'none' | 'flw' | 'fld';

function source(xlen: Xlen, floats: FloatLoad, csrs: readonly CsrValue[]): string {
  const word = xlen / 8;
  const [load, store] = xlen === 64 ? ['ld', 'sd'] : ['lw', 'sw'];
  const registers = (list: readonly number[]): string =>
    list.map((i) => `  ${load} x${i}, ${part.registers + i * 8}(x31)`).join('\n');
  const all = Array.from({ length: 32 }, (_, i) => i);
  const dataHigh = part.data >> 12;
  const loadFloats = (mnemonic: string): string =>
    `${all.map((i) => `  ${mnemonic} f${i}, ${part.floats + i * 8}(x31)`).join('\n')}\n  csrw 0x003, zero`;
  return `
_start:
  j start
  .org ${at.first}
first: .dword 0
  .org ${at.last}
last: .dword 0
current: .dword 0
start:
  lla x31, first
  ${load} x10, 0(x31)
prologue:
  lla x31, current
  ${store} x10, 0(x31)
  # MPV of QEMU is cleared by MRET alone.
  lla x31, 1f
  csrw mepc, x31
  li x31, 0x1800
  csrw mstatus, x31
  mret
1: mv x31, x10
  li x30, 0x6000
  csrw 0x300, x30
${floats === 'none' ? '' : loadFloats(floats)}
${csrs.map(([number, value]) => `  li x30, ${value}\n  csrw ${number}, x30`).join('\n')}
  li x30, 0x2000000
  sw zero, 0(x30)
  li x30, 0x2004000
  li x29, -1
  sw x29, 0(x30)
  sw x29, 4(x30)
  fence.i
  sfence.vma
${registers(all.slice(1, 31))}
  ${load} x31, ${part.entry}(x31)
  jr x31
next:
  lla x31, current
  ${load} x10, 0(x31)
  lla x31, last
  ${load} x31, 0(x31)
  beq x10, x31, stop
  li x31, ${layout.stride}
  add x10, x10, x31
  j prologue
stop:
  li x30, 0x100000
  li x31, 0x5555
  sw x31, 0(x30)
1: j 1b
finish:
  csrw mie, zero
  lla x31, current
  ${load} x10, 0(x31)
  li x11, ${part.end}
  lla x31, end
  jr x31
handler:
  lui x31, 0x20
  csrc mstatus, x31
  lla x30, current
  ${load} x30, 0(x30)
  ${load} x31, ${part.trapsLeft}(x30)
  addi x31, x31, -1
  ${store} x31, ${part.trapsLeft}(x30)
  blez x31, over
  andi x31, x31, ${trapsPerPiece - 1}
  beqz x31, block
  csrr x31, mcause
  bltz x31, interrupt
  csrr x31, mepc
  ori x31, x31, 31
  addi x31, x31, 1
  csrw mepc, x31
  mret
interrupt:
  li x30, 1
  sll x30, x30, x31
  csrc mie, x30
  mret
block:
  lui x${role.data}, ${dataHigh}
  add x${role.data}, x${role.data}, x30
  ${load} x31, ${part.nextBlock}(x30)
  addi x31, x31, ${word}
  ${store} x31, ${part.nextBlock}(x30)
  ${load} x31, -${word}(x31)
  jr x31
over:
  lla x31, finish
  jr x31
  .org ${layout.end - layout.base}
end:
  nop
  j next
  .org ${layout.vector - layout.base}
  .option norvc
vector:
  .rept 64
  j handler
  .endr
`;
}

/** Where the monitor finds which programs there are. */
const at = { first: 0x20, last: 0x28 } as const;

/** A program's bytes, and the physical address where they belong. */
export interface Placed {
  readonly base: number;
  readonly bytes: Uint8Array;
}

export class Monitor {
  private readonly bytes: Uint8Array;

  constructor(xlen: Xlen, floats: FloatLoad, csrs: readonly CsrValue[]) {
    this.bytes = assemble(source(xlen, floats, csrs), layout.base, xlen);
  }

  /** The image of programs that stand behind one another. */
  image(programs: readonly Placed[]): Uint8Array {
    const last = programs.at(-1)!.base;
    const image = new Uint8Array(last + part.end - layout.base);
    image.set(this.bytes);
    const view = new DataView(image.buffer);
    view.setUint32(at.first, programs[0]!.base, true);
    view.setUint32(at.last, last, true);
    for (const { base, bytes } of programs) image.set(bytes, base - layout.base);
    return image;
  }
}
