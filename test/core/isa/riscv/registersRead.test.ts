/** What instructions read, by the formats of the unprivileged manual; encodings by the assembler. */
import assert from 'node:assert/strict';
import { riscvIsa } from '../../../../src/core/isa/riscv/riscv.ts';
import { machineCode } from './gnuAssembler.ts';

describe('isa/riscv/registersRead', () => {
  for (const [text, expected, mode = 'HS-mode'] of [
    ['addi a0, a1, 5', ['a1']],
    ['add a0, a1, a2', ['a1', 'a2']],
    ['sd s1, 8(sp)', ['sp', 's1']],
    ['ld s1, 8(sp)', ['sp']],
    ['lui a0, 5', []],
    ['jal ra, .', []],
    ['jalr ra, 4(t0)', ['t0']],
    ['beq a3, a4, .', ['a3', 'a4']],
    ['amoadd.d a0, a1, (a2)', ['a2', 'a1']],
    ['fmadd.d fa0, fa1, fa2, fa3', ['fa1', 'fa2', 'fa3']],
    ['fcvt.d.l fa0, a1', ['a1']],
    ['fsd fs1, 0(a0)', ['a0', 'fs1']],
    ['c.addi a0, 1', ['a0']],
    ['c.sdsp s0, 8(sp)', ['sp', 's0']],
    ['c.mv a0, a1', ['zero', 'a1']],
    ['csrr a0, satp', ['zero', 'satp']],
    ['csrr a0, satp', ['zero', 'vsatp'], 'VS-mode'],
    ['csrr a0, time', ['zero', 'time'], 'VS-mode'],
    ['csrw sepc, a1', ['a1']],
    ['csrrw a0, sscratch, a1', ['a1', 'sscratch']],
    ['csrs sstatus, a1', ['a1', 'sstatus']],
    ['csrwi sscratch, 3', []],
    ['csrrsi a0, sstatus, 2', ['sstatus']],
    ['mret', []],
  ] as const) {
    it(`${text} in ${mode}: ${expected.join(', ') || 'nothing'}`, () => {
      const bytes = machineCode([text.startsWith('c.') ? text : `.option norvc\n${text}`]);
      assert.deepEqual(riscvIsa(64).registersRead?.(bytes, mode), expected);
    });
  }
});
