/**
 * What is peculiar to registers of 32 bits: sentences of the unprivileged manual, chapter RV32I and
 * those of the extensions. That everything else means the same is shown by riscv-tests and by
 * differential testing.
 */
import assert from 'node:assert/strict';
import { rig } from './rig.ts';

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

  it('misa says so', () => {
    assert.equal(rig('', { isa }).csr('misa') >> 30n, 1n);
  });
});
