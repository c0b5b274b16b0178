/** Code of random programs: slots of instructions, from which shrinking takes what it can. */
import type { Random } from '../random.ts';
import { encode, type Values } from '../encode.ts';
import { role, slotBytes } from './layout.ts';
import type { Rows } from './rows.ts';

export interface Slot {
  /** Physical address. */
  readonly address: number;
  readonly words: readonly Word[];
}

export interface Word {
  readonly bits: number;
  readonly bytes: 2 | 4;
  /** A constant that instructions load. */
  readonly data?: true;
}

const sizeOf = (word: number): 2 | 4 => ((word & 3) === 3 ? 4 : 2);

/** Instructions that do nothing, of either size. */
const nop = 0x0000_0013;
const compressedNop = 0x0001;

/** Nothing in the place of an instruction. */
export const nothing = ({ bytes }: Word): Word => ({
  bits: bytes === 4 ? nop : compressedNop,
  bytes,
});

export const isNothing = ({ bits, bytes }: Word): boolean =>
  bits === (bytes === 4 ? nop : compressedNop);

/** Writes slots one behind another from an address on. */
export class SlotWriter {
  readonly slots: Slot[] = [];
  readonly random: Random;
  readonly rows: Rows;
  private readonly end: number;
  private at: number;
  private words: Word[] = [];
  private used = 0;

  constructor(random: Random, rows: Rows, from: number, end: number) {
    this.random = random;
    this.rows = rows;
    this.at = from;
    this.end = end;
  }

  /** Address of the next instruction. */
  get here(): number {
    return this.at + this.used;
  }

  get full(): boolean {
    return this.at + 8 * slotBytes > this.end;
  }

  word(bits: number): void {
    this.add({ bits, bytes: sizeOf(bits) });
  }

  private add(word: Word): void {
    if (this.used + word.bytes > slotBytes) throw new Error('more than a slot holds');
    this.words.push(word);
    this.used += word.bytes;
  }

  emit(mnemonic: string, values: Values = {}): void {
    this.word(encode(mnemonic, values, this.rows.xlen));
  }

  /** Any constant, from the words that follow it. Takes a slot of its own but for one instruction. */
  constant(rd: number, value: bigint): void {
    const wide = this.rows.xlen === 64;
    this.emit('auipc', { rd, imm: 0 });
    this.emit(wide ? 'ld' : 'lw', { rd, rs1: rd, imm: 12 });
    this.emit('jal', { rd: 0, imm: wide ? 12 : 8 });
    for (let shift = 0n; shift < this.rows.xlen; shift += 32n) {
      const bits = Number((BigInt.asUintN(64, value) >> shift) & 0xffff_ffffn);
      this.add({ bits, bytes: 4, data: true });
    }
  }

  /** Fills the slot up with instructions that only compute, and begins the next one. */
  endSlot(): void {
    while (this.used < slotBytes) {
      const room = slotBytes - this.used;
      const word = this.random.chance(0.15) ? undefined : this.rows.computation(this.random);
      if (word !== undefined && sizeOf(word) <= room) this.word(word);
      else this.word(room >= 4 ? nop : compressedNop);
    }
    this.slots.push({ address: this.at, words: this.words });
    this.at += slotBytes;
    this.words = [];
    this.used = 0;
  }

  /** An address within reach of the pc, as it is mapped there. */
  addressOf(rd: number, target: number): void {
    const distance = target - this.here;
    const low = ((distance & 0xfff) ^ 0x800) - 0x800;
    this.emit('auipc', { rd, imm: distance - low });
    this.emit('addi', { rd, rs1: rd, imm: low });
  }

  scratch(): number {
    return this.random.pick(role.scratch);
  }
}
