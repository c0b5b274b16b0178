/**
 * Debian's U-Boot to its prompt, through some commands and off, interpreted and translated side by
 * side: registers, CSRs, counts and output compared after every slice, all memory at the end.
 */
import assert from 'node:assert/strict';
import { firmwareImages, type FirmwareImages } from './images.ts';
import { runMachine, type Launch } from './machine.ts';
import { ubootAutobootSession, ubootSession, type Step } from './script.ts';

const commands = ['version', 'bdinfo', 'md.l 80200000 8', 'crc32 80200000 40000', 'sleep 1'];

interface Session {
  readonly name: string;
  readonly launch: (images: FirmwareImages) => Launch;
  readonly script: readonly Step[];
}

const sessions: readonly Session[] = [
  {
    name: 'under our hypervisor',
    launch: ({ ubootS }) => ({ mode: 'guest', program: ubootS }),
    script: ubootSession(commands),
  },
  {
    name: 'under our hypervisor, left alone until it gives up booting',
    launch: ({ ubootS }) => ({ mode: 'guest', program: ubootS }),
    script: ubootAutobootSession([]),
  },
  {
    name: 'on OpenSBI',
    launch: ({ ubootS, fwDynamic }) => ({ mode: 'machine', firmware: fwDynamic, program: ubootS }),
    script: ubootSession(commands),
  },
];

describe('U-Boot in lockstep', function () {
  this.timeout(600_000);

  for (const { name, launch, script } of sessions) {
    it(`${name}: no difference`, () => {
      const config: Launch = { ...launch(firmwareImages('trixie')), engine: 'lockstep' };
      const { end, instructions, machine } = runMachine(config, script);
      assert.equal(end.code, 0);
      // Most of it ran as translated code, which goes on behind calls, devices and CSRs.
      assert.ok(machine.engineCounters!()['entries']! > 100_000);
      console.log(`      ${instructions.toLocaleString('en')} instructions compared`);
    });
  }
});
