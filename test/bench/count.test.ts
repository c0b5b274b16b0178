/** Instructions are counted exactly: as many as QEMU executes one by one. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { makeMachine } from '../firmware/machine.ts';
import { SmallKernels } from './smallKernel.ts';

describe('instruction count', function () {
  this.timeout(60_000);
  let kernels!: SmallKernels;
  before(() => {
    kernels = new SmallKernels();
  });
  after(() => kernels.remove());

  for (const [name, reps] of [
    ['mix', 5],
    ['sha256', 20],
  ] as const) {
    it(`of ${name} is QEMU's`, () => {
      const elf = kernels.build(name, reps);
      const log = path.join(kernels.folder, `${name}.log`);
      const trace = ['-singlestep', '-d', 'exec,nochain', '-D', log];
      const board = ['-M', 'virt', '-cpu', 'rv64,h=true', '-display', 'none', '-monitor', 'none'];
      const bios = ['-serial', 'none', '-bios', elf];
      execFileSync('qemu-system-riscv64', [...board, ...trace, ...bios]);
      const executed = readFileSync(log, 'latin1').split('\nTrace').length;

      const machine = makeMachine({ mode: 'machine', program: elf });
      const stop = machine.run(10_000_000);
      assert.equal(stop.kind, 'ended');
      assert.ok(machine.instructions > 10_000);
      // QEMU may go on for a few instructions after the store that ends the run.
      const extra = executed - machine.instructions;
      assert.ok(extra >= 0 && extra <= 4, `QEMU ${executed}, ours ${machine.instructions}`);
    });
  }
});
