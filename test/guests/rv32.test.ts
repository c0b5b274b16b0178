/**
 * A supervisor of RV32 under our hypervisor. It checks itself, and ends in the same way on OpenSBI
 * for RV32, in QEMU and on our machine; Debian has no such OpenSBI, so that is not run here.
 */
import assert from 'node:assert/strict';
import { makeMachine, runMachine } from '../firmware/machine.ts';

const program = 'test/guests/rv32-supervisor.elf';

describe('a supervisor of RV32', () => {
  it('passes its checks, on a machine of the width that its file asks for', () => {
    const run = runMachine({ mode: 'guest', program }, [{ expect: 'all checks passed' }]);
    assert.equal(run.end.code, 0);
    assert.equal(run.transcript, 'Hello from RV32\nall checks passed\n');
    assert.equal(run.machine.isa.name, 'rv32');
  });

  it('has stages of translation that RV32 has', () => {
    const { machine } = runMachine({ mode: 'guest', program }, [{ expect: 'all checks passed' }]);
    const cpu = machine.harts[0]!;
    const [guest, virtual] = [cpu.mappings('guest', 100), cpu.mappings('virtual', 100)];
    assert.match(guest.title, /^Sv32x4, root 0x[0-9a-f]+, VMID 1$/);
    assert.match(virtual.title, /^Sv32, root 0x80[0-9a-f]+, ASID 0$/);
    assert.ok(guest.rows.some((row) => row.pageSize === 4n << 20n));
    const window = virtual.rows.find((row) => row.input === 0x4000_0000n);
    assert.deepEqual([window?.size, window?.writable], [4096n, true]);
  });

  it('is refused where the machine is to have 64 bits', () => {
    assert.throws(
      () => makeMachine({ mode: 'guest', program, isa: 'rv64gc' }),
      /is a 32-bit ELF file, the machine has 64 bits/,
    );
  });
});
