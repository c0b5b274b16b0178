/**
 * What is peculiar to registers of 32 bits: sentences of the unprivileged manual, chapter RV32I and
 * those of the extensions. That everything else means the same is shown by riscv-tests and by
 * differential testing.
 */
import assert from 'node:assert/strict';
import { disassemble } from '../../../../src/core/isa/riscv/disassemble.ts';
import { encode } from '../../../differential/encode.ts';
import { Random } from '../../../differential/random.ts';
import { ramBase, rig, type Rig } from './rig.ts';

const isa = 'rv32imafdc_zba_zbb_zbc_zbs';

/** The registers a0 … that the program leaves, each instruction of which retires. */
function results(source: string, count: number, names: readonly string[]): string[] {
  const { step, x } = rig(source, { isa });
  step(count);
  return names.map((name) => x(name).toString(16));
}

describe('core/isa/riscv/rv32', () => {
  it('arithmetic wraps at 32 bits, comparisons are those of 32 bits', () => {
    const source = `
      lui a0, 0x80000
      addi a1, a0, -1
      sltu a2, a1, a0
      slt a3, a0, a1
      add a4, a0, a0
      srli a5, a0, 4
      srai a6, a0, 4
      sub a7, zero, a0`;
    const names = ['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7'];
    const expected = ['80000000', '7fffffff', '1', '1', '0', '8000000', 'f8000000', '80000000'];
    assert.deepEqual(results(source, 8, names), expected);
  });

  // "SLL, SRL, and SRA perform logical left, logical right, and arithmetic right shifts on the value
  // in register rs1 by the shift amount held in the lower 5 bits of register rs2."
  it('of a shift amount five bits count', () => {
    const source = `
      li a0, 33
      lui a1, 0x80000
      srl a2, a1, a0
      sra a3, a1, a0
      sll a4, a0, a0`;
    assert.deepEqual(results(source, 5, ['a2', 'a3', 'a4']), ['40000000', 'c0000000', '42']);
  });

  it('an immediate shift amount of six bits is illegal', () => {
    for (const word of [0x0205_1513, 0x0205_5513, 0x4205_5513]) {
      const { hart, memory, csr } = rig('', { isa });
      memory.load(0x8000_0000, new Uint8Array(Uint32Array.of(word).buffer));
      assert.equal(hart.run(1).retired, 0);
      assert.equal(csr('mcause'), 2n);
    }
  });

  it('high halves of products and the corner cases of division', () => {
    const source = `
      lui a0, 0x80000
      li a1, -1
      mulh a2, a0, a1
      mulhu a3, a0, a1
      mulhsu a4, a0, a1
      div a5, a0, a1
      rem a6, a0, a1
      divu a7, a0, zero
      remu t0, a0, zero
      divu t1, a1, a0`;
    const names = ['a2', 'a3', 'a4', 'a5', 'a6', 'a7', 't0', 't1'];
    const expected = ['0', '7fffffff', '80000000', '80000000', '0', 'ffffffff', '80000000', '1'];
    assert.deepEqual(results(source, 10, names), expected);
  });

  it('addresses are 32 bits: what is added to them wraps', () => {
    const { memory, step, x, hart } = rig(
      `lui a0, 0x80001
       lw a1, -2048(a0)
       lui a2, 0xfffff
       sub a2, a0, a2
       jr 8(a2)`,
      { isa },
    );
    memory.load(0x8000_0800, Uint8Array.of(0x78, 0x56, 0x34, 0xf2));
    step(5);
    assert.equal(x('a1'), 0xf234_5678n);
    assert.equal(x('a2'), 0x8000_2000n);
    assert.equal(hart.pc, 0x8000_2008n);
  });

  it('instructions of RV64 alone are illegal', () => {
    // addiw, ld, sd, lwu, addw, mulw, amoadd.d, lr.d, c.ld
    const words = [0x0015_051b, 0x0005_3503, 0x00a5_3023, 0x0005_6503, 0x00b5_053b, 0x02b5_053b];
    for (const word of [...words, 0x00b5_352f, 0x1005_352f]) {
      const { hart, memory, csr } = rig('', { isa });
      memory.load(0x8000_0000, new Uint8Array(Uint32Array.of(word).buffer));
      assert.equal(hart.run(1).retired, 0, word.toString(16));
      assert.equal(csr('mcause'), 2n, word.toString(16));
    }
  });

  it('c.jal stands where RV64 has c.addiw', () => {
    const { step, x, hart } = rig('c.jal target\n.balign 64\ntarget: nop', { isa });
    step(1);
    assert.equal(hart.pc, 0x8000_0040n);
    assert.equal(x('ra'), 0x8000_0002n);
  });

  // Zbkb: "zip: rd[2*i] = rs1[i], rd[2*i+1] = rs1[i+16]"; unzip is the inverse.
  it('zip interleaves the halves of a word, and unzip takes them apart', () => {
    const { hart, memory, step, x } = rig('', { isa: 'rv32i_zbkb' });
    const words = ['zip', 'unzip'].map((name) => encode(name, { rd: 11, rs1: 10 }, 32));
    const random = new Random(5);
    for (const word of [0x0000_ffff, 0x8000_0001, random.bits32(), random.bits32()]) {
      const value = BigInt(word >>> 0);
      const bit = (i: number): bigint => (value >> BigInt(i)) & 1n;
      let [zipped, unzipped] = [0n, 0n];
      for (let i = 0; i < 16; i++) {
        zipped |= (bit(i) << BigInt(2 * i)) | (bit(i + 16) << BigInt(2 * i + 1));
        unzipped |= (bit(2 * i) << BigInt(i)) | (bit(2 * i + 1) << BigInt(i + 16));
      }
      for (const [i, expected] of [zipped, unzipped].entries()) {
        memory.load(ramBase, new Uint8Array(Uint32Array.of(words[i]!).buffer));
        hart.pc = BigInt(ramBase);
        hart.setX(10, value);
        step(1);
        assert.equal(x('a1'), expected);
      }
    }
  });

  // Zacas: "compares the loaded value to a 64-bit value held in a register pair".
  it('amocas.d compares and swaps a pair of registers', () => {
    const run = (expected: bigint, rd = 10): Rig => {
      const r = rig('', { isa: 'rv32ia_zacas' });
      const word = encode('amocas.d', { rd, rs2: 12, rs1: 14 }, 32);
      r.memory.load(ramBase, new Uint8Array(Uint32Array.of(word).buffer));
      r.memory.load(ramBase + 64, new Uint8Array(BigUint64Array.of(0x89ab_cdef_0123_4567n).buffer));
      r.hart.setX(10, expected & 0xffff_ffffn);
      r.hart.setX(11, expected >> 32n);
      r.hart.setX(12, 0xffff_fff1n);
      r.hart.setX(13, 0xffff_fff2n);
      r.hart.setX(14, BigInt(ramBase + 64));
      r.step(1);
      return r;
    };
    const memoryOf = ({ memory }: Rig): string =>
      [4, 0].map((at) => (memory.read32(ramBase + 64 + at) >>> 0).toString(16)).join('_');
    const swapped = run(0x89ab_cdef_0123_4567n);
    assert.equal(memoryOf(swapped), 'fffffff2_fffffff1');
    assert.deepEqual([swapped.x('a0'), swapped.x('a1')], [0x0123_4567n, 0x89ab_cdefn]);
    const other = run(0x89ab_cdee_0123_4567n);
    assert.equal(memoryOf(other), '89abcdef_1234567');
    assert.deepEqual([other.x('a0'), other.x('a1')], [0x0123_4567n, 0x89ab_cdefn]);
    // "When the first register of a destination register pair is x0 … neither … is written."
    const discarded = run(0n, 0);
    assert.equal(memoryOf(discarded), '89abcdef_1234567');
    assert.equal(discarded.x('ra'), 0n);
  });

  it('fmvp.d.x and fmvh.x.d move a double through two registers', () => {
    const { hart, memory, step, x, setCsr } = rig('', { isa: 'rv32gc_zfa' });
    // riscv-opcodes, rv32_d_zfa.
    const words = [0xb2b5_0553, 0xe215_0653, 0xe005_06d3];
    assert.deepEqual(
      words.map((w) => disassemble(new Uint8Array(Uint32Array.of(w).buffer), 0n, 32).text),
      ['fmvp.d.x fa0, a0, a1', 'fmvh.x.d a2, fa0', 'fmv.x.w a3, fa0'],
    );
    memory.load(ramBase, new Uint8Array(Uint32Array.from(words).buffer));
    setCsr('mstatus', 0x2000n);
    hart.setX(10, 0x9234_5678n);
    hart.setX(11, 0x8bad_f00dn);
    step(3);
    assert.equal(x('fa0'), 0x8bad_f00d_9234_5678n);
    assert.deepEqual([x('a2'), x('a3')], [0x8bad_f00dn, 0x9234_5678n]);
  });

  it('compressed loads and stores of singles stand where RV64 has those of doublewords', () => {
    const source = `.option arch, +f
      la a0, value
      c.flw fa0, 0(a0)
      c.fsw fa0, 4(a0)
      lw a1, 4(a0)
      .balign 8
      value: .word 0xc0490fdb, 0`;
    const { step, x, setCsr } = rig(source, { isa: 'rv32imafc' });
    setCsr('mstatus', 0x2000n);
    step(5);
    assert.equal(x('a1'), 0xc049_0fdbn);
    assert.equal(x('fa0'), 0xffff_ffff_c049_0fdbn);
  });

  // RV32I: "the address space wraps around", so that what follows the last address is address 0.
  it('fetches, loads and stores go on at 0 behind the last address', () => {
    const { hart, memory, x, csr, setCsr, step } = rig('', { isa });
    // Pages for the first and the last 4 KiB of the address space (Sv32, V R W X A D).
    const [root, low, high, first, last] = [1, 2, 3, 4, 5].map((page) => ramBase + page * 4096);
    const entry = (table: number, index: number, target: number, bits: number): void =>
      memory.write32(table + index * 4, (((target >>> 12) << 10) | bits) >>> 0);
    entry(root!, 0, low!, 1);
    entry(root!, 1023, high!, 1);
    entry(low!, 0, first!, 0xcf);
    entry(high!, 1023, last!, 0xcf);
    const wide = encode('addi', { rd: 10, rs1: 0, imm: 7 }, 32);
    memory.load(last! + 4092, Uint8Array.of(0x01, 0x00, wide & 0xff, (wide >> 8) & 0xff));
    const lw = encode('lw', { rd: 11, rs1: 0, imm: -2 }, 32);
    const sw = encode('sw', { rs2: 10, rs1: 0, imm: -1 }, 32);
    const back = encode('jal', { rd: 0, imm: -14 }, 32);
    const code = new DataView(new ArrayBuffer(14));
    code.setUint16(0, wide >>> 16, true);
    [lw, sw, back].forEach((word, i) => code.setUint32(2 + i * 4, word, true));
    memory.load(first!, new Uint8Array(code.buffer));
    setCsr('pmpaddr0', 0xffff_ffffn);
    setCsr('pmpcfg0', 0x1fn);
    setCsr('satp', BigInt((0x8000_0000 | (root! >>> 12)) >>> 0));
    hart.privilege = 1;
    hart.pc = 0xffff_fffcn;
    step(2);
    assert.deepEqual([hart.pc, x('a0')], [2n, 7n]);
    step(1);
    // Two bytes from either end.
    const bytes = [wide & 0xff, (wide >> 8) & 0xff, (wide >> 16) & 0xff, wide >>> 24];
    assert.deepEqual(
      x('a1'),
      BigInt(Uint32Array.from(bytes).reduce((v, b, i) => v + b * 256 ** i, 0)),
    );
    step(1);
    assert.deepEqual([...memory.view8(first!, 3)!], [0, 0, 0]);
    assert.equal(memory.view8(last! + 4095, 1)![0], 7);
    step(1);
    // From 10 to 14 before it.
    assert.equal(hart.pc, 0xffff_fffcn);
    assert.equal(csr('mcause'), 0n);
  });

  it('a debugger finds nothing above the address space', () => {
    const { hart } = rig('', { isa });
    assert.equal(hart.debugTranslate(0x8000_0004n, 'virtual', 'load'), 0x8000_0004);
    for (const stage of ['virtual', 'first'] as const)
      assert.equal(hart.debugTranslate(0x1_8000_0004n, stage, 'load'), undefined);
  });

  it('misa says so', () => {
    assert.equal(rig('', { isa }).csr('misa') >> 30n, 1n);
  });
});
