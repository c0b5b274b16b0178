import assert from 'node:assert/strict';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadProgramSymbols } from '../../../src/core/debug/symbols/programSymbols.ts';
import { ElfFile } from '../../../src/core/formats/elf/elf.ts';
import { openFile, openInput } from '../../../src/host/node/openFile.ts';
import { smallFiles } from '../../core/formats/dwarf/smallFiles.ts';

describe('files that are read in ranges', function () {
  this.timeout(60_000);
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'trapline-open-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('may have more than 4 GiB: debug information behind them is read', () => {
    const file = smallFiles().find(({ name }) => name === 'C, DWARF 5');
    assert.ok(file);
    const elf = new ElfFile(file.bytes, file.name);
    const far = 5 * 2 ** 30;
    const header = new DataView(file.bytes.buffer, file.bytes.byteOffset);
    const table = Number(header.getBigUint64(0x28, true));
    const patched = Uint8Array.from(file.bytes);
    const view = new DataView(patched.buffer);
    const name = path.join(folder, 'large.elf');
    // What lies between is a hole, which takes no room on the disk.
    const descriptor = openSync(name, 'w');
    for (const section of elf.sections.filter((s) => s.name.startsWith('.debug_'))) {
      view.setBigUint64(table + section.index * 64 + 0x18, BigInt(far + section.offset), true);
      writeSync(descriptor, elf.sectionBytes(section), 0, section.size, far + section.offset);
    }
    writeSync(descriptor, patched, 0, patched.length, 0);
    ftruncateSync(descriptor, far + patched.length);
    closeSync(descriptor);
    assert.ok(statSync(name).size > 2 ** 32);

    const bytes = openFile(name);
    assert.ok(bytes);
    const large = loadProgramSymbols([{ name, bytes, open: openFile }]);
    const small = loadProgramSymbols([{ name: 'small', bytes: file.bytes }]);
    const found = large.functionsNamed('apply');
    assert.equal(found.length, 1);
    assert.deepEqual(found, small.functionsNamed('apply'));
    assert.deepEqual(large.sources, small.sources);
    const at = found[0]?.afterPrologue ?? 0n;
    assert.deepEqual(large.callsAt(at), small.callsAt(at));
    assert.ok(large.callsAt(at)[0]?.position);
    assert.deepEqual(large.problems, []);
  });

  it('say why they cannot be read', () => {
    assert.equal(openFile(path.join(folder, 'absent')), undefined);
    assert.equal(openFile(folder), undefined);
    const wrong = (file: string) => () => openInput('symbolFiles', file, folder);
    assert.throws(wrong('absent'), /symbolFiles: cannot read 'absent': there is no such file/);
    assert.throws(wrong('.'), /symbolFiles: cannot read '\.': it is a folder/);
  });
});
