/**
 * Zknd, Zkne, Zknh: AES and SHA-2; Zksed, Zksh: SM4 and SM3 (unprivileged manual, chapter Scalar
 * cryptography). Substitution boxes are TypeScript's, in `scalarCrypto`.
 */
import {
  i32,
  i64,
  or,
  rotl32,
  rotr,
  rotr32,
  shl,
  shrU,
  shrU32,
  signExtend,
  wrap,
  xor,
  xor32,
  type Expr,
} from '../../../wasm/expression.ts';
import { low32, oneSource, OP, OP_IMM, twoSources } from './bitTricks.ts';
import { extensionRows, host, only, type RowSpec } from './row.ts';

type Step = (value: Expr) => Expr;
const right32 =
  (by: number): Step =>
  (x) =>
    rotr32(x, i32(by));
const left32 =
  (by: number): Step =>
  (x) =>
    rotl32(x, i32(by));
const shift32 =
  (by: number): Step =>
  (x) =>
    shrU32(x, i32(by));
const right =
  (by: number): Step =>
  (x) =>
    rotr(x, i64(by));
const shift =
  (by: number): Step =>
  (x) =>
    shrU(x, i64(by));

/** XOR of rotations and shifts of rs1's low word, sign-extended. */
const wordSum = (mnemonic: string, code: string, summary: string, steps: Step[]): RowSpec =>
  oneSource(mnemonic, `0001000${code} 001 ${OP_IMM}`, summary, (c) => {
    const x = c.keep(wrap(c.rs1()));
    c.wr(signExtend(steps.map((step) => step(x)).reduce(xor32)));
  });
const doubleSum = (mnemonic: string, code: string, summary: string, steps: Step[]): RowSpec =>
  only(
    64,
    oneSource(mnemonic, `0001000${code} 001 ${OP_IMM}`, summary, (c) => {
      const x = c.keep(c.rs1());
      c.wr(steps.map((step) => step(x)).reduce(xor));
    }),
  );

/**
 * The half of such a sum that rs1 is a half of; rs2 is the other. Rotations take bits from both, and
 * so does a shift for the lower half: the upper one gets none from below.
 */
const halfSum = (
  mnemonic: string,
  funct7: string,
  summary: string,
  rotations: Step[],
  shifted?: { readonly by: Step; readonly half: 'low' | 'high' },
): RowSpec =>
  only(
    32,
    twoSources(mnemonic, `${funct7} 000 ${OP}`, summary, (c) => {
      const own = c.keep(low32(c.rs1()));
      const both = c.keep(or(own, shl(c.rs2(), i64(32))));
      const terms = rotations.map((step) => step(both));
      if (shifted) terms.push(shifted.by(shifted.half === 'low' ? both : own));
      c.wr(terms.reduce(xor));
    }),
  );

const round = (mnemonic: string, funct7: string, summary: string): RowSpec =>
  only(64, twoSources(mnemonic, `${funct7} 000 ${OP}`, summary, host));
/** One byte of rs2, chosen by `bs`, goes into the word that rs1 holds. */
const oneByte = (mnemonic: string, funct5: string, summary: string): RowSpec => [
  mnemonic,
  `bs:2 ${funct5} rs2:5 rs1:5 000 rd:5 ${OP}`,
  'rd, rs1, rs2, bs',
  summary,
  host,
];

const aesDecryption = 'Unprivileged: Zknd, AES decryption';
const itself: Step = (x) => x;

const sum0 = [right(28), right(34), right(39)];
const sum1 = [right(14), right(18), right(41)];
const sig0 = [right(1), right(8)];
const sig1 = [right(19), right(61)];

export const scalarCryptographyRows = [
  ...extensionRows('Zknd', aesDecryption, [
    round('aes64ds', '0011101', 'AES final round, decryption.'),
    round('aes64dsm', '0011111', 'AES middle round, decryption.'),
    only(64, oneSource('aes64im', `001100000000 001 ${OP_IMM}`, 'AES inverse MixColumns.', host)),
    only(32, oneByte('aes32dsi', '10101', 'AES final round, decryption, one byte.')),
    only(32, oneByte('aes32dsmi', '10111', 'AES middle round, decryption, one byte.')),
  ]),
  ...extensionRows(
    'Zknd',
    aesDecryption,
    [
      [
        'aes64ks1i',
        `00110001 rnum:4<=10 rs1:5 001 rd:5 ${OP_IMM}`,
        'rd, rs1, rnum',
        'AES key schedule, first part.',
        host,
      ],
      twoSources('aes64ks2', `0111111 000 ${OP}`, 'AES key schedule, second part.', (c) => {
        const source = c.keep(c.rs2());
        const low = c.keep(xor(shrU(c.rs1(), i64(32)), low32(source)));
        const high = xor(low, shrU(source, i64(32)));
        c.wr(or(low, shl(high, i64(32))));
      }),
    ],
    { alsoIn: ['Zkne'], xlen: 64 },
  ),
  ...extensionRows('Zkne', 'Unprivileged: Zkne, AES encryption', [
    round('aes64es', '0011001', 'AES final round, encryption.'),
    round('aes64esm', '0011011', 'AES middle round, encryption.'),
    only(32, oneByte('aes32esi', '10001', 'AES final round, encryption, one byte.')),
    only(32, oneByte('aes32esmi', '10011', 'AES middle round, encryption, one byte.')),
  ]),
  ...extensionRows('Zknh', 'Unprivileged: Zknh, SHA-2', [
    wordSum('sha256sum0', '00000', 'SHA-256 Sum0.', [right32(2), right32(13), right32(22)]),
    wordSum('sha256sum1', '00001', 'SHA-256 Sum1.', [right32(6), right32(11), right32(25)]),
    wordSum('sha256sig0', '00010', 'SHA-256 Sigma0.', [right32(7), right32(18), shift32(3)]),
    wordSum('sha256sig1', '00011', 'SHA-256 Sigma1.', [right32(17), right32(19), shift32(10)]),
    doubleSum('sha512sum0', '00100', 'SHA-512 Sum0.', sum0),
    doubleSum('sha512sum1', '00101', 'SHA-512 Sum1.', sum1),
    doubleSum('sha512sig0', '00110', 'SHA-512 Sigma0.', [...sig0, shift(7)]),
    doubleSum('sha512sig1', '00111', 'SHA-512 Sigma1.', [...sig1, shift(6)]),
    halfSum('sha512sum0r', '0101000', 'SHA-512 Sum0, one half.', sum0),
    halfSum('sha512sum1r', '0101001', 'SHA-512 Sum1, one half.', sum1),
    ...(['low', 'high'] as const).flatMap((half) => {
      const [bit, what] = { low: ['0', 'lower'], high: ['1', 'upper'] }[half];
      const name = (sigma: string): string => `sha512${sigma}${half[0]}`;
      const by = (count: number) => ({ by: shift(count), half });
      return [
        halfSum(name('sig0'), `0101${bit}10`, `SHA-512 Sigma0, ${what} half.`, sig0, by(7)),
        halfSum(name('sig1'), `0101${bit}11`, `SHA-512 Sigma1, ${what} half.`, sig1, by(6)),
      ];
    }),
  ]),
  ...extensionRows('Zksed', 'Unprivileged: Zksed, SM4', [
    oneByte('sm4ed', '11000', 'SM4 encryption and decryption, one byte.'),
    oneByte('sm4ks', '11010', 'SM4 key schedule, one byte.'),
  ]),
  ...extensionRows('Zksh', 'Unprivileged: Zksh, SM3', [
    wordSum('sm3p0', '01000', 'SM3 P0.', [itself, left32(9), left32(17)]),
    wordSum('sm3p1', '01001', 'SM3 P1.', [itself, left32(15), left32(23)]),
  ]),
];
