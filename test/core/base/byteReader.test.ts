import assert from 'node:assert/strict';
import { ByteReader, FormatError } from '../../../src/core/base/byteReader.ts';
import { UserError } from '../../../src/core/base/userError.ts';

function reader(...bytes: number[]): ByteReader {
  return new ByteReader(Uint8Array.from(bytes), 'a.bin');
}

describe('ByteReader', () => {
  it('reads little-endian numbers of each size', () => {
    const bytes = new Uint8Array(40);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, 0x81);
    view.setInt8(1, -2);
    view.setUint16(2, 0x8182, true);
    view.setInt16(4, -300, true);
    view.setUint32(6, 0xfedcba98, true);
    view.setInt32(10, -70000, true);
    view.setBigUint64(14, 0xfedcba9876543210n, true);
    view.setBigInt64(22, -5n, true);
    const r = new ByteReader(bytes, 'a.bin');
    assert.deepEqual([r.u8(), r.i8(), r.u16(), r.i16()], [0x81, -2, 0x8182, -300]);
    assert.deepEqual([r.u32(), r.i32()], [0xfedcba98, -70000]);
    assert.deepEqual([r.u64(), r.i64()], [0xfedcba9876543210n, -5n]);
    assert.equal(r.offset, 30);
    assert.equal(reader(1, 2, 0x83).u24(), 0x830201);
    assert.deepEqual(
      [1, 2, 4, 8].map((size) => new ByteReader(bytes, 'a.bin', 14).unsigned(size)),
      [0x10n, 0x3210n, 0x76543210n, 0xfedcba9876543210n],
    );
  });

  // Examples of DWARF 5, section 7.6, figures 22 and 23.
  it('reads the LEB128 numbers of the specification', () => {
    const unsigned: [number, number[]][] = [
      [2, [2]],
      [127, [127]],
      [128, [0x80, 1]],
      [129, [0x81, 1]],
      [12857, [0x39 + 0x80, 100]],
    ];
    for (const [value, bytes] of unsigned) assert.equal(reader(...bytes).uleb(), value);
    const signed: [number, number[]][] = [
      [2, [2]],
      [-2, [0x7e]],
      [127, [127 + 0x80, 0]],
      [-127, [1 + 0x80, 0x7f]],
      [128, [0x80, 1]],
      [-128, [0x80, 0x7f]],
      [129, [0x81, 1]],
      [-129, [0x7f + 0x80, 0x7e]],
    ];
    for (const [value, bytes] of signed) assert.equal(reader(...bytes).sleb(), value);
    const ones = [...new Array<number>(9).fill(0xff), 1];
    assert.equal(reader(...ones).ulebBig(), 0xffff_ffff_ffff_ffffn);
    const lowest = [...new Array<number>(9).fill(0x80), 0x7f];
    assert.equal(reader(...lowest).slebBig(), -(1n << 63n));
    assert.throws(() => reader(...ones).uleb(), /LEB128 too large \(at offset 0x0\)/);
    assert.throws(() => reader(...new Array<number>(30).fill(0x80)).ulebBig(), /does not end/);
  });

  it('reads LEB128 numbers of every length', () => {
    const encode = (value: bigint, isEnd: (rest: bigint, byte: number) => boolean) => {
      const bytes: number[] = [];
      for (let rest = value; ;) {
        const byte = Number(rest & 0x7fn);
        rest >>= 7n;
        if (isEnd(rest, byte)) return [...bytes, byte];
        bytes.push(byte | 0x80);
      }
    };
    for (let bit = 0n; bit < 53n; bit++) {
      for (const value of [(1n << bit) - 1n, 1n << bit]) {
        const bytes = encode(value, (rest) => rest === 0n);
        assert.equal(reader(...bytes).uleb(), Number(value));
        assert.equal(reader(...bytes).ulebBig(), value);
        // A longer form of the same number is as good.
        const longer = [...bytes.slice(0, -1), (bytes.at(-1) ?? 0) | 0x80, 0x80, 0];
        assert.equal(reader(...longer).uleb(), Number(value));
      }
      for (const value of [-(1n << bit), -(1n << bit) - 1n, (1n << bit) - 1n, 1n << bit]) {
        if (value < BigInt(Number.MIN_SAFE_INTEGER)) continue;
        const isEnd = (rest: bigint, byte: number) =>
          (rest === 0n && byte < 0x40) || (rest === -1n && byte >= 0x40);
        const bytes = encode(value, isEnd);
        assert.equal(reader(...bytes).sleb(), Number(value));
        assert.equal(reader(...bytes).slebBig(), value);
      }
    }
  });

  it('reads strings and blocks without copying', () => {
    const bytes = Uint8Array.from([0x68, 0xc3, 0xa9, 0, 1, 2, 3]);
    const r = new ByteReader(bytes, 'a.bin');
    assert.equal(r.cstring(), 'hé');
    const block = r.block(2);
    assert.deepEqual([...block], [1, 2]);
    assert.equal(block.buffer, bytes.buffer);
    assert.throws(() => r.cstring(), /a string has no end \(at offset 0x6\)/);
    assert.throws(() => r.skipCstring(), FormatError);
  });

  it('names what ended and where', () => {
    const r = reader(1, 2, 3);
    r.skip(2);
    assert.throws(
      () => r.u32(),
      (error) =>
        error instanceof FormatError &&
        error instanceof UserError &&
        error.offset === 2 &&
        error.subject === 'a.bin' &&
        error.message === 'a.bin: ends at 0x3 where 4 more bytes are needed (at offset 0x2)',
    );
    // A read that failed took nothing.
    assert.equal(r.u8(), 3);
    assert.ok(r.atEnd);
    assert.throws(() => r.seek(4), FormatError);
    assert.throws(() => r.seek(-1), FormatError);
    assert.throws(() => r.seek(NaN), FormatError);
    assert.throws(() => r.block(-1), FormatError);
    assert.throws(() => new ByteReader(new Uint8Array(4), 'a.bin', 5), FormatError);
    assert.throws(() => reader(0, 0, 0, 0, 0, 0, 0, 1).u64Number(), /too large/);
  });

  it('ends a slice where it was told to', () => {
    const r = reader(1, 2, 3, 4).slice(1, 3);
    assert.deepEqual([r.u8(), r.u8(), r.remaining], [2, 3, 0]);
    assert.throws(() => r.u8(), /ends at 0x3/);
    assert.throws(() => reader(1, 2).slice(0, 3), FormatError);
  });
});
