/**
 * Integer extensions against models of their operations, bit by bit on big integers as the
 * unprivileged manual states them. `test/differential` has most of them against QEMU; these are
 * for all, and alone for what QEMU 7.2 does not have.
 */
import assert from 'node:assert/strict';
import { allRows, encode, type Values } from '../../../differential/encode.ts';
import { Random } from '../../../differential/random.ts';
import { rig, ramBase } from './rig.ts';

const everything =
  'rv64imac_zicond_zimop_zacas_zabha_zcb_zcmop_zba_zbb_zbc_zbs_zk_zks_zihintntl_zihintpause_zicbop';

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const s64 = (x: bigint): bigint => BigInt.asIntN(64, x);
const sext = (bits: number, x: bigint): bigint => u64(BigInt.asIntN(bits, x));
const zext = (bits: number, x: bigint): bigint => BigInt.asUintN(bits, x);
const bit = (x: bigint, i: number): bigint => (x >> BigInt(i)) & 1n;
const group = (x: bigint, width: number, i: number): bigint => zext(width, x >> BigInt(i * width));
const groups = (width: number, f: (i: number) => bigint): bigint =>
  Array.from({ length: 64 / width }, (_, i) => f(i) << BigInt(i * width)).reduce((a, b) => a | b);
const rotateRight = (width: number, x: bigint, by: bigint): bigint => {
  const n = by % BigInt(width);
  const v = zext(width, x);
  return zext(width, (v >> n) | (v << (BigInt(width) - n)));
};
const rotateLeft = (width: number, x: bigint, by: bigint): bigint =>
  rotateRight(width, x, BigInt(width) - (by % BigInt(width)));
const shamt = (x: bigint): bigint => x & 63n;
const one = (x: bigint): bigint => 1n << shamt(x);

/** The product of polynomials over two elements, all 127 bits of it. */
function carryLess(a: bigint, b: bigint): bigint {
  let product = 0n;
  for (let i = 0; i < 64; i++) if (bit(b, i)) product ^= a << BigInt(i);
  return product;
}

const leading = (width: number, x: bigint): bigint =>
  BigInt(width - (zext(width, x) === 0n ? 0 : zext(width, x).toString(2).length));
const trailing = (width: number, x: bigint): bigint => {
  let n = 0;
  while (n < width && bit(x, n) === 0n) n++;
  return BigInt(n);
};
const ones = (x: bigint): bigint => BigInt(x.toString(2).replaceAll('0', '').length);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const xor = (...terms: readonly bigint[]): bigint => terms.reduce((a, b) => a ^ b);

type Model = (a: bigint, b: bigint) => bigint;

/** rd from rs1 and rs2, or the immediate; both unsigned. */
const models: Readonly<Record<string, Model>> = {
  sh1add: (a, b) => u64(b + (a << 1n)),
  sh2add: (a, b) => u64(b + (a << 2n)),
  sh3add: (a, b) => u64(b + (a << 3n)),
  'sh1add.uw': (a, b) => u64(b + (zext(32, a) << 1n)),
  'sh2add.uw': (a, b) => u64(b + (zext(32, a) << 2n)),
  'sh3add.uw': (a, b) => u64(b + (zext(32, a) << 3n)),
  'add.uw': (a, b) => u64(b + zext(32, a)),
  'slli.uw': (a, b) => u64(zext(32, a) << b),

  andn: (a, b) => a & u64(~b),
  orn: (a, b) => a | u64(~b),
  xnor: (a, b) => u64(~(a ^ b)),
  clz: (a) => leading(64, a),
  clzw: (a) => leading(32, a),
  ctz: (a) => trailing(64, a),
  ctzw: (a) => trailing(32, a),
  cpop: (a) => ones(a),
  cpopw: (a) => ones(zext(32, a)),
  max: (a, b) => u64(larger(s64(a), s64(b))),
  maxu: larger,
  min: (a, b) => u64(smaller(s64(a), s64(b))),
  minu: smaller,
  'sext.b': (a) => sext(8, a),
  'sext.h': (a) => sext(16, a),
  'zext.h': (a) => zext(16, a),
  rol: (a, b) => rotateLeft(64, a, shamt(b)),
  ror: (a, b) => rotateRight(64, a, shamt(b)),
  rori: (a, b) => rotateRight(64, a, b),
  rolw: (a, b) => sext(32, rotateLeft(32, a, b & 31n)),
  rorw: (a, b) => sext(32, rotateRight(32, a, b & 31n)),
  roriw: (a, b) => sext(32, rotateRight(32, a, b)),
  'orc.b': (a) => groups(8, (i) => (group(a, 8, i) === 0n ? 0n : 0xffn)),
  rev8: (a) => groups(8, (i) => group(a, 8, 7 - i)),

  bclr: (a, b) => a & u64(~one(b)),
  bclri: (a, b) => a & u64(~one(b)),
  bext: (a, b) => bit(a, Number(shamt(b))),
  bexti: (a, b) => bit(a, Number(b)),
  binv: (a, b) => a ^ one(b),
  binvi: (a, b) => a ^ one(b),
  bset: (a, b) => a | one(b),
  bseti: (a, b) => a | one(b),

  clmul: (a, b) => u64(carryLess(a, b)),
  clmulh: (a, b) => carryLess(a, b) >> 64n,
  clmulr: (a, b) => u64(carryLess(a, b) >> 63n),

  pack: (a, b) => zext(32, a) | (zext(32, b) << 32n),
  packh: (a, b) => zext(8, a) | (zext(8, b) << 8n),
  packw: (a, b) => sext(32, zext(16, a) | (zext(16, b) << 16n)),
  brev8: (a) => groups(1, (i) => bit(a, (i & ~7) + 7 - (i & 7))),
  xperm4: (a, b) => groups(4, (i) => group(a, 4, Number(group(b, 4, i)))),
  xperm8: (a, b) =>
    groups(8, (i) => (group(b, 8, i) < 8n ? group(a, 8, Number(group(b, 8, i))) : 0n)),

  sha256sum0: (a) => sext(32, xor(...[2n, 13n, 22n].map((n) => rotateRight(32, a, n)))),
  sha256sum1: (a) => sext(32, xor(...[6n, 11n, 25n].map((n) => rotateRight(32, a, n)))),
  sha256sig0: (a) =>
    sext(32, xor(rotateRight(32, a, 7n), rotateRight(32, a, 18n), zext(32, a) >> 3n)),
  sha256sig1: (a) =>
    sext(32, xor(rotateRight(32, a, 17n), rotateRight(32, a, 19n), zext(32, a) >> 10n)),
  sha512sum0: (a) => xor(...[28n, 34n, 39n].map((n) => rotateRight(64, a, n))),
  sha512sum1: (a) => xor(...[14n, 18n, 41n].map((n) => rotateRight(64, a, n))),
  sha512sig0: (a) => xor(rotateRight(64, a, 1n), rotateRight(64, a, 8n), a >> 7n),
  sha512sig1: (a) => xor(rotateRight(64, a, 19n), rotateRight(64, a, 61n), a >> 6n),
  sm3p0: (a) => sext(32, xor(zext(32, a), rotateLeft(32, a, 9n), rotateLeft(32, a, 17n))),
  sm3p1: (a) => sext(32, xor(zext(32, a), rotateLeft(32, a, 15n), rotateLeft(32, a, 23n))),
  aes64ks2: (a, b) => {
    const low = (a >> 32n) ^ zext(32, b);
    return low | ((low ^ (b >> 32n)) << 32n);
  },

  'czero.eqz': (a, b) => (b === 0n ? 0n : a),
  'czero.nez': (a, b) => (b === 0n ? a : 0n),
  ...Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`mop.r.${i}`, () => 0n])),
  ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`mop.rr.${i}`, () => 0n])),
};

/** rd' from itself and rs2'. */
const compressed: Readonly<Record<string, Model>> = {
  'c.zext.b': (a) => zext(8, a),
  'c.sext.b': (a) => sext(8, a),
  'c.zext.h': (a) => zext(16, a),
  'c.sext.h': (a) => sext(16, a),
  'c.zext.w': (a) => zext(32, a),
  'c.not': (a) => u64(~a),
  'c.mul': (a, b) => u64(a * b),
};

const nothing = [
  ...['pause', 'ntl.p1', 'ntl.pall', 'ntl.s1', 'ntl.all', 'prefetch.i', 'prefetch.r', 'prefetch.w'],
  ...['c.ntl.p1', 'c.ntl.pall', 'c.ntl.s1', 'c.ntl.all'],
  ...[1, 3, 5, 7, 9, 11, 13, 15].map((n) => `c.mop.${n}`),
];

const rounds = 200;
const machine = rig('nop', { isa: everything });
const { hart, memory } = machine;
const data = ramBase + 0x10_0000;

/** Executes one instruction with the registers that are given. */
function execute(mnemonic: string, values: Values, registers: Readonly<Record<number, bigint>>) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, encode(mnemonic, values), true);
  memory.load(ramBase, bytes);
  hart.pc = BigInt(ramBase);
  for (const [register, value] of Object.entries(registers)) hart.setX(Number(register), value);
  return hart.run(1).retired;
}

const hex = (x: bigint): string => `0x${x.toString(16)}`;

describe('core/isa/riscv/integer extensions', () => {
  it('compute what their models do', () => {
    const random = new Random(3);
    for (const [mnemonic, model] of Object.entries(models)) {
      const row = allRows.find((r) => r.mnemonic === mnemonic)!;
      const immediate = row.pattern.includes('shamt');
      for (let i = 0; i < rounds; i++) {
        const [a, b] = [random.operand(), random.chance(0.1) ? 0n : random.operand()];
        const amount = random.below(row.pattern.includes('shamt[4:0]') ? 32 : 64);
        const values = { rd: 12, rs1: 10, rs2: 11, shamt: amount };
        assert.equal(execute(mnemonic, values, { 10: a, 11: b }), 1, mnemonic);
        const expected = model(a, immediate ? BigInt(amount) : b);
        assert.equal(
          hex(hart.getX(12)),
          hex(expected),
          `${mnemonic} ${hex(a)} ${hex(b)} ${amount}`,
        );
      }
    }
  });

  it('compute what their models do when source and destination are one register', () => {
    const random = new Random(4);
    for (const mnemonic of ['clmul', 'xperm8', 'rolw', 'max', 'czero.eqz', 'sha512sig0', 'rev8']) {
      const a = random.bits64();
      execute(mnemonic, { rd: 10, rs1: 10, rs2: 10 }, { 10: a });
      assert.equal(hart.getX(10), models[mnemonic]!(a, a), mnemonic);
    }
  });

  it('compute what their models do, compressed', () => {
    const random = new Random(5);
    for (const [mnemonic, model] of Object.entries(compressed)) {
      for (let i = 0; i < rounds; i++) {
        const [a, b] = [random.operand(), random.operand()];
        const values = { "rd'": 9, "rs2'": 14 };
        assert.equal(execute(mnemonic, values, { 9: a, 14: b }), 1, mnemonic);
        assert.equal(hex(hart.getX(9)), hex(model(a, b)), `${mnemonic} ${hex(a)} ${hex(b)}`);
        assert.equal(hart.pc, BigInt(ramBase + 2));
      }
    }
  });

  it('change nothing when they are hints or compressed may-be-operations', () => {
    const registers = Object.fromEntries(Array.from({ length: 31 }, (_, i) => [i + 1, BigInt(i)]));
    for (const mnemonic of nothing) {
      assert.equal(execute(mnemonic, { rs1: 10, imm: 32 }, registers), 1, mnemonic);
      for (let i = 1; i < 32; i++) assert.equal(hart.getX(i), BigInt(i - 1), mnemonic);
      assert.equal(hart.pc, BigInt(ramBase + (mnemonic.startsWith('c.') ? 2 : 4)), mnemonic);
    }
  });
});

describe('core/isa/riscv/Zcb loads and stores', () => {
  const loads: Readonly<Record<string, readonly [bytes: number, signed: boolean]>> = {
    'c.lbu': [1, false],
    'c.lhu': [2, false],
    'c.lh': [2, true],
  };

  it('load what is there', () => {
    const random = new Random(6);
    for (const [mnemonic, [bytes, signed]] of Object.entries(loads)) {
      for (let i = 0; i < rounds; i++) {
        const [word, uimm] = [random.bits64(), bytes === 1 ? random.below(4) : random.below(2) * 2];
        memory.write64(data, word);
        execute(mnemonic, { "rs1'": 8, "rd'": 9, uimm }, { 8: BigInt(data) });
        const raw = zext(bytes * 8, word >> BigInt(uimm * 8));
        assert.equal(hex(hart.getX(9)), hex(signed ? sext(bytes * 8, raw) : raw), mnemonic);
      }
    }
  });

  it('store the low part and leave the rest', () => {
    const random = new Random(7);
    for (const [mnemonic, bytes] of Object.entries({ 'c.sb': 1, 'c.sh': 2 })) {
      for (let i = 0; i < rounds; i++) {
        const [word, source] = [random.bits64(), random.bits64()];
        const uimm = bytes === 1 ? random.below(4) : random.below(2) * 2;
        memory.write64(data, word);
        execute(mnemonic, { "rs1'": 8, "rs2'": 9, uimm }, { 8: BigInt(data), 9: source });
        const mask = (zext(bytes * 8, -1n) << BigInt(uimm * 8)) as bigint;
        const stored = zext(bytes * 8, source) << BigInt(uimm * 8);
        assert.equal(hex(memory.read64(data)), hex((word & u64(~mask)) | stored), mnemonic);
      }
    }
  });
});

describe('core/isa/riscv/Zacas and Zabha', () => {
  const widths = { b: 8, h: 16, w: 32, d: 64 } as const;
  type Operation = (old: bigint, source: bigint, bits: number) => bigint;
  const signed =
    (f: Model): Operation =>
    (old, source, bits) =>
      f(BigInt.asIntN(bits, old), BigInt.asIntN(bits, source));
  const operations: Readonly<Record<string, Operation>> = {
    amoswap: (_old, source) => source,
    amoadd: (old, source) => old + source,
    amoxor: (old, source) => old ^ source,
    amoand: (old, source) => old & source,
    amoor: (old, source) => old | source,
    amomin: signed(smaller),
    amomax: signed(larger),
    amominu: smaller,
    amomaxu: larger,
  };

  /** The doubleword with `bits` of it replaced at a byte. */
  const replaced = (word: bigint, bits: number, at: number, value: bigint): bigint => {
    const mask = zext(bits, -1n) << BigInt(at * 8);
    return (word & u64(~mask)) | (zext(bits, value) << BigInt(at * 8));
  };

  it('read, modify and write bytes and halfwords', () => {
    const random = new Random(8);
    for (const [name, operation] of Object.entries(operations)) {
      for (const width of ['b', 'h'] as const) {
        const bits = widths[width];
        for (let i = 0; i < rounds; i++) {
          const [word, source] = [random.operand(), random.operand()];
          const at = random.below(64 / bits) * (bits / 8);
          memory.write64(data, word);
          const registers = { 10: BigInt(data + at), 11: source };
          execute(`${name}.${width}`, { rd: 12, rs1: 10, rs2: 11 }, registers);
          const old = zext(bits, word >> BigInt(at * 8));
          const written = operation(old, zext(bits, source), bits);
          assert.equal(hex(hart.getX(12)), hex(sext(bits, old)), `${name}.${width}`);
          assert.equal(hex(memory.read64(data)), hex(replaced(word, bits, at, written)));
        }
      }
    }
  });

  it('compare with rd and swap when it is equal at the width', () => {
    const random = new Random(9);
    for (const [width, bits] of Object.entries(widths)) {
      for (let i = 0; i < rounds; i++) {
        const [word, swap] = [random.operand(), random.operand()];
        const at = random.below(64 / bits) * (bits / 8);
        const old = zext(bits, word >> BigInt(at * 8));
        // Equal, equal but for bits that do not count, or different.
        const above = zext(64 - bits, random.bits64()) << BigInt(bits);
        const compare = random.pick([old, old | above, random.operand()]);
        const rd = random.chance(0.1) ? 0 : 12;
        memory.write64(data, word);
        const registers = { 10: BigInt(data + at), 11: swap, 12: compare };
        execute(`amocas.${width}`, { rd, rs1: 10, rs2: 11 }, registers);
        const equal = zext(bits, rd === 0 ? 0n : compare) === old;
        const left = equal ? replaced(word, bits, at, swap) : word;
        assert.equal(hex(memory.read64(data)), hex(left), `amocas.${width}`);
        if (rd !== 0) assert.equal(hex(hart.getX(12)), hex(sext(bits, old)));
        else assert.equal(hart.getX(0), 0n);
      }
    }
  });

  it('compare and swap pairs of registers', () => {
    const random = new Random(10);
    for (let i = 0; i < rounds; i++) {
      const words = [random.operand(), random.operand()];
      const swap = [random.operand(), random.operand()];
      const [rd, rs2] = [random.pick([0, 12]), random.pick([0, 14])];
      if (rd === 0 && random.chance(0.5)) words.fill(0n);
      const compare = words.map((w) => (random.chance(0.8) ? w : random.operand()));
      words.forEach((w, at) => memory.write64(data + at * 8, w));
      hart.setX(1, 77n);
      const registers = {
        10: BigInt(data),
        12: compare[0]!,
        13: compare[1]!,
        14: swap[0]!,
        15: swap[1]!,
      };
      execute('amocas.q', { rd, rs1: 10, rs2 }, registers);
      const equal = words.every((w, at) => w === (rd === 0 ? 0n : compare[at]));
      const left = equal ? (rs2 === 0 ? [0n, 0n] : swap) : words;
      assert.deepEqual([memory.read64(data), memory.read64(data + 8)], left);
      if (rd !== 0) assert.deepEqual([hart.getX(12), hart.getX(13)], words);
      assert.equal(hart.getX(1), 77n);
    }
  });

  it('trap where the address is not a multiple of the size, and change nothing', () => {
    for (const [mnemonic, size] of Object.entries({
      'amoadd.h': 2,
      'amocas.w': 4,
      'amocas.q': 16,
    })) {
      memory.write64(data, 5n);
      const address = BigInt(data + size / 2);
      assert.equal(execute(mnemonic, { rd: 12, rs1: 10, rs2: 14 }, { 10: address, 12: 5n }), 0);
      assert.equal(machine.csr('mcause'), 6n, mnemonic);
      assert.equal(machine.csr('mtval'), address);
      assert.equal(hart.getX(12), 5n);
      assert.equal(memory.read64(data), 5n);
    }
  });

  it('have no byte that is not aligned', () => {
    memory.write64(data, 0n);
    assert.equal(
      execute('amoadd.b', { rd: 12, rs1: 10, rs2: 11 }, { 10: BigInt(data + 3), 11: 9n }),
      1,
    );
    assert.equal(memory.read64(data), 9n << 24n);
  });

  it('trap on devices and on memory that is only read', () => {
    for (const mnemonic of ['amocas.q', 'amocas.d', 'amoswap.b']) {
      for (const address of [0x1000n, 0x1000_0000n]) {
        assert.equal(execute(mnemonic, { rd: 12, rs1: 10, rs2: 14 }, { 10: address }), 0);
        assert.equal(machine.csr('mcause'), 7n, mnemonic);
        assert.equal(machine.csr('mtval'), address);
      }
    }
  });
});
