/** Which control registers are copies of each other at several levels. */
import assert from 'node:assert/strict';
import { csrTable } from '../../../../../src/core/isa/riscv/csr/table.ts';

describe('copies of a CSR at several levels', () => {
  const copiesOf = (name: string, xlen: 32 | 64 = 64) => {
    const rows = csrTable(xlen);
    const counterpart = rows.find((row) => row.name === name)?.counterpart;
    assert.ok(counterpart !== undefined, name);
    return rows.filter((row) => row.counterpart === counterpart).map((row) => row.name);
  };
  const check = (names: string, xlen?: 32 | 64): void => {
    for (const name of names.split(' ')) {
      assert.deepEqual(copiesOf(name, xlen).sort(), names.split(' ').sort());
    }
  };

  it('are those that the hypervisor extension names as such', () => {
    // Privileged manual, VS CSRs: each “is VS-mode's version of” a supervisor register.
    check('mstatus hstatus sstatus vsstatus');
    check('mie hie sie vsie');
    check('mtvec stvec vstvec');
    check('mscratch sscratch vsscratch');
    check('mepc sepc vsepc');
    check('mcause scause vscause');
    check('mtval htval stval vstval');
    check('satp vsatp hgatp');
  });

  it('upper halves are copies of upper halves', () => {
    check('medelegh hedelegh', 32);
    check('stimecmph vstimecmph', 32);
  });
});
