/**
 * A program under construction: instruction words, initial data, and the log that it keeps. The
 * harness (harness.ts) starts it, catches its traps and sends its log to the console.
 */
import { encode, type Values } from './encode.ts';
import { layout } from './layout.ts';
import type { Random } from './random.ts';

/** Registers that a program must leave alone. */
export const reserved = {
  /** Where the next record of the log goes. */
  log: 3,
  data: 4,
  /** Where the handler goes on after a trap that M-mode did not cause. */
  resume: 27,
  /** Number of the test, and two for the handler. */
  count: 30,
  scratch: [29, 31],
} as const;

const untouchable = new Set<number>([3, 4, 27, 29, 30, 31]);
export const writable = Array.from({ length: 32 }, (_, i) => i).filter((i) => !untouchable.has(i));
export const readable = Array.from({ length: 32 }, (_, i) => i);

export class Program {
  readonly random: Random;
  readonly xlen: 32 | 64;
  /** Bytes of a register, and the instructions that load and store one. */
  readonly size: 4 | 8;
  private readonly load: 'lw' | 'ld';
  private readonly store: 'sw' | 'sd';
  readonly data = new Uint8Array(layout.dataBytes);
  readonly tables = new Uint8Array(layout.tableBytes);
  /** What each test was, by its number. */
  readonly tests: string[] = [''];
  private readonly code: number[] = [];

  constructor(random: Random, xlen: 32 | 64 = 64) {
    this.random = random;
    this.xlen = xlen;
    this.size = xlen === 64 ? 8 : 4;
    this.load = xlen === 64 ? 'ld' : 'lw';
    this.store = xlen === 64 ? 'sd' : 'sw';
    const view = new DataView(this.data.buffer);
    for (let at = 0; at < layout.dataBytes; at += 8) view.setBigUint64(at, random.operand(), true);
    for (const register of writable) {
      if (register !== 0) this.loadRegister(register, 4, register * 8);
    }
  }

  /** Address of the next instruction. */
  get here(): number {
    return layout.body + this.code.length * 2;
  }

  get full(): boolean {
    return this.here > layout.bodyEnd - 512;
  }

  word(bits: number): void {
    this.half(bits & 0xffff);
    if ((bits & 3) === 3) this.half(bits >>> 16);
  }

  half(bits: number): void {
    this.code.push(bits & 0xffff);
  }

  emit(mnemonic: string, values: Values = {}): void {
    this.word(encode(mnemonic, values, this.xlen));
  }

  loadRegister(rd: number, rs1: number, imm: number): void {
    this.emit(this.load, { rd, rs1, imm });
  }

  /** Any constant, by a load of it from behind the code that uses it. */
  loadConstant(rd: number, value: bigint): void {
    const bits = BigInt.asUintN(64, value);
    this.emit('auipc', { rd, imm: 0 });
    this.emit('jal', { rd: 0, imm: 4 + this.size });
    for (let shift = 0n; shift < BigInt(this.xlen); shift += 16n) {
      this.half(Number((bits >> shift) & 0xffffn));
    }
    this.loadRegister(rd, rd, 8);
  }

  /** Begins a test: what follows until `record` belongs to it. */
  begin(description: string): void {
    this.tests.push(`${description} at 0x${this.here.toString(16)}`);
    this.emit('addi', { rd: reserved.count, rs1: reserved.count, imm: 1 });
  }

  /** Writes the test's number and a register to the log. */
  record(register: number): void {
    this.emit(this.store, { rs1: reserved.log, rs2: reserved.count, imm: 0 });
    this.emit(this.store, { rs1: reserved.log, rs2: register, imm: this.size });
    this.emit('addi', { rd: reserved.log, rs1: reserved.log, imm: 2 * this.size });
  }

  /** The image that both machines start from its first byte. */
  image(harness: Uint8Array): Uint8Array {
    // The harness sends the page tables where tp is not 0.
    if (this.tables.every((byte) => byte === 0)) this.emit('addi', { rd: 4, rs1: 0, imm: 0 });
    this.loadConstant(5, BigInt(layout.finish));
    this.emit('jalr', { rd: 0, rs1: 5, imm: 0 });
    if (this.here > layout.bodyEnd) throw new Error('the program is too long');
    const image = new Uint8Array(layout.tables + layout.tableBytes - layout.base);
    image.set(harness, 0);
    image.set(new Uint8Array(Uint16Array.from(this.code).buffer), layout.body - layout.base);
    image.set(this.data, layout.data - layout.base);
    image.set(this.tables, layout.tables - layout.base);
    return image;
  }
}
