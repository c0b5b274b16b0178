/** Instructions are counted exactly: as many as QEMU executes one by one. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeMachine } from '../firmware/machine.ts';

describe('instruction count', function () {
  this.timeout(60_000);
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'trapline-'));
    cpSync('test/bench/kernels', folder, { recursive: true });
  });
  after(() => rmSync(folder, { recursive: true }));

  /** A kernel with few repetitions, so that QEMU can write a line for each instruction. */
  function smallKernel(name: string, reps: number): string {
    const elf = path.join(folder, `${name}.elf`);
    rmSync(elf);
    rmSync(path.join(folder, 'build'), { recursive: true, force: true });
    const make = ['-s', '-C', folder, `${name}.elf`, 'CC=riscv64-unknown-elf-gcc'];
    execFileSync('make', [...make, `EXTRA=-DREPS=${reps}`], { stdio: 'pipe' });
    return elf;
  }

  for (const [name, reps] of [
    ['mix', 5],
    ['sha256', 20],
  ] as const) {
    it(`of ${name} is QEMU's`, () => {
      const elf = smallKernel(name, reps);
      const log = path.join(folder, `${name}.log`);
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
