/** Unprivileged manual, RV32I control transfer instructions, with IALIGN=32. */
import assert from 'node:assert/strict';
import { encode } from '../../../differential/encode.ts';
import { ramBase, rig } from './rig.ts';

const start = BigInt(ramBase + 0x100);

function jump(isa: string, mnemonic: string, values: Readonly<Record<string, number>>) {
  const r = rig('', { isa });
  const word = encode(mnemonic, values, isa.startsWith('rv32') ? 32 : 64);
  r.memory.load(Number(start), Uint8Array.of(word, word >>> 8, word >>> 16, word >>> 24));
  r.setCsr('mtvec', BigInt(ramBase + 0x1000));
  r.hart.pc = start;
  r.hart.setX(1, 7n);
  r.hart.setX(2, start + 0x20n);
  r.hart.setX(3, (1n << BigInt(r.hart.xlen)) - 1n);
  const { retired } = r.hart.run(1);
  const { pc } = r.hart;
  const taken = { retired, to: pc - start, link: r.hart.getX(1) - start };
  return retired === 1
    ? taken
    : { retired, cause: r.csr('mcause'), tval: r.csr('mtval') - start, epc: r.csr('mepc') - start };
}

describe('core/isa/riscv/alignedJumps', () => {
  for (const xlen of ['rv32', 'rv64']) {
    const untouched = 7n - start;
    const misaligned = (tval: bigint) => ({ retired: 0, cause: 0n, tval, epc: 0n });

    it(`${xlen}: a jump to half of a word traps on the jump, which writes nothing`, () => {
      const isa = `${xlen}im`;
      assert.deepEqual(jump(isa, 'jal', { rd: 1, imm: 0x12 }), misaligned(0x12n));
      assert.deepEqual(jump(isa, 'jalr', { rd: 1, rs1: 2, imm: 2 }), misaligned(0x22n));
      // Bit 0 of JALR's target is cleared first.
      assert.deepEqual(jump(isa, 'jalr', { rd: 1, rs1: 2, imm: 3 }), misaligned(0x22n));
      assert.deepEqual(jump(isa, 'jalr', { rd: 1, rs1: 2, imm: 5 }), {
        ...{ retired: 1, to: 0x24n, link: 4n },
      });
      assert.deepEqual(jump(isa, 'jal', { rd: 1, imm: 0x10 }), { retired: 1, to: 0x10n, link: 4n });
    });

    it(`${xlen}: a branch traps when it is taken`, () => {
      // x3 is -1, x0 0: what each branch makes of the pair and of its reverse.
      for (const [mnemonic, forward, backward] of [
        ['beq', false, false],
        ['bne', true, true],
        ['blt', true, false],
        ['bge', false, true],
        ['bltu', false, true],
        ['bgeu', true, false],
      ] as const) {
        for (const [rs1, rs2, isTaken] of [
          [3, 0, forward],
          [0, 3, backward],
        ] as const) {
          const result = jump(`${xlen}im`, mnemonic, { rs1, rs2, imm: -6 });
          const expected = isTaken ? misaligned(-6n) : { retired: 1, to: 4n, link: untouched };
          assert.deepEqual(result, expected, `${mnemonic} ${rs1}, ${rs2}`);
        }
      }
      const equal = jump(`${xlen}im`, 'bge', { rs1: 3, rs2: 3, imm: 0x12 });
      assert.deepEqual(equal, misaligned(0x12n));
    });

    it(`${xlen}: with 16-bit instructions no jump traps`, () => {
      for (const isa of [`${xlen}imc`, `${xlen}im_zca`]) {
        const there = { retired: 1, to: 0x22n, link: 4n };
        assert.deepEqual(jump(isa, 'jalr', { rd: 1, rs1: 2, imm: 2 }), there);
        assert.deepEqual(jump(isa, 'jal', { rd: 1, imm: 0x22 }), there);
      }
    });
  }
});
