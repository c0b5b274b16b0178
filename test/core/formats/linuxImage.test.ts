import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { FormatError } from '../../../src/core/base/byteReader.ts';
import { parseLinuxImage } from '../../../src/core/formats/linuxImage.ts';

/** A header as Documentation/arch/riscv/boot-image-header.rst lays it out. */
function header(change: (view: DataView) => void = () => undefined): Uint8Array {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  // c.li s4,-13 makes the magic of a PE file and is an instruction too.
  bytes.set([0x4d, 0x5a, 0x6f, 0x10]);
  view.setBigUint64(8, 0x200000n, true);
  view.setBigUint64(16, 0x1712000n, true);
  view.setUint32(32, 2, true);
  bytes.set(new TextEncoder().encode('RISCV'), 48);
  bytes.set(new TextEncoder().encode('RSC\x05'), 56);
  change(view);
  return bytes;
}

describe('parseLinuxImage', () => {
  it('reads the header of a kernel', () => {
    assert.deepEqual(parseLinuxImage(header(), 'Image'), {
      architecture: 'riscv',
      textOffset: 0x200000n,
      imageSize: 0x1712000n,
      bigEndian: false,
      headerVersion: 2,
      efi: true,
    });
    const big = parseLinuxImage(
      header((view) => view.setBigUint64(24, 1n, true)),
      'Image',
    );
    assert.equal(big?.bigEndian, true);
    const plain = parseLinuxImage(
      header((view) => view.setUint32(0, 0x0000_106f, true)),
      'Image',
    );
    assert.equal(plain?.efi, false);
  });

  it('tells the other architecture with this header apart', () => {
    const image = parseLinuxImage(
      header((view) => view.setUint32(56, 0x644d5241, true)),
      'Image',
    );
    assert.equal(image?.architecture, 'arm64');
  });

  it('takes nothing else for a kernel', () => {
    assert.equal(parseLinuxImage(new Uint8Array(4096), 'a.bin'), undefined);
    assert.equal(parseLinuxImage(header().subarray(0, 60), 'a.bin'), undefined);
    assert.equal(parseLinuxImage(new Uint8Array(0), 'a.bin'), undefined);
  });

  it('says what is wrong with a compressed or impossible one', () => {
    assert.throws(
      () => parseLinuxImage(gzipSync(header()), 'Image.gz'),
      (error) => error instanceof FormatError && /^Image\.gz: gzip-compressed/.test(error.message),
    );
    assert.throws(
      () =>
        parseLinuxImage(
          header((view) => view.setBigUint64(16, 8n, true)),
          'Image',
        ),
      /^FormatError: Image: an image size of 8 bytes is too small \(at offset 0x10\)/,
    );
  });
});
