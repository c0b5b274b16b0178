/**
 * Random programs to compare engines with: what regions do themselves, what they leave or end at,
 * and flow that no compiler makes. They run for ever: ways back use up fuel, of which each round of
 * the main loop has some, and a handler skips what traps.
 */
import type { Random } from '../../differential/random.ts';

/** What is fixed in memory, as distances from its beginning; `pages` are as many as `pageCount`. */
export const layout = { window: 0x2000, code: 0x4000, pages: 0x10_0000, ramEnd: 16 << 20 } as const;
export const pageCount = 64;

/** Registers that harts begin with: what only the test knows. */
export const given = {
  /** What `satp` is to be, 0 for none. */
  satp: 'tp',
  /** Address of the page table entry that the window has. */
  entry: 'gp',
  /** Address of `pages`. */
  pages: 's3',
  /** Bits of `mstatus` and `mie`. */
  mode: 'a6',
  interrupts: 'a7',
} as const;
/** Where harts that page see one of two pages of code. */
export const windowAddress = 0xc000_0000;

const registers = ['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 's2', 't0', 't1', 'x0'];
const operations = 'add sub xor or and sll srl sra slt sltu mul mulhu div remu'.split(' ');
const wordOperations = 'addw subw sllw sraw mulw divw remuw'.split(' ');
const branches = ['beq', 'bne', 'blt', 'bge', 'bltu', 'bgeu'];
const amos = ['amoadd', 'amoswap', 'amoxor', 'amomin', 'amomaxu'];
/** Instructions of two bytes, to be the second half of one of four. */
const halves = [0x0001, 0x0505, 0x85b2, 0x962e, 0x8e89, 0x4501];
/** Sixteen words that are written over code. */
const words = `
words: nop
  addi a0, a0, 1
  addi a0, a0, 3
  xor a1, a1, a2
  lw a2, 8(s0)
  sw a3, 12(s0)
  j .+4
  j .+8
  beq a0, a1, .+8
  ecall
  amoadd.w a1, a0, (s0)
  .word 0
  .hword 0x0505, 0x0001
  .hword 0x0001, 0x0589
  sub s2, s2, a1
  mul a3, a3, a1`;

export class RandomCode {
  private readonly random: Random;
  private readonly wide: boolean;
  private readonly harts: number;
  private labels = 0;
  private slots = 0;

  constructor(random: Random, xlen: 32 | 64, harts = 1) {
    this.random = random;
    this.wide = xlen === 64;
    this.harts = harts;
  }

  /** A whole program: each hart has its main loop, all have the functions. */
  program(): string {
    const { random } = this;
    const names = Array.from({ length: 3 + random.below(4) }, (_, i) => `f${i}`);
    const functions = names.map((name, i) => this.function(name, names.slice(i + 1)));
    const mains = Array.from({ length: this.harts }, (_, i) => this.main(`main${i}`, names));
    const window = ['A', 'B'].map((name) => `${this.body(`w${name}`, 4, [])}\n  ret`);
    const code = [...mains, ...functions, this.recursive()].join('\n');
    return `
  .option norelax
${this.start()}
${handler}
  .org ${layout.window}
${window.join('\n  .balign 4096\n')}
  .org ${layout.code}
${code}
  .option norvc
  .balign 4096
${words}
${this.data()}`;
  }

  private start(): string {
    const { wide } = this;
    const starts = Array.from({ length: this.harts }, (_, i) => `.${word(wide)} main${i}`);
    return `
_start:
  la t0, handler
  csrw mtvec, t0
  csrr s10, mhartid
  la s0, shared
  slli t0, s10, 14
  la s1, private + 4096 - 36
  add s1, s1, t0
  la sp, private + 16384 - 64
  add sp, sp, t0
  la t0, starts
  slli t1, s10, ${wide ? 3 : 2}
  add t0, t0, t1
  ${this.load} t0, 0(t0)
  csrw mepc, t0
  li t0, 0x6000
  or t0, t0, ${given.mode}
  csrw mstatus, t0
  li t0, -1
  csrw pmpaddr0, t0
  csrw mcounteren, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  csrw satp, ${given.satp}
  sfence.vma
  csrw mie, ${given.interrupts}
  j timer
  .balign 8
starts: ${starts.join('\n  ')}`;
  }

  private data(): string {
    const slots = Array.from({ length: 32 }, (_, i) => `P${i % this.slots}`);
    return `
  .balign 8
slots: ${slots.map((slot) => `.${word(this.wide)} ${slot}`).join('\n  ')}
  .balign 64
shared: .word 1, -2, 0x7fffffff, 0x80000000, 12345, -678, 0, 99
  .space 256
  .balign 4096
private: .space ${this.harts} * 16384`;
  }

  private get load(): string {
    return this.wide ? 'ld' : 'lw';
  }
  private get store(): string {
    return this.wide ? 'sd' : 'sw';
  }

  private main(name: string, functions: readonly string[]): string {
    const parts = 14 + this.random.below(26);
    return `${this.apart()}
${name}:
  li s6, ${this.random.pick([5, 20, 60])}
${this.body(`${name}p`, parts, functions)}
  addi a1, a1, 13
  j ${name}`;
  }

  /** A leaf, or one that keeps ra in its frame; ends by a return or as another function. */
  private function(name: string, others: readonly string[]): string {
    const { random } = this;
    const leaf = others.length === 0 || random.below(3) === 0;
    const restore = leaf ? '' : `${this.load} ra, 0(sp)\n  addi sp, sp, 16\n  `;
    const ends = [`${restore}ret`, `${restore}addi ra, ra, 4\n  ret`];
    if (others.length > 0) {
      const other = random.pick(others);
      ends.push(`${restore}j ${other}`, `${restore}la t2, ${other}\n  jr t2`);
    }
    const frame = leaf ? '' : `addi sp, sp, -16\n  ${this.store} ra, 0(sp)`;
    const body = this.body(`${name}p`, 3 + random.below(14), leaf ? [] : others);
    return `${this.apart()}\n${name}:\n  ${frame}\n${body}\n  ${random.pick(ends)}`;
  }

  /** Calls itself t2 times, which is deeper than regions call one another. */
  private recursive(): string {
    return `${this.apart()}
recursive:
  addi sp, sp, -16
  ${this.store} ra, 0(sp)
  ${this.slot()}
  addi t2, t2, -1
  blez t2, 1f
  call recursive
  ${this.operation()}
1:
  ${this.load} ra, 0(sp)
  addi sp, sp, 16
  ret`;
  }

  /** Space in front of code: some is in two pages. */
  private apart(): string {
    const { random } = this;
    const late = `.balign 4096\n  .space ${3800 + 2 * random.below(140)}`;
    return random.pick(['', '', '.balign 4096', `.space ${2 * random.below(300)}`, late]);
  }

  /** Parts with a label each, and ways between them: also into loops and into instructions. */
  private body(name: string, parts: number, functions: readonly string[]): string {
    const { random } = this;
    const middles: string[] = [];
    const lines = Array.from({ length: parts }, (_, i) => {
      const next = `${name}${i + 1}`;
      const ahead = `${name}${Math.min(parts, i + 1 + random.below(8))}`;
      const back = `${name}${Math.max(0, i - random.below(10))}`;
      const fuel = `addi s6, s6, -1\n  bltz s6, ${next}\n  `;
      const text = this.part(functions, [
        () => `${this.branch()} ${ahead}`,
        () => `${this.branch()} ${ahead}`,
        () => `${fuel}${this.branch()} ${back}`,
        () => `addi s6, s6, -1\n  bgtz s6, ${back}`,
        () => `j ${ahead}`,
        () => `${fuel}j ${back}`,
        () => this.table([next, ahead, next, ahead]),
        () => {
          middles.push(`${name}m${i}`);
          return this.halved(`${name}m${i}`);
        },
        () => (middles.length > 0 ? `${fuel}${this.branch()} ${random.pick(middles)}` : 'nop'),
      ]);
      return `${name}${i}:\n  ${text}`;
    });
    return `${lines.join('\n')}\n${name}${parts}:`;
  }

  private part(functions: readonly string[], ways: readonly (() => string)[]): string {
    const kind = this.random.below(100);
    if (kind < 26) return `${this.operation()}\n  ${this.operation()}`;
    if (kind < 45) return this.access();
    if (kind < 75) return this.random.pick(ways)();
    if (kind < 82) return functions.length > 0 ? this.call(functions) : this.operation();
    if (kind < 88) return this.odd();
    return kind < 95 ? this.slot() : this.patch();
  }

  private register(): string {
    return this.random.pick(registers);
  }

  private branch(): string {
    return `${this.random.pick(branches)} ${this.register()}, ${this.register()},`;
  }

  private operation(): string {
    const { random } = this;
    const [rd, rs1, rs2] = [this.register(), this.register(), this.register()];
    const immediate = random.below(4096) - 2048;
    switch (random.below(6)) {
      case 0:
        return `li ${rd}, ${immediate}`;
      case 1:
        return `${random.pick(['addi', 'xori', 'andi', 'slti'])} ${rd}, ${rs1}, ${immediate}`;
      case 2:
        return random.pick([`lui ${rd}, ${random.below(1 << 20)}`, `auipc ${rd}, 1`]);
      case 3:
        return `${random.pick(['slli', 'srli', 'srai'])} ${rd}, ${rs1}, ${random.below(32)}`;
      default: {
        const list = this.wide && random.below(3) === 0 ? wordOperations : operations;
        return `${random.pick(list)} ${rd}, ${rs1}, ${rs2}`;
      }
    }
  }

  /** Loads and stores: across pages, to many pages, past the end of RAM, beside code, to devices. */
  private access(): string {
    const { random, wide } = this;
    const loads = ['lb', 'lbu', 'lh', 'lhu', 'lw', ...(wide ? ['lwu', 'ld'] : [])];
    const names = random.below(2) === 0 ? loads : ['sb', 'sh', 'sw', ...(wide ? ['sd'] : [])];
    const access = `${random.pick(names)} ${this.register()},`;
    const index = (bits: number): string => `andi t2, ${this.register()}, ${bits}\n  `;
    switch (random.below(8)) {
      case 0:
        return `${index(63)}add t2, t2, s1\n  ${access} ${random.below(16) - 8}(t2)`;
      case 1:
        return `${index(63)}slli t2, t2, 12\n  add t2, t2, ${given.pages}\n  ${access} ${2044 - random.below(5)}(t2)`;
      case 2:
        return `${index(31)}add t2, t2, s9\n  ${access} ${random.below(12)}(t2)`;
      case 3: {
        const n = ++this.labels;
        const value = random.bits32();
        return `la t2, D${n}\n  ${access} 0(t2)\n  j E${n}\n  .balign 8\nD${n}: .word ${value}, 0\nE${n}:`;
      }
      case 4:
        return `li t2, 0x0200bff8\n  lw ${this.register()}, 0(t2)`;
      default:
        return `${access} ${random.below(68)}(${random.pick(['s0', 's1'])})`;
    }
  }

  /** What regions leave or end at, and interrupts of other harts. */
  private odd(): string {
    const { random } = this;
    const [rd, rs] = [this.register(), this.register()];
    const width = this.wide ? random.pick(['w', 'd']) : 'w';
    const n = ++this.labels;
    switch (random.below(10)) {
      case 0:
        return `${random.pick(amos)}.${width} ${rd}, ${rs}, (s0)`;
      case 1:
        return `lr.${width} t0, (s0)\n  ${this.operation()}\n  sc.${width} t1, ${rs}, (s0)`;
      case 2:
        return `${random.pick(['fadd', 'fmul', 'fdiv'])}.${random.pick(['s', 'd'])} fa0, fa1, fa0`;
      case 3:
        return random.pick([`fcvt.d.w fa1, ${rs}`, `fsd fa0, 8(s1)`, `fmv.x.w ${rd}, fa0`]);
      case 4:
        return random.pick([`csrr ${rd}, instret`, `csrrw ${rd}, sscratch, ${rs}`]);
      case 5:
        return random.pick(['ecall', 'ebreak', '.word 0', `csrrw ${rd}, mscratch, ${rs}`]);
      case 6:
        return random.pick(['fence', 'fence.i', 'sfence.vma']);
      case 7:
        return `li t2, ${0x0200_0000 + 4 * random.below(this.harts)}\n  li t1, 1\n  sw t1, 0(t2)`;
      default: // The other page of code in the window, and a call there.
        return `beqz ${given.satp}, W${n}
  ${this.load} t3, 0(${given.entry})
  xori t3, t3, 0x400
  ${this.store} t3, 0(${given.entry})
  sfence.vma
  li t2, ${windowAddress}
  jalr t2
W${n}:`;
    }
  }

  private call(functions: readonly string[]): string {
    const { random } = this;
    const name = random.pick(functions);
    const n = ++this.labels;
    // Some functions come back one word further.
    const behind = `\n  .option push\n  .option norvc\n  nop\n  .option pop`;
    const calls = [
      `jal ra, ${name}`,
      `call ${name}`,
      `la t2, ${name}\n  jalr t2`,
      `la ra, ${name}\n  jalr ra, 0(ra)`,
      `la ra, B${n}\n  j ${name}\n  nop\nB${n}:`,
      `li t2, ${random.pick([3, 20, 250])}\n  jal ra, recursive`,
    ];
    return `${random.pick(calls)}${behind}`;
  }

  private table(places: readonly string[]): string {
    const n = ++this.labels;
    const distances = places.map((place) => `${place} - T${n}`).join(', ');
    return `andi t2, ${this.register()}, 12
  la t3, T${n}
  add t2, t2, t3
  lw t2, 0(t2)
  add t2, t2, t3
  jr t2
  .balign 4
T${n}: .word ${distances}`;
  }

  /** LUI whose upper half, at a label, is an instruction too. */
  private halved(label: string): string {
    const { random } = this;
    const lower = 0x37 | (random.between(10, 13) << 7) | (random.below(16) << 12);
    return `.hword ${lower}\n${label}: .hword ${random.pick(halves)}`;
  }

  /** Four bytes that others write, aligned or not. */
  private slot(): string {
    const { random } = this;
    const first = random.pick(['nop', 'addi a0, a0, 1', 'lw a2, 8(s0)', 'sw a3, 12(s1)']);
    return `.balign ${random.pick([2, 4])}
  .option push
  .option norvc
P${this.slots++}: ${first}
  nop
  .option pop`;
  }

  /** Now and then writes a word over a slot, whose instruction may be anybody's. */
  private patch(): string {
    const { random } = this;
    const n = ++this.labels;
    const bytes = [0, 1, 2, 3].map((i) => `sb t1, ${i}(t2)\n  srli t1, t1, 8`).join('\n  ');
    const stores = ['sw t1, 0(t2)', 'sh t1, 0(t2)\n  srli t1, t1, 16\n  sh t1, 2(t2)', bytes];
    return `addi s5, s5, -1
  bgtz s5, X${n}
  li s5, ${1 + random.below(8)}
  andi t3, ${this.register()}, 60
  la t1, words
  add t3, t3, t1
  lw t1, 0(t3)
  la t2, slots + ${(this.wide ? 8 : 4) * random.below(32)}
  ${this.load} t2, 0(t2)
  ${random.pick(stores)}
  ${random.pick(['fence.i', 'nop'])}
X${n}:`;
  }
}

const word = (wide: boolean): string => (wide ? 'dword' : 'word');

/**
 * Skips what traps; after a fault of the fetch begins with the main loop again. Interrupts count in
 * s8, and each of the timer asks for the next.
 */
const handler = `
  .option push
  .option norvc
  .balign 4
handler:
  csrr t5, mcause
  bltz t5, interrupt
  addi s7, s7, 1
  addi t4, t5, -1
  beqz t4, anew
  addi t4, t5, -12
  beqz t4, anew
  csrr t4, mepc
  lhu t5, 0(t4)
  andi t5, t5, 3
  addi t4, t4, 2
  addi t5, t5, -3
  bnez t5, 1f
  addi t4, t4, 2
1:
  csrw mepc, t4
  mret
anew:
  j _start
interrupt:
  addi s8, s8, 1
  andi t5, t5, 15
  addi t5, t5, -3
  bnez t5, timer
  li t4, 0x02000000
  slli t5, s10, 2
  add t4, t4, t5
  sw x0, 0(t4)
  mret
timer:
  li t4, 0x0200bff8
  lw t6, 0(t4)
  addi t6, t6, 97
  li t4, 0x02004000
  slli t5, s10, 3
  add t4, t4, t5
  sw t6, 0(t4)
  sw x0, 4(t4)
  mret
  .option pop`;
