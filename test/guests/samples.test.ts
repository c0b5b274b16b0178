/** The sample guests say the same on our machine and on QEMU, where OpenSBI answers the calls. */
import assert from 'node:assert/strict';
import { firmwareImages } from '../firmware/images.ts';
import { runMachine } from '../firmware/machine.ts';
import { qemuTranscript } from '../firmware/qemu.ts';
import type { Step } from '../firmware/script.ts';

interface Sample {
  readonly name: string;
  readonly script: readonly Step[];
  /** Lines that may differ: numbers that the firmware chooses. */
  readonly particular?: RegExp;
}

const supervisorSamples: readonly Sample[] = [
  {
    name: 'hello-dbcn',
    script: [{ expect: 'What is your name? ', send: 'Adb\x7fa\r' }, { expect: 'Goodbye.\n' }],
    particular: /^(Hello from supervisor mode, SBI .*| {2}device tree = .*)$/gm,
  },
  { name: 'hello-asm', script: [{ expect: 'goodbye.\n' }] },
  { name: 'unknown-call', script: [{ expect: 'error -2 (NOT_SUPPORTED)\n' }] },
];

describe('sample guests', function () {
  this.timeout(60_000);

  for (const sample of supervisorSamples) {
    it(`${sample.name} says the same under our hypervisor as on OpenSBI in QEMU`, async () => {
      const program = `media/samples/${sample.name}/${sample.name}.elf`;
      const run = runMachine({ mode: 'guest', program }, sample.script);
      assert.equal(run.end.code, 0);

      const bios = firmwareImages('trixie').fwDynamic;
      const qemu = await qemuTranscript({
        bios,
        kernel: program,
        memory: '256M',
        script: sample.script,
      });
      // OpenSBI's banner ends with this line; ours has none.
      const said = qemu.slice(qemu.indexOf('\n', qemu.indexOf('Boot HART MEDELEG')) + 1);
      const same = (text: string): string =>
        text.replace(sample.particular ?? /$^/, '<particular>');
      assert.equal(same(run.transcript), same(said));
    });
  }

  it('hello-dbcn goes on when nobody types', () => {
    const program = 'media/samples/hello-dbcn/hello-dbcn.elf';
    const run = runMachine({ mode: 'guest', program }, [{ expect: 'whoever you are' }]);
    assert.equal(run.end.code, 0);
  });

  it('machine-hello says the same on our machine as on QEMU', async () => {
    const program = 'media/samples/machine-hello/machine-hello.elf';
    const script = [{ expect: 'Goodbye.\n' }];
    const run = runMachine({ mode: 'machine', program }, script);
    assert.equal(run.end.code, 0);
    const qemu = await qemuTranscript({ bios: program, memory: '256M', script });
    assert.equal(run.transcript, qemu);
  });
});
