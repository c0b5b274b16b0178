/**
 * The language in which an instruction's meaning is stated, once. A row's function runs when code
 * is generated, not when it executes: for the interpreter operands come from a predecoded record,
 * for the translator they are constants and locals.
 */
import { assert, defined } from '../base/assert.ts';
import type { Expr } from '../wasm/expression.ts';
import type { NumberedPair } from './pairs.ts';

/** Width and extension of a memory access: `b h w d` signed or full, `bu hu wu` zero-extended. */
export type AccessWidth = 'b' | 'h' | 'w' | 'd' | 'bu' | 'hu' | 'wu';
export type AtomicWidth = 'b' | 'h' | 'w' | 'd';
export const accessWidths: readonly AccessWidth[] = ['b', 'h', 'w', 'd', 'bu', 'hu', 'wu'];
export const accessBytes: Readonly<Record<AccessWidth, 1 | 2 | 4 | 8>> = {
  b: 1,
  bu: 1,
  h: 2,
  hu: 2,
  w: 4,
  wu: 4,
  d: 8,
};

/** Width of the guest's general registers and addresses. */
export type RegisterWidth = 32 | 64;

/**
 * All values are 64 bits wide unless said otherwise; conditions are 32. Where the guest's registers
 * have 32 bits they hold values sign-extended from bit 31, which keeps both orders of comparison, so
 * most rows mean the same on either width: `wr` extends what it writes, and of an address only the
 * low bits count. Rows that look at upper bits ask for `xlen`.
 *
 * Values of f registers are their bits; where a context has them as a double, `bitsOf` of the
 * expression is that double, and so it is for what `wrWide` is given.
 */
export interface SemanticContext {
  /** Known when code is generated: a row may choose its expressions by it. */
  readonly xlen: RegisterWidth;
  rs1(): Expr;
  rs2(): Expr;
  /** What rd holds before the instruction: an operand of compare-and-swap. */
  rd(): Expr;
  /** The immediate, sign-extended. */
  imm(): Expr;
  /** Address of the instruction plus its immediate. */
  pcImm(): Expr;
  /** Evaluates once; the result may be used any number of times in this instruction. */
  keep(value: Expr): Expr;

  /** Writes rd, a general register. Comes after everything that may fault. */
  wr(value: Expr): void;
  /** Writes rd where it is one of the registers of 64 bits on either width, as floats are. */
  wrWide(value: Expr): void;
  load(width: AccessWidth, address: Expr): Expr;
  store(width: AccessWidth, address: Expr, value: Expr): void;
  /** rd becomes the old value, sign-extended; memory what `update` makes of it. */
  amo(width: AtomicWidth, address: Expr, update: (old: Expr) => Expr): void;
  loadReserved(width: 'w' | 'd', address: Expr): void;
  storeConditional(width: 'w' | 'd', address: Expr, value: Expr): void;

  /** To pc + imm when the 32-bit condition is not 0. */
  branch(condition: Expr): void;
  /** To pc + imm, the address of the next instruction into rd. */
  jumpAndLink(): void;
  jumpAndLinkRegister(target: Expr): void;
  /** The instruction is carried out by the instruction set's TypeScript, found by the row. */
  host(): void;
  /** As `host`, of what touches no memory and goes on behind itself, or traps. */
  control(): void;
  /**
   * Goes on when the floating-point unit is ready for it (`floatUnit` of the layout); else asks the
   * instruction set's TypeScript, which makes it ready or traps.
   */
  needFloatUnit(state: number): void;

  /** `multiplyAdd` may be used, and rounds once. */
  readonly fuses: boolean;
  /** The third source, of fused multiply-add: an f register. */
  rs3(): Expr;
  /** The field of the rounding mode, 32 bits: a constant where it is known. */
  roundingField(): Expr;
  /** A `floatUnit` value, 32 bits: a constant where it is known. No instruction's body changes it. */
  floatUnit(): Expr;
  /**
   * Carried out by `body`, whose only effect is a write at its end. Where `body` gives up before,
   * the instruction is carried out as by `host`: what native arithmetic cannot do exactly.
   */
  orHost(body: (giveUpIf: GiveUp) => void): void;
  /** Statements under a 32-bit condition; those of one arm where it is a constant. */
  when(condition: Expr, then: () => void, otherwise?: () => void): void;
}

/** Gives up when the 32-bit condition is not 0; a constant 0 costs nothing. */
export type GiveUp = (condition: Expr) => void;

/** What the engine needs of an instruction. */
export interface EngineRow {
  readonly mnemonic: string;
  /** Lengths in bytes in which the row occurs. */
  readonly lengths: readonly number[];
  /** The target may lie in another page, for which a second handler is made. */
  readonly direct: boolean;
  /** `execute` is `host` or `control` and nothing else: such rows share the code that asks. */
  readonly hostOnly: boolean;
  /**
   * Its code is not in the interpreter's loop but in a function apart, with that of others of this
   * name: what V8 compiles when the interpreter gets hot is the loop. Never of a jump.
   */
  readonly apart?: 'float' | 'rare' | 'seldom';
  readonly execute: (c: SemanticContext) => void;
}

/** One `case` of the interpreter. */
export interface Handler {
  readonly row: EngineRow;
  readonly rowIndex: number;
  readonly length: number;
  /** The target is in another page. */
  readonly far: boolean;
  /** Carries out what is behind the instruction as well: see `pairs.ts`. All else is the first's. */
  readonly pair?: HandlerPair;
}

export interface HandlerPair {
  readonly first: Handler;
  readonly second: Handler;
  readonly numbers: NumberedPair;
}

/** The handlers of a set of rows in the order of their numbers, and how to find one. */
export class HandlerTable {
  /** Those of single instructions first. */
  readonly handlers: readonly Handler[];
  /** By `key`; 0 is no handler. */
  private readonly numbers: Uint16Array;

  /** Pairs are as `ld:2 add:4`, with mnemonics and lengths; they must fall through to one another. */
  constructor(rows: readonly EngineRow[], firstNumber: number, pairs: readonly string[] = []) {
    const handlers: Handler[] = [];
    this.numbers = new Uint16Array(rows.length * 16);
    rows.forEach((row, rowIndex) => {
      for (const length of row.lengths) {
        for (const far of row.direct ? [false, true] : [false]) {
          this.numbers[key(rowIndex, length, far)] = firstNumber + handlers.length;
          handlers.push({ row, rowIndex, length, far });
        }
      }
    });
    const numberOf = (name: string): number => {
      const [mnemonic = '', length] = name.split(':');
      const rowIndex = rows.findIndex((row) => row.mnemonic === mnemonic);
      return defined(this.number(rowIndex, Number(length), false), name);
    };
    for (const name of pairs) {
      const [first = 0, second = 0] = name.split(' ').map(numberOf);
      const [h1, h2] = [handlers[first - firstNumber]!, handlers[second - firstNumber]!];
      assert(!h1.row.direct && !h1.row.hostOnly && !h1.row.apart, `${name}: the first`);
      assert(!h2.row.hostOnly && !h2.row.apart, `${name}: the second`);
      const numbers = { first, second, both: firstNumber + handlers.length };
      handlers.push({ ...h1, pair: { first: h1, second: h2, numbers } });
    }
    this.handlers = handlers;
  }

  get pairs(): NumberedPair[] {
    return this.handlers.flatMap(({ pair }) => pair?.numbers ?? []);
  }

  /** Handler number, undefined when the row does not occur in this length. */
  number(rowIndex: number, length: number, far: boolean): number | undefined {
    const number = this.numbers[key(rowIndex, length, far)];
    return number === 0 ? undefined : number;
  }
}

function key(rowIndex: number, length: number, far: boolean): number {
  return rowIndex * 16 + length * 2 + (far ? 1 : 0);
}
