/** M: multiplication and division (unprivileged manual, chapter M). */
import type { SemanticContext } from '../../../engine/semantics.ts';
import {
  add,
  and,
  divS,
  divU,
  eq,
  eqz,
  i64,
  mul,
  mul32,
  or32,
  and32,
  remS,
  remU,
  select,
  shrS,
  shrU,
  signExtend,
  signExtend32,
  sub,
  wrap,
  type Expr,
} from '../../../wasm/expression.ts';
import { extensionRows, only, type RowSpec } from './row.ts';
import { unsigned } from './width.ts';

/** High 64 bits of the unsigned 128-bit product, from four products of halves. */
function highUnsigned(c: SemanticContext, a: Expr, b: Expr): Expr {
  const mask = i64(0xffffffffn);
  const half = i64(32);
  const aLow = c.keep(and(a, mask));
  const aHigh = c.keep(shrU(a, half));
  const bLow = c.keep(and(b, mask));
  const bHigh = c.keep(shrU(b, half));
  const middle = c.keep(add(mul(aHigh, bLow), shrU(mul(aLow, bLow), half)));
  const lower = c.keep(add(mul(aLow, bHigh), and(middle, mask)));
  return add(add(mul(aHigh, bHigh), shrU(middle, half)), shrU(lower, half));
}

/** What a signed operand takes off the unsigned product: the other one where it is negative. */
const whereNegative = (a: Expr, other: Expr): Expr => and(shrS(a, i64(63)), other);

function high(aSigned: boolean, bSigned: boolean) {
  return (c: SemanticContext): void => {
    const a = c.keep(c.rs1());
    const b = c.keep(c.rs2());
    if (c.xlen === 32) {
      const [x, y] = [aSigned ? a : unsigned(c, a), bSigned ? b : unsigned(c, b)];
      return c.wr(shrU(mul(x, y), i64(32)));
    }
    let product = highUnsigned(c, a, b);
    if (aSigned) product = sub(product, whereNegative(a, b));
    if (bSigned) product = sub(product, whereNegative(b, a));
    c.wr(product);
  };
}

/**
 * Division never traps: by zero it gives all ones (remainder: the dividend), and the one signed
 * overflow gives the dividend (remainder: 0). Both are the host's traps, so the divisor is replaced.
 */
function division(kind: 'quotient' | 'remainder', signed: boolean, isWord: boolean) {
  const divide = kind === 'quotient' ? (signed ? divS : divU) : signed ? remS : remU;
  return (c: SemanticContext): void => {
    const narrow = (v: Expr): Expr =>
      isWord ? (signed ? signExtend32(v) : and(v, i64(0xffffffffn))) : signed ? v : unsigned(c, v);
    const a = c.keep(narrow(c.rs1()));
    const b = c.keep(narrow(c.rs2()));
    const byZero = c.keep(eqz(b));
    // Words cannot overflow in 64 bits: of what their quotient has there the low half is right.
    const mayOverflow = signed && !isWord && c.xlen === 64;
    const lowest = i64(-(1n << 63n));
    const overflows = and32(eq(b, i64(-1)), eq(a, lowest));
    // Dividing by one gives the dividend and remainder 0, which is the answer on overflow.
    const unsafe = mayOverflow ? or32(byZero, overflows) : byZero;
    const result = divide(a, select(i64(1), b, unsafe));
    const atZero = kind === 'quotient' ? i64(-1) : a;
    const value = select(atZero, result, byZero);
    c.wr(isWord ? signExtend32(value) : value);
  };
}

const row = (
  mnemonic: string,
  funct3: string,
  opcode: string,
  summary: string,
  execute: RowSpec[4],
): RowSpec => [
  mnemonic,
  `0000001 rs2:5 rs1:5 ${funct3} rd:5 ${opcode}`,
  'rd, rs1, rs2',
  summary,
  execute,
];
const OP = '0110011';
const OP32 = '0111011';

export const multiplyRows = extensionRows('M', 'Unprivileged: M, multiplication and division', [
  row('mul', '000', OP, 'Multiply, low half.', (c) => c.wr(mul(c.rs1(), c.rs2()))),
  row('mulh', '001', OP, 'Multiply, high half, both signed.', high(true, true)),
  row('mulhsu', '010', OP, 'Multiply, high half, signed by unsigned.', high(true, false)),
  row('mulhu', '011', OP, 'Multiply, high half, both unsigned.', high(false, false)),
  row('div', '100', OP, 'Divide, signed.', division('quotient', true, false)),
  row('divu', '101', OP, 'Divide, unsigned.', division('quotient', false, false)),
  row('rem', '110', OP, 'Remainder, signed.', division('remainder', true, false)),
  row('remu', '111', OP, 'Remainder, unsigned.', division('remainder', false, false)),
  only(
    64,
    row('mulw', '000', OP32, 'Multiply words.', (c) =>
      c.wr(signExtend(mul32(wrap(c.rs1()), wrap(c.rs2())))),
    ),
  ),
  only(64, row('divw', '100', OP32, 'Divide words, signed.', division('quotient', true, true))),
  only(64, row('divuw', '101', OP32, 'Divide words, unsigned.', division('quotient', false, true))),
  only(
    64,
    row('remw', '110', OP32, 'Remainder of words, signed.', division('remainder', true, true)),
  ),
  only(
    64,
    row('remuw', '111', OP32, 'Remainder of words, unsigned.', division('remainder', false, true)),
  ),
]);
