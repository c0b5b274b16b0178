import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import { crc32 } from '../../src/core/formats/elf/debugFile.ts';
import { smallPng } from '../vscode/harness/smallPng.ts';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Lines that begin with the number of a filter, of pixels with three channels. */
function png(width: number, lines: readonly (readonly number[])[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(lines.length, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunk = (type: string, content: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), content]);
    const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([size, body, sum]);
  };
  const data = deflateSync(Buffer.from(lines.flat()));
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data)]);
}

function chunks(bytes: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length;) {
    const size = bytes.readUInt32BE(at);
    found.set(bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + 8 + size));
    at += size + 12;
  }
  return found;
}

describe('pictures with a palette', () => {
  it('have the colours of the picture, whatever filter its lines have', () => {
    // Red and blue; each line says the same two pixels in another way (PNG specification, 9.2).
    const small = chunks(
      smallPng(
        png(2, [
          [0, 255, 0, 0, 0, 0, 255],
          [1, 255, 0, 0, 1, 0, 255],
          [2, 0, 0, 0, 0, 0, 0],
          [3, 128, 0, 0, 129, 0, 128],
          [4, 0, 0, 0, 0, 0, 0],
        ]),
      ),
    );
    assert.deepEqual([...(small.get('PLTE') ?? [])], [255, 0, 0, 0, 0, 255]);
    const lines = inflateSync(small.get('IDAT') ?? Buffer.alloc(0));
    assert.deepEqual([...lines], Array.from({ length: 5 }, () => [0, 0, 1]).flat());
  });

  it('are those of the README, which every download carries', () => {
    const folder = 'media/docs';
    const large = readdirSync(folder).filter((name) => {
      const { length } = readFileSync(path.join(folder, name));
      return name.endsWith('.png') && length > 100_000;
    });
    assert.deepEqual(large, []);
  });
});
