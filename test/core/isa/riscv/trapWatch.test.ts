import assert from 'node:assert/strict';
import { rig, ramBase } from './rig.ts';

/** G-stage off; the VS-stage's Sv39 root has one gigapage at 0x8000_0000, with flags of the test's. */
function refused(flags: bigint, supervisor: boolean): string {
  const r = rig('hlv.d a0, (a1)');
  const root = ramBase + 0x10000;
  r.memory.write64(root + 2 * 8, ((BigInt(ramBase) >> 12n) << 10n) | flags);
  r.setCsr('vsatp', (8n << 60n) | (BigInt(root) >> 12n));
  r.setCsr('hstatus', supervisor ? 1n << 8n : 0n);
  r.setCsr('pmpaddr0', (1n << 54n) - 1n);
  r.setCsr('pmpcfg0', 0x1fn);
  r.hart.setX(11, BigInt(ramBase));
  r.hart.privilege = 1;
  r.hart.setTrapStops([{ kind: 'page-fault' }]);
  r.hart.run(1);
  return r.hart.takeTrapHit()?.text ?? '';
}

const [V, R, X, U, A, D] = [1n, 2n, 8n, 16n, 64n, 128n];

describe('core/isa/riscv/trapWatch', () => {
  it('a virtual-machine load is explained with the privilege that hstatus.SPVP says', () => {
    const others = V | A | D;
    assert.match(refused(others | X, true), /R \(bit 1\) is 0/);
    assert.match(refused(others | X | U, false), /R \(bit 1\) is 0/);
    assert.match(refused(others | R, false), /U \(bit 4\) is 0: the page is not for user mode/);
    assert.match(refused(others | R | U, true), /U \(bit 4\) is 1, and vsstatus\.SUM is 0/);
  });
});
