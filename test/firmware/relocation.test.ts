/**
 * Debian's U-Boot moves itself to the end of memory, and Debian's OpenSBI is linked for address 0 or
 * for where it runs: their own ELF files, stripped to dynamic symbols, are all that is known of them.
 * Packages get newer, so no golden files here.
 */
import assert from 'node:assert/strict';
import { inThisThread, launch } from '../dap/machine.ts';
import { Transcript } from '../dap/transcript.ts';
import { firmwareImages, releases } from './images.ts';

type Body = Record<string, any>;

for (const release of releases) {
  describe(`symbols of code that moves, ${release}`, function () {
    this.timeout(300_000);
    let t: Transcript;

    beforeEach(() => (t = new Transcript(inThisThread)));
    afterEach(() => t.close(false));

    async function top(): Promise<{ name: string; pc: string }> {
      const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
      const { name, instructionPointerReference: pc } = stackFrames[0];
      return { name, pc };
    }

    async function breakAt(...names: string[]): Promise<Body[]> {
      const breakpoints = names.map((name) => ({ name }));
      const answer = await t.request('setFunctionBreakpoints', { breakpoints });
      for (const { verified } of answer['breakpoints']) assert.equal(verified, true);
      return answer['breakpoints'];
    }

    /** The places of the next stops, until there were so many different ones. */
    async function places(count: number): Promise<string[]> {
      const seen = new Set<string>();
      for (let stops = 0; seen.size < count && stops < 100; stops++) {
        await t.request('continue', { threadId: 1 });
        const { reason } = await t.event('stopped', 'terminated');
        assert.equal(reason, 'function breakpoint');
        const { name, pc } = await top();
        assert.equal(name, 'printf');
        seen.add(pc);
      }
      return [...seen];
    }

    /** Waits for a line of the guest's or of the session's. */
    async function output(pattern: RegExp): Promise<RegExpExecArray> {
      let text = '';
      for (;;) {
        text += (await t.event('output'))['output'];
        const found = pattern.exec(text);
        if (found) return found;
      }
    }

    it('U-Boot stops at functions before it moves itself and after it', async () => {
      const { ubootS } = firmwareImages(release);
      const program = ubootS.replace('u-boot.bin', 'uboot.elf');
      const image = { program, mode: 'guest', stopOnEntry: true };
      await launch(t, image);
      await t.request('configurationDone');
      await t.event('stopped');
      const [linked, moving] = await breakAt('board_init_f', 'board_init_r');
      await t.request('continue', { threadId: 1 });
      await t.event('stopped');
      const before = await top();
      assert.equal(before.name, 'board_init_f');
      assert.equal(before.pc, linked?.['instructionReference']);

      await t.request('setFunctionBreakpoints', { breakpoints: [] });
      await t.request('continue', { threadId: 1 });
      await output(/Hit any key/);
      await t.request('pause', { threadId: 1 });
      await t.event('stopped');
      const [, offset] = await output(/moved by .*uboot\.elf", "offset": "(0x\w+)" \}\]/);
      assert.ok(offset !== undefined);

      await t.request('restart', {
        arguments: { ...image, symbolFiles: [{ file: program, offset }] },
      });
      await t.event('stopped');
      await breakAt('board_init_r');
      await t.request('continue', { threadId: 1 });
      await t.event('stopped');
      const after = await top();
      assert.equal(after.name, 'board_init_r');
      const moved = BigInt(moving?.['instructionReference']) + BigInt(offset);
      assert.equal(BigInt(after.pc), moved, 'it runs only after the move');

      await t.request('restart', {});
      await t.event('stopped');
      await breakAt('printf');
      const [first, second] = await places(2);
      assert.equal(BigInt(second ?? 0) - BigInt(first ?? 0), BigInt(offset));
    });

    it('OpenSBI is recognised where it runs, and stops at its functions there', async () => {
      const program = firmwareImages(release).fwJump;
      const file = program.replace('.bin', '.elf');
      const image = { program, mode: 'machine', stopOnEntry: true };
      await launch(t, { ...image, symbolFiles: [{ file }] });
      await t.request('configurationDone');
      await t.event('stopped');
      const breakpoints = [{ instructionReference: '0x80000000' }];
      await t.request('setInstructionBreakpoints', { breakpoints });
      await t.request('continue', { threadId: 1 });
      await t.event('stopped');
      // That of the older release is linked for where it runs.
      if (release !== 'bookworm') {
        const [, offset] = await output(/moved by .*fw_jump\.elf", "offset": "(0x\w+)" \}\]/);
        assert.equal(offset, '0x80000000');
        await t.request('restart', {
          arguments: { ...image, symbolFiles: [{ file, offset }] },
        });
        await t.event('stopped');
      }
      await t.request('setInstructionBreakpoints', { breakpoints: [] });
      // Where it tries out which registers there are, with a trap's handler of its own.
      await breakAt('__sbi_expected_trap_hext');
      await t.request('continue', { threadId: 1 });
      const { reason } = await t.event('stopped', 'terminated');
      assert.equal(reason, 'function breakpoint');
      const { name, pc } = await top();
      assert.equal(name, '__sbi_expected_trap_hext');
      const { result } = await t.request('evaluate', { expression: '$mtvec', context: 'watch' });
      assert.equal(BigInt(/0x[0-9a-f]+/.exec(result)?.[0] ?? 0), BigInt(pc));
    });
  });
}
