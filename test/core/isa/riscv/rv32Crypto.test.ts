/** AES and SHA-512 built of RV32's forms, which take registers of half the width, against OpenSSL's. */
import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { encode } from '../../../differential/encode.ts';
import { Random } from '../../../differential/random.ts';
import { ramBase, rig } from './rig.ts';

const { hart, memory } = rig('', { isa: 'rv32im_zkn' });

function run(mnemonic: string, rs1: number, rs2: number, bs = 0): number {
  const word = encode(mnemonic, { rd: 12, rs1: 10, rs2: 11, bs }, 32);
  memory.load(ramBase, new Uint8Array(Uint32Array.of(word).buffer));
  hart.pc = BigInt(ramBase);
  hart.setX(10, BigInt(rs1 >>> 0));
  hart.setX(11, BigInt(rs2 >>> 0));
  assert.equal(hart.run(1).retired, 1);
  return Number(hart.getX(12));
}

type Columns = readonly number[];
const columnsOf = (bytes: Buffer): number[] => [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at));
const bytesOf = (columns: Columns): Buffer => Buffer.from(Uint32Array.from(columns).buffer);

/** Each byte of a column comes from another one, `turn` columns on for each row (FIPS 197, 5.1.2). */
const round = (mnemonic: string, state: Columns, key: Columns, turn: number): number[] =>
  key.map((word, column) =>
    [0, 1, 2, 3].reduce(
      (sum, row) => run(mnemonic, sum, state[(column + turn * row) & 3]!, row),
      word,
    ),
  );

/** FIPS 197, 5.2, for keys of 128 bits. */
function roundKeys(key: Buffer): number[][] {
  const words = columnsOf(key);
  let constant = 1;
  for (let i = 4; i < 44; i++) {
    let word = words[i - 1]!;
    if (i % 4 === 0) {
      const turned = (word >>> 8) | (word << 24);
      word = [0, 1, 2, 3].reduce((sum, byte) => run('aes32esi', sum, turned, byte), constant);
      constant = constant >= 0x80 ? (constant << 1) ^ 0x11b : constant << 1;
    }
    words.push((words[i - 4]! ^ word) >>> 0);
  }
  return Array.from({ length: 11 }, (_, i) => words.slice(i * 4, i * 4 + 4));
}

const added = (a: Columns, b: Columns): number[] => a.map((word, i) => (word ^ b[i]!) >>> 0);

function encrypt(keys: readonly Columns[], block: Buffer): Buffer {
  const middle = keys
    .slice(1, -1)
    .reduce((state, key) => round('aes32esmi', state, key, 1), added(columnsOf(block), keys[0]!));
  return bytesOf(round('aes32esi', middle, keys.at(-1)!, 1));
}

/** InvMixColumns of a round key: the mixing step of decryption, of what encryption substitutes. */
const mixedKey = (key: Columns): number[] =>
  key.map((word) => {
    const bytes = [0, 1, 2, 3];
    const substituted = bytes.reduce((sum, i) => run('aes32esi', sum, word, i), 0);
    return bytes.reduce((sum, i) => run('aes32dsmi', sum, substituted, i), 0);
  });

/** The equivalent inverse cipher, 5.3.5. */
function decrypt(keys: readonly Columns[], block: Buffer): Buffer {
  const middle = keys
    .slice(1, -1)
    .reduceRight<Columns>(
      (state, key) => round('aes32dsmi', state, mixedKey(key), -1),
      added(columnsOf(block), keys.at(-1)!),
    );
  return bytesOf(round('aes32dsi', middle, keys[0]!, -1));
}

const mask = 0xffff_ffffn;
/** A function of SHA-512 by RV32's two halves of it; Sum0 and Sum1 have one instruction for both. */
function sigma(name: string, x: bigint): bigint {
  const [low, high] = [Number(x & mask), Number(x >> 32n)];
  const [forLow, forHigh] = name.startsWith('sum') ? ['r', 'r'] : ['l', 'h'];
  const lower = run(`sha512${name}${forLow}`, low, high);
  return (BigInt(run(`sha512${name}${forHigh}`, high, low)) << 32n) | BigInt(lower);
}

const cut = (x: bigint): bigint => BigInt.asUintN(64, x);

/** Fractional parts of roots of the first primes (FIPS 180-4, 4.2.3 and 5.3.5). */
function fraction(prime: number, root: bigint): bigint {
  const target = BigInt(prime) << (64n * root);
  let [low, high] = [0n, 1n << 70n];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle ** root <= target) low = middle;
    else high = middle;
  }
  return cut(low);
}
const primes: number[] = [];
for (let n = 2; primes.length < 80; n++) if (primes.every((p) => n % p !== 0)) primes.push(n);

/** FIPS 180-4, 6.4, of a message of one block. */
function sha512(message: Buffer): Buffer {
  const block = Buffer.alloc(128);
  message.copy(block);
  block[message.length] = 0x80;
  block.writeUInt32BE(message.length * 8, 124);
  const w = Array.from({ length: 16 }, (_, i) => block.readBigUInt64BE(i * 8));
  for (let i = 16; i < 80; i++) {
    w.push(cut(sigma('sig1', w[i - 2]!) + w[i - 7]! + sigma('sig0', w[i - 15]!) + w[i - 16]!));
  }
  const initial = primes.slice(0, 8).map((prime) => fraction(prime, 2n));
  let [a, b, c, d, e, f, g, h] = initial as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  w.forEach((word, i) => {
    const chosen = (e & f) ^ (cut(~e) & g);
    const first = cut(h + sigma('sum1', e) + chosen + fraction(primes[i]!, 3n) + word);
    const second = cut(sigma('sum0', a) + ((a & b) ^ (a & c) ^ (b & c)));
    [a, b, c, d, e, f, g, h] = [cut(first + second), a, b, c, cut(d + first), e, f, g];
  });
  const digest = Buffer.alloc(64);
  [a, b, c, d, e, f, g, h].forEach((word, i) =>
    digest.writeBigUInt64BE(cut(word + initial[i]!), i * 8),
  );
  return digest;
}

const randomBytes = (random: Random, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, () => random.below(256)));

describe('core/isa/riscv/scalar cryptography of RV32', () => {
  it('encrypts and decrypts as AES does', () => {
    const random = new Random(1);
    for (let i = 0; i < 8; i++) {
      const [key, block] = [randomBytes(random, 16), randomBytes(random, 16)];
      const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
      const expected = cipher.update(block);
      const keys = roundKeys(key);
      assert.equal(encrypt(keys, block).toString('hex'), expected.toString('hex'));
      assert.equal(decrypt(keys, expected).toString('hex'), block.toString('hex'));
    }
  });

  it('digests as SHA-512 does', () => {
    const random = new Random(2);
    for (const length of [0, 3, 64, 111]) {
      const message = randomBytes(random, length);
      const expected = createHash('sha512').update(message).digest('hex');
      assert.equal(sha512(message).toString('hex'), expected);
    }
  });
});
