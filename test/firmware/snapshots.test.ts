/**
 * Debian's U-Boot put back to snapshots on its way to the prompt and at it, with keys that wait to
 * be read: what follows is the same a second time, in all that the machine's objects hold.
 */
import assert from 'node:assert/strict';
import { checkRestores } from '../core/machine/restores.ts';
import { firmwareImages, type FirmwareImages } from './images.ts';
import { makeMachine, type Launch } from './machine.ts';

const worlds: Readonly<Record<string, (images: FirmwareImages) => Launch>> = {
  'under our hypervisor': ({ ubootS }) => ({ mode: 'guest', program: ubootS }),
  'on OpenSBI with IMSICs': ({ ubootS, fwDynamic }) => ({
    ...{ mode: 'machine', firmware: fwDynamic, program: ubootS },
    aia: { controllers: 'aplic-imsic', guests: 1 },
  }),
  'in machine mode': ({ ubootM }) => ({ mode: 'machine', program: ubootM }),
};

describe('snapshots of U-Boot', function () {
  this.timeout(300_000);

  for (const [name, launch] of Object.entries(worlds)) {
    for (const engine of ['interpreter', 'jit'] as const) {
      it(`${name}, ${engine}`, () => {
        const config = { memory: 128 << 20, ...launch(firmwareImages('trixie')), engine };
        const machine = makeMachine(config);
        const output: string[] = [];
        const console = machine.consoles.find(({ name: own }) => own === 'uart0');
        console?.output.on((bytes) => output.push(Buffer.from(bytes).toString('latin1')));
        checkRestores(machine, [1_000_003, 30_000_000], 2_000_001);
        while (!output.join('').includes('Hit any key')) machine.run(1_000_000);
        console?.feed(Buffer.from(' version\nbdinfo\n'));
        checkRestores(machine, [1, 20_000, 1_000_000], 3_000_000);
        assert.match(output.join(''), /=> version/);
      });
    }
  }
});
