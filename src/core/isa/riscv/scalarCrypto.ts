/**
 * AES and SM4 instructions, whose substitution boxes no expression states (unprivileged manual,
 * Scalar cryptography: Zknd, Zkne, Zksed). The boxes are computed from their definitions, FIPS 197
 * section 5.1.1 and GB/T 32907.
 */
import { hart as layout } from '../../engine/layout.ts';
import { next, type Execute, type Operands, type SystemHart } from './system.ts';

/** Reduction polynomials of the two fields of 256 elements. */
const aesField = 0x11b;
const sm4Field = 0x1f5;

/** The boxes, made when they are first wanted: hardly any program wants them. */
interface Boxes {
  readonly aes: Uint8Array;
  readonly aesInverse: Uint8Array;
  readonly sm4: Uint8Array;
}
let made: Boxes | undefined;
const boxes = (): Boxes => (made ??= makeBoxes());

function makeBoxes(): Boxes {
  const aes = Uint8Array.from({ length: 256 }, (_, x) => {
    const inverse = invert(x, aesField);
    return [0, 1, 2, 3, 4].reduce((sum, by) => sum ^ rotate8(inverse, by), 0x63);
  });
  const aesInverse = new Uint8Array(256);
  aes.forEach((value, x) => (aesInverse[value] = x));
  const sm4 = Uint8Array.from({ length: 256 }, (_, x) => sm4Affine(invert(sm4Affine(x), sm4Field)));
  return { aes, aesInverse, sm4 };
}

/** Rows of MixColumns and of its inverse; row i is turned by i. */
const mix = [2, 3, 1, 1];
const inverseMix = [14, 11, 13, 9];
const roundConstants = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36];
/** Bytes of the state that the rows of two columns come from. */
const shiftRows = [0, 5, 10, 15, 4, 9, 14, 3];
const inverseShiftRows = [0, 13, 10, 7, 4, 1, 14, 11];

export const scalarCryptoInstructions: Readonly<Record<string, Execute>> = {
  aes64es: (h, o) => writeBytes(h, o, substituted(h, o, shiftRows, boxes().aes)),
  aes64esm: (h, o) => writeBytes(h, o, mixed(substituted(h, o, shiftRows, boxes().aes), mix)),
  aes64ds: (h, o) => writeBytes(h, o, substituted(h, o, inverseShiftRows, boxes().aesInverse)),
  aes64dsm: (h, o) =>
    writeBytes(h, o, mixed(substituted(h, o, inverseShiftRows, boxes().aesInverse), inverseMix)),
  aes64im: (h, o) => writeBytes(h, o, mixed(bytesOf(h, o.rs1), inverseMix)),
  aes64ks1i: (h, o) => {
    const last = [...bytesOf(h, o.rs1).subarray(4)].map((byte) => boxes().aes[byte]!);
    // Key expansion turns the word in all rounds but the one with number 10.
    const constant = roundConstants[o.imm];
    const word = constant === undefined ? last : [...last.slice(1), last[0]!];
    word[0]! ^= constant ?? 0;
    return writeBytes(h, o, Uint8Array.from([...word, ...word]));
  },
  aes32esi: (h, o) => aesByte(h, o, boxes().aes),
  aes32esmi: (h, o) => aesByte(h, o, boxes().aes, mix),
  aes32dsi: (h, o) => aesByte(h, o, boxes().aesInverse),
  aes32dsmi: (h, o) => aesByte(h, o, boxes().aesInverse, inverseMix),
  sm4ed: (h, o) =>
    sm4Step(
      h,
      o,
      (x) => x ^ (x << 8) ^ (x << 2) ^ (x << 18) ^ ((x & 0x3f) << 26) ^ ((x & 0xc0) << 10),
    ),
  sm4ks: (h, o) =>
    sm4Step(
      h,
      o,
      (x) => x ^ ((x & 7) << 29) ^ ((x & 0xfe) << 7) ^ ((x & 1) << 23) ^ ((x & 0xf8) << 13),
    ),
};

/** A byte of rs2, substituted, in its place or as its part of a mixed column. */
function aesByte(
  h: SystemHart,
  o: Operands,
  box: Uint8Array,
  matrix: readonly number[] = [1, 0, 0, 0],
): ReturnType<Execute> {
  const byte = box[bytesOf(h, o.rs2)[o.imm]!]!;
  const column = [0, 1, 2, 3].map((row) => multiply(byte, matrix[(4 - row) & 3]!, aesField));
  return addTurned(h, o, new DataView(Uint8Array.from(column).buffer).getInt32(0, true));
}

function sm4Step(h: SystemHart, o: Operands, spread: (x: number) => number): ReturnType<Execute> {
  return addTurned(h, o, spread(boxes().sm4[bytesOf(h, o.rs2)[o.imm]!]!));
}

/** XORs a word made of byte `bs` into rs1's, rotated to where the byte was. */
function addTurned(h: SystemHart, o: Operands, spreadByte: number): ReturnType<Execute> {
  const turned = (spreadByte << (o.imm * 8)) | (spreadByte >>> ((32 - o.imm * 8) & 31));
  const word = o.imm === 0 ? spreadByte : turned;
  h.state.setX(o.rd, BigInt(word ^ Number(BigInt.asIntN(32, h.state.getX(o.rs1)))));
  return next;
}

/** Two columns of the state after shifting rows and substituting bytes. */
function substituted(
  h: SystemHart,
  o: Operands,
  rows: readonly number[],
  box: Uint8Array,
): Uint8Array {
  const [low, high] = [bytesOf(h, o.rs1), bytesOf(h, o.rs2)];
  return Uint8Array.from(rows, (i) => box[i < 8 ? low[i]! : high[i - 8]!]!);
}

function mixed(columns: Uint8Array, matrix: readonly number[]): Uint8Array {
  return columns.map((_, at) => {
    const [column, row] = [at & 4, at & 3];
    return matrix.reduce(
      (sum, _factor, j) =>
        sum ^ multiply(columns[column + j]!, matrix[(j - row + 4) & 3]!, aesField),
      0,
    );
  });
}

function bytesOf({ state }: SystemHart, register: number): Uint8Array {
  return new Uint8Array(state.view.buffer, state.area + layout.registers + register * 8, 8);
}

function writeBytes({ state }: SystemHart, o: Operands, bytes: Uint8Array): ReturnType<Execute> {
  state.setX(o.rd, new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  return next;
}

function rotate8(x: number, by: number): number {
  return ((x << by) | (x >>> (8 - by))) & 0xff;
}

/** The affine map of SM4's box: a circulant matrix and a constant. */
function sm4Affine(x: number): number {
  return [0, 1, 3, 6, 7].reduce((sum, by) => sum ^ rotate8(x, by), 0xd3);
}

/** Product of polynomials over two elements, modulo `field`. */
function multiply(a: number, b: number, field: number): number {
  let product = 0;
  let term = a;
  for (let factor = b; factor > 0; factor >>>= 1) {
    if (factor & 1) product ^= term;
    term <<= 1;
    if (term & 0x100) term ^= field;
  }
  return product;
}

/** The inverse is the power 254, which is 2 + 4 + … + 128; 0 is given 0. */
function invert(x: number, field: number): number {
  let power = 1;
  let square = x;
  for (let i = 0; i < 7; i++) {
    square = multiply(square, square, field);
    power = multiply(power, square, field);
  }
  return power;
}
