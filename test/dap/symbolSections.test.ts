/** A module's symbols where the launch says that its sections are. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildModule } from '../core/debug/symbols/moduleFile.ts';
import { inThisThread, launch, sample, withTranscript } from './machine.ts';
import { Transcript } from './transcript.ts';

describe('symbols of a file that was not linked', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-sections-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const program = path.join(sample('hello-dbcn'), 'hello-dbcn.elf');

  it('are at the addresses of its sections', async () => {
    // Addresses of code are as this compiler has them.
    const t = new Transcript(inThisThread);
    try {
      const sections = { '.text': '0x81000000', '.init.text': 0x8200_0000 };
      await launch(t, { program, symbolFiles: [{ file: buildModule(folder), sections }] });
      const names = ['open_device', 'start_module'];
      const { breakpoints } = await t.request('setFunctionBreakpoints', {
        breakpoints: names.map((name) => ({ name })),
      });
      const places = breakpoints.map((b: { verified: boolean; instructionReference: string }) => [
        b.verified,
        BigInt(b.instructionReference) >> 24n,
      ]);
      assert.deepEqual(places, [
        [true, 0x81n],
        [true, 0x82n],
      ]);
    } finally {
      await t.close(false);
    }
  });

  it('need addresses that are some', () =>
    withTranscript(async (t) => {
      await t.requestQuietly('initialize', { adapterID: 'trapline', clientID: 'test' });
      for (const sections of [{ '.text': '-0x1000' }, { '.text': 'here' }, ['.text'], 1]) {
        const symbolFiles = [{ file: 'module.ko', sections }];
        const answer = await t.request('launch', { program: 'kernel.elf', symbolFiles });
        assert.equal(answer['failed'], true);
      }
      t.check('symbolSectionsRefused');
    }));
});
