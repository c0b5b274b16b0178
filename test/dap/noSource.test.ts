import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launch, sample, withTranscript } from './machine.ts';

const elfFile = path.join(sample('hello-dbcn'), 'hello-dbcn.elf');

/** What a loader puts into memory, from the first segment on: gABI chapter 5, program header. */
function flatten(elf: Buffer): Buffer {
  const segments = [];
  for (let i = 0; i < elf.readUInt16LE(56); i++) {
    const at = Number(elf.readBigUInt64LE(32)) + i * elf.readUInt16LE(54);
    if (elf.readUInt32LE(at) !== 1) continue;
    const [offset, , address, size] = [8, 16, 24, 32].map((o) =>
      Number(elf.readBigUInt64LE(at + o)),
    );
    segments.push({ address: address!, bytes: elf.subarray(offset, offset! + size!) });
  }
  const first = Math.min(...segments.map(({ address }) => address));
  const end = Math.max(...segments.map(({ address, bytes }) => address + bytes.length));
  const image = Buffer.alloc(end - first);
  for (const { address, bytes } of segments) bytes.copy(image, address - first);
  return image;
}

describe('without sources', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(path.join(tmpdir(), 'trapline-'))));
  after(() => rmSync(folder, { recursive: true }));

  it('a raw image is shown as assembly and steps by instruction', () =>
    withTranscript(async (t) => {
      const program = path.join(folder, 'hello.bin');
      writeFileSync(program, flatten(readFileSync(elfFile)));
      await launch(t, { program, cwd: folder, stopOnEntry: true });
      await t.request('configurationDone');
      await t.event('stopped');
      const { stackFrames } = await t.request('stackTrace', { threadId: 1 });
      const { sourceReference } = stackFrames[0].source;
      assert.equal(stackFrames[0].line, 1);
      const { content } = await t.requestQuietly('source', { sourceReference });
      assert.match(content.split('\n')[0], /^0x80200000: {2}\S/);
      await t.request('next', { threadId: 1 });
      await t.event('stopped');
      const next = await t.request('stackTrace', { threadId: 1 });
      assert.deepEqual(
        [next['stackFrames'][0].source.sourceReference, next['stackFrames'][0].line],
        [sourceReference, 2],
      );
      await t.request('source', { sourceReference: 99 });
      await t.request('terminate');
      t.check('noSourceRaw', folder);
    }));

  it('an ELF file whose sources are elsewhere shows functions as assembly, and sourceMap finds them', () =>
    withTranscript(async (t) => {
      const program = path.join(folder, 'hello.elf');
      cpSync(elfFile, program);
      await launch(t, { program, cwd: folder });
      await t.request('setFunctionBreakpoints', { breakpoints: [{ name: 'kernel_main' }] });
      await t.request('configurationDone');
      await t.event('stopped');
      const { stackFrames } = await t.request('stackTrace', { threadId: 1 });
      assert.equal(stackFrames[0].source.name, 'kernel_main.S');
      const { content } = await t.requestQuietly('source', stackFrames[0].source);
      assert.match(content.split('\n')[0], /# kernel_main$/);
      const sources = { 'main.c': path.join(sample('hello-dbcn'), 'main.c') };
      await t.request('restart', {
        arguments: { program, cwd: folder, sourceMap: sources },
      });
      await t.event('stopped');
      const again = await t.request('stackTrace', { threadId: 1 });
      assert.equal(again['stackFrames'][0].source.path, sources['main.c']);
      await t.request('terminate');
      t.check('noSourceElf', folder);
    }));
});
