/** Ciphers and digests built of the scalar cryptography instructions, against OpenSSL's. */
import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { encode } from '../../../differential/encode.ts';
import { Random } from '../../../differential/random.ts';
import { ramBase, rig } from './rig.ts';

const { hart, memory } = rig('nop', { isa: 'rv64im_zkn_zks' });
const known = new Map<string, number>();

/** rd of one instruction whose rs1 and rs2 hold these values. */
function run(mnemonic: string, rs1: bigint, rs2 = 0n, immediate = 0): bigint {
  const key = `${mnemonic} ${immediate}`;
  const values = { rd: 12, rs1: 10, rs2: 11, rnum: immediate, bs: immediate };
  const word = known.get(key) ?? encode(mnemonic, values);
  known.set(key, word);
  memory.load(ramBase, new Uint8Array(Uint32Array.of(word).buffer));
  hart.pc = BigInt(ramBase);
  hart.setX(10, rs1);
  hart.setX(11, rs2);
  assert.equal(hart.run(1).retired, 1);
  return hart.getX(12);
}

type Block = readonly [bigint, bigint];
const blockOf = (bytes: Buffer): Block => [bytes.readBigUInt64LE(0), bytes.readBigUInt64LE(8)];
const bytesOf = (words: readonly bigint[], size = 8): Buffer =>
  Buffer.concat(
    words.map((word) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt.asUintN(64, word));
      return bytes.subarray(0, size);
    }),
  );
const randomBytes = (random: Random, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, () => random.below(256)));

/** FIPS 197, section 5.2: round keys as pairs of doublewords. */
function aesKeys(key: Buffer): Block[] {
  const words = Array.from({ length: key.length / 8 }, (_, i) => key.readBigUInt64LE(i * 8));
  const all = [...words];
  const rounds = words.length === 2 ? 10 : 14;
  for (let round = 0; all.length < 2 * (rounds + 1); round++) {
    words.forEach((word, i) => {
      const before = words.at(i - 1)!;
      const turned = i === 0 ? run('aes64ks1i', before, 0n, round) : undefined;
      // The middle of a key of 256 bits is substituted and not turned.
      const plain = i === 2 ? run('aes64ks1i', before, 0n, 10) : before;
      words[i] = run('aes64ks2', turned ?? plain, word);
    });
    all.push(...words);
  }
  return Array.from({ length: rounds + 1 }, (_, i) => [all[i * 2]!, all[i * 2 + 1]!]);
}

const add = (a: Block, b: Block): Block => [a[0] ^ b[0], a[1] ^ b[1]];
const round = (mnemonic: string, [low, high]: Block): Block => [
  run(mnemonic, low, high),
  run(mnemonic, high, low),
];

function aesEncrypt(keys: readonly Block[], block: Block): Block {
  const middle = keys
    .slice(1, -1)
    .reduce((state, key) => add(round('aes64esm', state), key), add(block, keys[0]!));
  return add(round('aes64es', middle), keys.at(-1)!);
}

/** The equivalent inverse cipher, section 5.3.5. */
function aesDecrypt(keys: readonly Block[], block: Block): Block {
  const inverse = keys
    .slice(1, -1)
    .map((key): Block => [run('aes64im', key[0]), run('aes64im', key[1])]);
  const middle = inverse.reduceRight(
    (state, key) => add(round('aes64dsm', state), key),
    add(block, keys.at(-1)!),
  );
  return add(round('aes64ds', middle), keys[0]!);
}

const swap32 = (x: number): bigint => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(x >>> 0);
  return BigInt(bytes.readUInt32LE());
};
/** GB/T 32907, sections 6 and 7.3; words are read from the standard's byte order as little-endian. */
const familyKey = [0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc].map(swap32);
const fixedKey = (i: number): bigint =>
  swap32([0, 1, 2, 3].reduce((word, j) => (word << 8) | (((4 * i + j) * 7) & 0xff), 0));

const sm4Step = (mnemonic: string, into: bigint, from: bigint): bigint =>
  BigInt.asUintN(
    32,
    [0, 1, 2, 3].reduce((word, bs) => run(mnemonic, word, from, bs), into),
  );

function sm4(key: Buffer, block: Buffer, decrypt: boolean): Buffer {
  const wordsOf = (bytes: Buffer): bigint[] =>
    [0, 4, 8, 12].map((at) => BigInt(bytes.readUInt32LE(at)));
  const k = wordsOf(key).map((word, i) => word ^ familyKey[i]!);
  const x = wordsOf(block);
  for (let i = 0; i < 32; i++) {
    k.push(sm4Step('sm4ks', k[i]!, k[i + 1]! ^ k[i + 2]! ^ k[i + 3]! ^ fixedKey(i)));
  }
  const roundKeys = decrypt ? k.slice(4).toReversed() : k.slice(4);
  roundKeys.forEach((roundKey, i) => {
    x.push(sm4Step('sm4ed', x[i]!, x[i + 1]! ^ x[i + 2]! ^ x[i + 3]! ^ roundKey));
  });
  return bytesOf(x.slice(-4).toReversed(), 4);
}

/** Fractional parts of roots of the first primes: the constants of SHA-2. */
function fraction(prime: number, root: 2n | 3n, bits: bigint): bigint {
  const target = BigInt(prime) << (bits * root);
  let [low, high] = [0n, 1n << (bits + 5n)];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle ** root <= target) low = middle;
    else high = middle;
  }
  return BigInt.asUintN(Number(bits), low);
}
const primes: number[] = [];
for (let n = 2; primes.length < 80; n++) if (primes.every((p) => n % p !== 0)) primes.push(n);

/** FIPS 180-4, section 6.2 and 6.4, of a message of one block. */
function sha2(name: 'sha256' | 'sha512', message: Buffer): Buffer {
  const bits = name === 'sha256' ? 32 : 64;
  const size = bits / 8;
  const rounds = name === 'sha256' ? 64 : 80;
  const block = Buffer.alloc(16 * size);
  message.copy(block);
  block[message.length] = 0x80;
  block.writeUInt32BE(message.length * 8, block.length - 4);
  const cut = (x: bigint): bigint => BigInt.asUintN(bits, x);
  const w = Array.from({ length: 16 }, (_, i) =>
    bits === 32 ? BigInt(block.readUInt32BE(i * 4)) : block.readBigUInt64BE(i * 8),
  );
  for (let i = 16; i < rounds; i++) {
    const [old, recent] = [run(`${name}sig0`, w[i - 15]!), run(`${name}sig1`, w[i - 2]!)];
    w.push(cut(recent + w[i - 7]! + old + w[i - 16]!));
  }
  const initial = primes.slice(0, 8).map((prime) => fraction(prime, 2n, BigInt(bits)));
  let state = initial;
  for (let i = 0; i < rounds; i++) {
    const [a, b, c, d, e, f, g, h] = state as [
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    const constant = fraction(primes[i]!, 3n, BigInt(bits));
    const first = h + run(`${name}sum1`, e) + ((e & f) ^ (~e & g)) + constant + w[i]!;
    const second = run(`${name}sum0`, a) + ((a & b) ^ (a & c) ^ (b & c));
    state = [first + second, a, b, c, d + first, e, f, g].map(cut);
  }
  const digest = state.map((word, i) => cut(word + initial[i]!));
  return Buffer.from(
    digest.map((word) => word.toString(16).padStart(size * 2, '0')).join(''),
    'hex',
  );
}

/** GB/T 32905 of a message of one block. */
function sm3(message: Buffer): Buffer {
  const block = Buffer.alloc(64);
  message.copy(block);
  block[message.length] = 0x80;
  block.writeUInt32BE(message.length * 8, 60);
  const cut = (x: bigint): bigint => BigInt.asUintN(32, x);
  const turn = (x: bigint, by: number): bigint =>
    cut((cut(x) << BigInt(by % 32)) | (cut(x) >> BigInt((32 - by) & 31)));
  const w = Array.from({ length: 16 }, (_, i) => BigInt(block.readUInt32BE(i * 4)));
  for (let i = 16; i < 68; i++) {
    const mixed = cut(run('sm3p1', w[i - 16]! ^ w[i - 9]! ^ turn(w[i - 3]!, 15)));
    w.push(mixed ^ turn(w[i - 13]!, 7) ^ w[i - 6]!);
  }
  const initial = [
    ...[0x7380166fn, 0x4914b2b9n, 0x172442d7n, 0xda8a0600n],
    ...[0xa96f30bcn, 0x163138aan, 0xe38dee4dn, 0xb0fb0e4en],
  ];
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
  for (let i = 0; i < 64; i++) {
    const first = turn(turn(a, 12) + e + turn(i < 16 ? 0x79cc4519n : 0x7a879d8an, i), 7);
    const second = first ^ turn(a, 12);
    const [ff, gg] =
      i < 16 ? [a ^ b ^ c, e ^ f ^ g] : [(a & b) | (a & c) | (b & c), (e & f) | (~e & g)];
    const t1 = cut(ff + d + second + (w[i]! ^ w[i + 4]!));
    const t2 = cut(gg + h + first + w[i]!);
    [a, b, c, d, e, f, g, h] = [t1, a, turn(b, 9), c, cut(run('sm3p0', t2)), e, turn(f, 19), g];
  }
  const digest = [a, b, c, d, e, f, g, h].map((word, i) => word ^ initial[i]!);
  return Buffer.from(digest.map((word) => word.toString(16).padStart(8, '0')).join(''), 'hex');
}

describe('core/isa/riscv/scalar cryptography', () => {
  const openssl = (cipher: ReturnType<typeof createCipheriv>, block: Buffer): string => {
    cipher.setAutoPadding(false);
    return Buffer.concat([cipher.update(block), cipher.final()]).toString('hex');
  };

  for (const bits of [128, 256]) {
    it(`encrypts and decrypts as AES-${bits} does`, () => {
      const random = new Random(bits);
      for (let i = 0; i < 10; i++) {
        const [key, block] = [randomBytes(random, bits / 8), randomBytes(random, 16)];
        const name = `aes-${bits}-ecb`;
        const keys = aesKeys(key);
        const encrypted = bytesOf(aesEncrypt(keys, blockOf(block))).toString('hex');
        assert.equal(encrypted, openssl(createCipheriv(name, key, null), block));
        const decrypted = bytesOf(aesDecrypt(keys, blockOf(block))).toString('hex');
        assert.equal(decrypted, openssl(createDecipheriv(name, key, null), block));
      }
    });
  }

  it('encrypts and decrypts as SM4 does', () => {
    const random = new Random(4);
    for (let i = 0; i < 10; i++) {
      const [key, block] = [randomBytes(random, 16), randomBytes(random, 16)];
      const [cipher, decipher] = [createCipheriv, createDecipheriv].map((make) =>
        make('sm4-ecb', key, null),
      );
      assert.equal(sm4(key, block, false).toString('hex'), openssl(cipher!, block));
      assert.equal(sm4(key, block, true).toString('hex'), openssl(decipher!, block));
    }
  });

  for (const [name, digest, most] of [
    ['sha256', (message: Buffer) => sha2('sha256', message), 55],
    ['sha512', (message: Buffer) => sha2('sha512', message), 111],
    ['sm3', sm3, 55],
  ] as const) {
    it(`digests as ${name} does`, () => {
      const random = new Random(most);
      for (let length = 0; length <= most; length += 11) {
        const message = randomBytes(random, length);
        const expected = createHash(name).update(message).digest('hex');
        assert.equal(digest(message).toString('hex'), expected);
      }
    });
  }
});
