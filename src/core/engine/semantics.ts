/**
 * The language in which an instruction's meaning is stated, once. A row's function runs when code
 * is generated, not when it executes: for the interpreter operands come from a predecoded record,
 * for the translator they are constants and locals.
 */
import type { Expr } from '../wasm/expression.ts';

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
