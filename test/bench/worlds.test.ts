/** A kernel of the bench does the same work in M-mode, under Sv39 and as a guest, as on QEMU. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { runMachine } from '../firmware/machine.ts';
import { SmallKernels } from './smallKernel.ts';

const noChecksum = 'checksum 0000000000000000';

describe('bench kernels in three worlds', function () {
  this.timeout(60_000);
  let kernels!: SmallKernels;
  before(() => {
    kernels = new SmallKernels();
  });
  after(() => kernels.remove());

  for (const [name, repetitions] of [
    ['ticking', 1500],
    ['rewrite', 40],
    ['thrash', 20_000],
    ['nbody', 500],
    ['filter', 5],
  ] as const) {
    it(`${name} gives QEMU's checksum`, () => {
      for (const world of [0, 1, 2]) {
        const elf = kernels.build(name, repetitions, world);
        const wanted = runQemu(elf);
        assert.match(wanted, /^checksum [0-9a-f]{16}$/);
        assert.notEqual(wanted, noChecksum);
        assert.equal(runOurs(elf), wanted, `world ${world}`);
      }
    });
  }
});

function runOurs(elf: string): string {
  return runMachine({ mode: 'machine', program: elf }, [], 1e8).transcript.trim();
}

/**
 * Its clock is the host's: where its threads wait for a processor the kernel may be through before
 * its timer has ticked often enough, which it tells by a checksum of 0.
 */
function runQemu(elf: string): string {
  for (let attempt = 1; ; attempt++) {
    const output = runQemuOnce(elf);
    if (attempt === 5 || output !== noChecksum) return output;
  }
}

function runQemuOnce(elf: string): string {
  const machine = ['-M', 'virt', '-cpu', 'rv64,h=true', '-m', '256M', '-nographic'];
  const output = execFileSync('qemu-system-riscv64', [...machine, '-bios', elf], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return output.trim();
}
