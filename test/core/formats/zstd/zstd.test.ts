/** Data that the zstd program compressed, whole and damaged. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { BrokenZstd } from '../../../../src/core/formats/zstd/brokenZstd.ts';
import { unzstd } from '../../../../src/core/formats/zstd/zstd.ts';

/** The same numbers each time (xorshift). */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

function compress(input: Uint8Array, ...options: string[]): Uint8Array {
  return execFileSync('zstd', ['-q', '-c', ...options], { input, maxBuffer: 1 << 28 });
}

function expand(data: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  return out.subarray(0, unzstd(data, out));
}

const random = generator(0x5eed);

/** Of different kinds: text, machine code, noise, few symbols, long repetitions, nothing. */
const inputs: Readonly<Record<string, Uint8Array>> = {
  'a text': readFileSync('package-lock.json'),
  'a program': readFileSync('media/samples/hello-dbcn/hello-dbcn.elf'),
  'a megabyte of code': readFileSync(process.execPath).subarray(1 << 20, 2 << 20),
  noise: Uint8Array.from({ length: 300_000 }, () => random(256)),
  'few symbols': Uint8Array.from({ length: 200_000 }, () => random(1 + random(20))),
  'one symbol': new Uint8Array(400_000).fill(7),
  'repeated records': Uint8Array.from({ length: 500_000 }, (_, i) => (i * (i % 97)) & 0xff),
  'a few bytes': Uint8Array.of(1, 2, 3),
  nothing: new Uint8Array(0),
};

describe('zstd', function () {
  this.timeout(120_000);

  for (const [name, input] of Object.entries(inputs)) {
    it(`gives back ${name}`, () => {
      for (const options of [['-1'], ['-3', '--no-check'], ['-9'], ['-19', '-T1'], ['--fast=5']]) {
        const out = expand(compress(input, ...options), input.length);
        assert.ok(Buffer.from(input).equals(out), options.join(' '));
      }
    });
  }

  it('reads frames one after another, and passes skippable ones over', () => {
    const [a, b] = [Buffer.from('first '.repeat(50)), Buffer.from('second'.repeat(9))];
    const skippable = Buffer.from('512a4d1803000000616263', 'hex');
    const data = Buffer.concat([compress(a), skippable, compress(b)]);
    assert.equal(Buffer.from(expand(data, 354)).toString(), `${a}${b}`);
  });

  it('writes no more than there is room for', () => {
    const data = compress(Buffer.alloc(5000, 'ab'));
    assert.throws(() => unzstd(data, new Uint8Array(4999)), /holds more than it should/);
  });

  it('ends where states of a Huffman tree go in circles without bits', () => {
    // Weights by finite state entropy: one symbol has all 32 states, so that each leads to itself.
    const tree = [0x04, 0xf0, 0x03, 0x00, 0x80];
    // 8 literals in one stream, of 6 bytes with their tree.
    const literals = [0x82, 0x80, 0x01];
    const content = [...literals, ...tree, 0x01, 0x00];
    const block = [5 | (content.length << 3), 0, 0];
    const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 8, ...block, ...content);
    assert.throws(() => unzstd(frame, new Uint8Array(8)), /too many weights/);
  });

  it('gives bytes or says that data is broken, whatever is changed in it', () => {
    const sources = ['a text', 'a program', 'few symbols', 'repeated records'].map((name) => {
      const input = inputs[name] ?? new Uint8Array(0);
      return compress(input.subarray(0, 6000), '-19');
    });
    let broken = 0;
    for (let i = 0; i < 20_000; i++) {
      const data = Uint8Array.from(sources[i % sources.length] ?? []);
      // Where the tables are, mostly.
      for (let n = random(4); n >= 0; n--)
        data[6 + random(random(data.length - 6) + 1)] = random(256);
      try {
        unzstd(data.subarray(0, data.length - random(3)), new Uint8Array(6000));
      } catch (error) {
        assert.ok(error instanceof BrokenZstd, String(error));
        broken++;
      }
    }
    assert.ok(broken > 10_000);
  });
});
