import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launch, withTranscript } from './machine.ts';

/** SRST system_reset(cold reboot, no reason): li a7; li a6; li a0, 1; li a1; ecall. */
const resetting = [0x535258b7, 0x3548889b, 0x00000813, 0x00100513, 0x00000593, 0x00000073];
const ecall = '0x80200014';

describe('a guest that resets the machine', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(path.join(tmpdir(), 'trapline-'))));
  after(() => rmSync(folder, { recursive: true }));

  it('starts again in the same session, and its breakpoints hold', () =>
    withTranscript(async (t) => {
      const program = path.join(folder, 'reset.bin');
      writeFileSync(program, Uint8Array.from(new Uint8Array(Uint32Array.from(resetting).buffer)));
      await launch(t, { program, cwd: folder, stopOnEntry: true });
      await t.request('setInstructionBreakpoints', {
        breakpoints: [{ instructionReference: ecall }],
      });
      await t.request('configurationDone');
      await t.event('stopped');
      for (let boot = 0; boot < 2; boot++) {
        await t.request('continue', { threadId: 1 });
        await t.event('stopped');
      }
      await t.request('terminate');
      t.check('reset', folder);
    }));
});
