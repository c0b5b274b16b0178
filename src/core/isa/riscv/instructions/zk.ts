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
import { extensionRows, host, type RowSpec } from './row.ts';

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
  oneSource(mnemonic, `0001000${code} 001 ${OP_IMM}`, summary, (c) => {
    const x = c.keep(c.rs1());
    c.wr(steps.map((step) => step(x)).reduce(xor));
  });

const round = (mnemonic: string, funct7: string, summary: string): RowSpec =>
  twoSources(mnemonic, `${funct7} 000 ${OP}`, summary, host);
const sm4 = (mnemonic: string, funct5: string, summary: string): RowSpec => [
  mnemonic,
  `bs:2 ${funct5} rs2:5 rs1:5 000 rd:5 ${OP}`,
  'rd, rs1, rs2, bs',
  summary,
  host,
];

const aesDecryption = 'Unprivileged: Zknd, AES decryption';
const itself: Step = (x) => x;

export const scalarCryptographyRows = [
  ...extensionRows('Zknd', aesDecryption, [
    round('aes64ds', '0011101', 'AES final round, decryption.'),
    round('aes64dsm', '0011111', 'AES middle round, decryption.'),
    oneSource('aes64im', `001100000000 001 ${OP_IMM}`, 'AES inverse MixColumns.', host),
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
    { alsoIn: ['Zkne'] },
  ),
  ...extensionRows('Zkne', 'Unprivileged: Zkne, AES encryption', [
    round('aes64es', '0011001', 'AES final round, encryption.'),
    round('aes64esm', '0011011', 'AES middle round, encryption.'),
  ]),
  ...extensionRows('Zknh', 'Unprivileged: Zknh, SHA-2', [
    wordSum('sha256sum0', '00000', 'SHA-256 Sum0.', [right32(2), right32(13), right32(22)]),
    wordSum('sha256sum1', '00001', 'SHA-256 Sum1.', [right32(6), right32(11), right32(25)]),
    wordSum('sha256sig0', '00010', 'SHA-256 Sigma0.', [right32(7), right32(18), shift32(3)]),
    wordSum('sha256sig1', '00011', 'SHA-256 Sigma1.', [right32(17), right32(19), shift32(10)]),
    doubleSum('sha512sum0', '00100', 'SHA-512 Sum0.', [right(28), right(34), right(39)]),
    doubleSum('sha512sum1', '00101', 'SHA-512 Sum1.', [right(14), right(18), right(41)]),
    doubleSum('sha512sig0', '00110', 'SHA-512 Sigma0.', [right(1), right(8), shift(7)]),
    doubleSum('sha512sig1', '00111', 'SHA-512 Sigma1.', [right(19), right(61), shift(6)]),
  ]),
  ...extensionRows('Zksed', 'Unprivileged: Zksed, SM4', [
    sm4('sm4ed', '11000', 'SM4 encryption and decryption, one byte.'),
    sm4('sm4ks', '11010', 'SM4 key schedule, one byte.'),
  ]),
  ...extensionRows('Zksh', 'Unprivileged: Zksh, SM3', [
    wordSum('sm3p0', '01000', 'SM3 P0.', [itself, left32(9), left32(17)]),
    wordSum('sm3p1', '01001', 'SM3 P1.', [itself, left32(15), left32(23)]),
  ]),
];
