import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { mayBeImage, probeImage, probeSize } from '../../src/extension/imageProbe.ts';

const sample = 'media/samples/hello-dbcn/hello-dbcn.elf';

function probe(file: string): ReturnType<typeof probeImage> {
  return probeImage(readFileSync(file).subarray(0, probeSize));
}

describe('imageProbe', () => {
  it('recognises what a RISC-V linker made, whatever its name', () => {
    const kind = probe(sample);
    assert.equal(kind?.bits, 64);
    assert.equal(kind.entry, entryByReadelf(sample));
  });

  it('does not take executables of this machine, archives, or texts', () => {
    assert.equal(probe(process.execPath), undefined);
    assert.equal(probe('package.json'), undefined);
    assert.equal(probeImage(new Uint8Array(0)), undefined);
  });

  it('does not take an object file or a file cut off inside its header', () => {
    const gcc = 'riscv64-unknown-elf-gcc';
    const folder = mkdtempSync(path.join(os.tmpdir(), 'probe-'));
    try {
      const source = path.join(folder, 'a.s');
      writeFileSync(source, '.globl _start\n_start: j _start\n');
      const object = path.join(folder, 'object');
      const image = path.join(folder, 'vmlinux');
      execFileSync(gcc, ['-c', source, '-o', object]);
      execFileSync(gcc, ['-nostdlib', '-march=rv32i', '-mabi=ilp32', source, '-o', image]);
      assert.equal(probe(object), undefined);
      assert.equal(probe(image)?.bits, 32);
      assert.equal(probe(image)?.entry, entryByReadelf(image));
      assert.equal(probeImage(readFileSync(image).subarray(0, 40)), undefined);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('opens files without an extension and skips sources', () => {
    for (const name of ['/a/vmlinux', '/a/u-boot', '/a/hello.elf', '/a/fw.axf', '/a/.out']) {
      assert.equal(mayBeImage(name), true, name);
    }
    for (const name of ['/a/main.c', '/a/start.S', '/a.elf/readme.md', '/a/main.o', '/a/x.json']) {
      assert.equal(mayBeImage(name), false, name);
    }
  });
});

/** The entry point as binutils reads it. */
function entryByReadelf(file: string): bigint {
  const text = execFileSync('riscv64-unknown-elf-readelf', ['-h', file], { encoding: 'utf8' });
  const entry = /Entry point address:\s+(0x[0-9a-f]+)/i.exec(text)?.[1];
  assert.ok(entry, text);
  return BigInt(entry);
}
