/** The guest's registers as a region has them: in locals while it runs, in memory before and after. */
import { load, local, signExtend, type Expr } from '../../wasm/expression.ts';
import type { FunctionBuilder } from '../../wasm/functionBuilder.ts';
import { hart, registerBytes } from '../layout.ts';
import type { Written } from './narrow.ts';
import { bankOf, bitOf, type Masks } from './registerMasks.ts';

export class RegisterLocals {
  private readonly f: FunctionBuilder;
  private readonly base: Expr;
  private readonly wholes = new Map<number, number>();
  private readonly words = new Map<number, number>();

  constructor(f: FunctionBuilder, base: Expr) {
    this.f = f;
    this.base = base;
  }

  /** The local of all of a register. */
  whole(index: number): number {
    return this.localIn(this.wholes, index, bankOf(index) === 0 ? 'i64' : 'f64');
  }

  /** That of a general register that is a word. */
  word(index: number): number {
    return this.localIn(this.words, index, 'i32');
  }

  /** Loads registers, of the general ones those among `words` as such. */
  load(masks: Masks, words = 0): void {
    for (const index of registersIn(masks)) {
      if (bankOf(index) === 0 && words & bitOf(index)) {
        this.f.set(this.word(index), load('i32.load', this.base, placeOf(index)));
        continue;
      }
      const operator = bankOf(index) === 0 ? 'i64.load' : 'f64.load';
      this.f.set(this.whole(index), load(operator, this.base, placeOf(index)));
    }
  }

  store({ masks, words }: Written): void {
    for (const index of registersIn(masks)) {
      if (bankOf(index) === 0) {
        this.f.store('i64.store', this.base, this.general(index, words), placeOf(index));
      } else {
        this.f.store('f64.store', this.base, local('f64', this.whole(index)), placeOf(index));
      }
    }
  }

  /** Makes registers whole that were words. */
  widen(words: number): void {
    for (const index of registersIn([words, 0])) {
      this.f.set(this.whole(index), this.general(index, words));
    }
  }

  /** A general register, which is one of `words` or not. */
  private general(index: number, words: number): Expr {
    if (words & bitOf(index)) return signExtend(local('i32', this.word(index)));
    return local('i64', this.whole(index));
  }

  private localIn(locals: Map<number, number>, index: number, type: 'i32' | 'i64' | 'f64'): number {
    let found = locals.get(index);
    if (found === undefined) locals.set(index, (found = this.f.newLocal(type)));
    return found;
  }
}

export const placeOf = (index: number): number => hart.registers + index * registerBytes;

function* registersIn(masks: Masks): Iterable<number> {
  for (let bank = 0; bank < 2; bank++) {
    for (let bit = 0; bit < 32; bit++) {
      if ((masks[bank]! >>> bit) & 1) yield bank === 0 ? bit : 64 + bit;
    }
  }
}
