/**
 * Makes a screenshot a PNG with a palette (PNG specification, 4.1 and 9): a third of the size, for
 * pictures that every download of the extension carries. Colours that are rare become the nearest
 * of the 256 most frequent ones.
 */
import { deflateSync, inflateSync } from 'node:zlib';
import { crc32 } from '../../../src/core/formats/elf/debugFile.ts';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const colours = 256;

/** Of an image with 8 bits a channel, without interlacing, as browsers write them. */
export function smallPng(png: Buffer): Buffer {
  const { width, height, channels, data } = decode(png);
  const pixels = new Uint32Array(width * height);
  const counts = new Map<number, number>();
  for (let i = 0; i < pixels.length; i++) {
    const at = i * channels;
    const colour = (data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!;
    pixels[i] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const byCount = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour);
  const palette = byCount.slice(0, colours);
  const index = new Map(palette.map((colour, i) => [colour, i]));
  for (const rare of byCount.slice(colours)) index.set(rare, nearest(rare, palette));
  // Each line begins with its filter: none, as palettes do best without.
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      lines[y * (width + 1) + 1 + x] = index.get(pixels[y * width + x]!)!;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(parts))),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function nearest(colour: number, palette: readonly number[]): number {
  const wanted = parts(colour);
  let best = 0;
  let least = Infinity;
  palette.forEach((candidate, i) => {
    const distance = parts(candidate).reduce((sum, part, c) => sum + (part - wanted[c]!) ** 2, 0);
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}

function parts(colour: number): number[] {
  return [colour >> 16, (colour >> 8) & 0xff, colour & 0xff];
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, sum]);
}

function decode(png: Buffer) {
  if (!png.subarray(0, 8).equals(signature)) throw new Error('not a PNG');
  const compressed: Buffer[] = [];
  let [width, height, channels] = [0, 0, 0];
  for (let at = 8; at < png.length;) {
    const size = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const content = png.subarray(at + 8, at + 8 + size);
    if (type === 'IHDR') {
      [width, height] = [content.readUInt32BE(0), content.readUInt32BE(4)];
      const [depth, kind, , , interlaced] = content.subarray(8);
      channels = kind === 2 ? 3 : kind === 6 ? 4 : 0;
      if (depth !== 8 || channels === 0 || interlaced !== 0) throw new Error('another kind of PNG');
    }
    if (type === 'IDAT') compressed.push(content);
    at += size + 12;
  }
  const raw = inflateSync(Buffer.concat(compressed));
  return { width, height, channels, data: unfilter(raw, width * channels, height, channels) };
}

/** Undoes the filters: each byte was written as its distance from a guess by its neighbours. */
function unfilter(raw: Buffer, stride: number, height: number, channels: number): Buffer {
  const data = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]!;
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= channels ? data[at - channels]! : 0;
      const up = y > 0 ? data[at - stride]! : 0;
      const corner = x >= channels && y > 0 ? data[at - stride - channels]! : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]!;
      data[at] = raw[y * (stride + 1) + 1 + x]! + guess;
    }
  }
  return data;
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(estimate - value));
  if (a! <= b! && a! <= c!) return left;
  return b! <= c! ? up : corner;
}
