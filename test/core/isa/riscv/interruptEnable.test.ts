import assert from 'node:assert/strict';
import { CSR } from '../../../../src/core/isa/riscv/csr/numbers.ts';
import { rig } from './rig.ts';

const all = 0xffff_ffff_ffff_ffffn;
const virtualSupervisor = 0x444n;

describe('interrupts for VS-mode', () => {
  it('are fields of mie with the hypervisor extension and read-only zero without', () => {
    for (const [isa, expected] of [
      ['rv64imach', virtualSupervisor],
      ['rv64imac', 0n],
    ] as const) {
      const hart = rig('nop', { isa }).harts[0]!;
      hart.setCsr(CSR.mie, all);
      assert.equal(hart.getCsr(CSR.mie) & virtualSupervisor, expected, isa);
      assert.equal(hart.getCsr(CSR.mie) & ~virtualSupervisor, 0xaaan, isa);
      assert.equal(hart.getCsr(CSR.mideleg) & virtualSupervisor, expected, isa);
    }
  });
});
