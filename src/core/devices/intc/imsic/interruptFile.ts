/**
 * One interrupt file of an IMSIC: the pending and enable bits of its identities, and the signal to
 * the hart that follows from them. Lower identities have higher priority.
 *
 * RISC-V Advanced Interrupt Architecture 1.0, chapter 3 (sections named at the code).
 */
import { assert } from '../../../base/assert.ts';
import { UserError } from '../../../base/userError.ts';
import { fields, numbers, whole, type Persist } from '../../../base/persist.ts';
import type { InterruptLine } from '../../device.ts';
import * as r from './registers.ts';

export interface InterruptFileState {
  readonly eidelivery: number;
  readonly eithreshold: number;
  /** Bits by identity, 32 a word. */
  readonly pending: Uint32Array;
  readonly enable: Uint32Array;
}

export class InterruptFile implements Persist<InterruptFileState> {
  private readonly name: string;
  private readonly identities: number;
  private readonly line: InterruptLine;
  private readonly pending: Uint32Array;
  private readonly enable: Uint32Array;
  private eidelivery = 0;
  private eithreshold = 0;

  /** Identities 1 … `identities`, one less than a multiple of 64; `line` leads to the hart. */
  constructor(name: string, identities: number, line: InterruptLine) {
    assert(identities % 64 === 63 && identities <= 2047, `${identities} interrupt identities`);
    this.name = name;
    this.identities = identities;
    this.line = line;
    this.pending = new Uint32Array((identities + 1) / 32);
    this.enable = new Uint32Array((identities + 1) / 32);
  }

  /** A message has come; one with an identity that is not implemented is ignored. */
  setPending(identity: number): void {
    if (identity < 1 || identity > this.identities) return;
    this.pending[identity >> 5]! |= 1 << (identity & 31);
    this.update();
  }

  /**
   * What the mtopei, stopei or vstopei CSR reads (section "Top external interrupt CSRs"): not
   * affected by eidelivery.
   */
  topei(): number {
    const identity = this.top();
    return (identity << 16) | identity;
  }

  /** A write of the CSR: the interrupt that it shows is no longer pending. */
  claim(): void {
    const identity = this.top();
    if (identity === 0) return;
    this.pending[identity >> 5]! &= ~(1 << (identity & 31));
    this.update();
  }

  /**
   * The register that a number in *iselect names, as wide as the current XLEN; undefined where
   * there is none: with 64 bits only the even ones of eip and eie exist.
   */
  read(select: number, xlen: 32 | 64): bigint | undefined {
    if (select === r.eidelivery) return BigInt(this.eidelivery);
    if (select === r.eithreshold) return BigInt(this.eithreshold);
    const array = this.array(select);
    if (!array) return 0n;
    const { words, word } = array;
    if (xlen === 32) return BigInt(words[word] ?? 0);
    if (word % 2 === 1) return undefined;
    return BigInt(words[word] ?? 0) | (BigInt(words[word + 1] ?? 0) << 32n);
  }

  /** Writes the register that `read` shows. */
  write(select: number, xlen: 32 | 64, value: bigint): void {
    const low = Number(value & 0xffff_ffffn);
    const array = this.array(select);
    if (select === r.eidelivery) {
      // WARL; delivery from a PLIC or an APLIC (0x40000000) is not supported.
      this.eidelivery = low & 1;
    } else if (select === r.eithreshold) {
      this.eithreshold = low & r.IDENTITY_MASK;
    } else if (array) {
      this.writeWord(array.words, array.word, low);
      if (xlen === 64) this.writeWord(array.words, array.word + 1, Number(value >> 32n));
    }
    this.update();
  }

  save(): InterruptFileState {
    const { eidelivery, eithreshold, pending, enable } = this;
    return { eidelivery, eithreshold, pending: pending.slice(), enable: enable.slice() };
  }

  /** Whether a state could be this file's. */
  fits(state: InterruptFileState): boolean {
    const words = numbers(Uint32Array, this.pending.length);
    const registers = { eidelivery: whole, eithreshold: whole };
    if (fields({ pending: words, enable: words, ...registers })(state) !== undefined) return false;
    return (
      ((state.pending[0]! | state.enable[0]!) & 1) === 0 &&
      (state.eidelivery === 0 || state.eidelivery === 1) &&
      state.eithreshold === (state.eithreshold & r.IDENTITY_MASK)
    );
  }

  restore(state: InterruptFileState): void {
    if (!this.fits(state)) throw new UserError(`saved state is not one of ${this.name}`);
    this.eidelivery = state.eidelivery;
    this.eithreshold = state.eithreshold;
    this.pending.set(state.pending);
    this.enable.set(state.enable);
    this.update();
  }

  /** The words of eip or eie that a number selects; none for a reserved number, which reads 0. */
  private array(select: number): { words: Uint32Array; word: number } | undefined {
    if (select >= r.eie0) return { words: this.enable, word: select - r.eie0 };
    if (select >= r.eip0) return { words: this.pending, word: select - r.eip0 };
    return undefined;
  }

  /** Bits of identities that are not implemented are read-only zeros, as identity 0 is. */
  private writeWord(words: Uint32Array, word: number, value: number): void {
    if (word < words.length) words[word] = word === 0 ? value & ~1 : value;
  }

  /** The highest-priority interrupt that is pending, enabled and below eithreshold, or 0. */
  private top(): number {
    for (const [word, pending] of this.pending.entries()) {
      const bits = pending & this.enable[word]!;
      if (bits === 0) continue;
      const identity = 32 * word + 31 - Math.clz32(bits & -bits);
      return this.eithreshold === 0 || identity < this.eithreshold ? identity : 0;
    }
    return 0;
  }

  /** Section "Interrupt delivery and handling". */
  private update(): void {
    this.line.set(this.eidelivery === 1 && this.top() !== 0);
  }
}
