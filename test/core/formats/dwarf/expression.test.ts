import assert from 'node:assert/strict';
import { FormatError } from '../../../../src/core/base/byteReader.ts';
import {
  evaluateLocation,
  evaluateValue,
  Unavailable,
  type ExpressionFrame,
} from '../../../../src/core/formats/dwarf/expression.ts';
import { DW_OP } from '../../../../src/core/formats/dwarf/constants.ts';
import { filePath } from '../../../../src/core/formats/dwarf/lineHeader.ts';
import { normalizePath, joinPath } from '../../../../src/core/formats/dwarf/paths.ts';

const setting = { addressSize: 8, relocation: 0x1000n } as const;
const frame: ExpressionFrame = {
  cfa: 0x8000n,
  readRegister: async (number) => (number === 31 ? undefined : BigInt(number) * 0x100n),
  readMemory: async (address, size) =>
    address === 0n ? new Uint8Array(0) : new Uint8Array(size).fill(Number(address & 0xffn)),
  frameBase: async () => 0x7000n,
};

async function check(bytes: readonly number[], expected: bigint): Promise<void> {
  const actual = await evaluateValue(Uint8Array.from(bytes), frame, setting);
  assert.equal(actual, BigInt.asUintN(64, expected), bytes.join(' '));
}

const lit = (n: number) => DW_OP.lit0 + n;
const minus = (n: number) => [DW_OP.const1s, -n & 0xff];

describe('DWARF expressions', () => {
  it('push literals', async () => {
    await check([lit(0)], 0n);
    await check([lit(31)], 31n);
    await check([DW_OP.const1s, 0xff], -1n);
    await check([DW_OP.const2u, 0xff, 0xff], 0xffffn);
    await check([DW_OP.const4s, 0, 0, 0, 0x80], -0x80000000n);
    await check([DW_OP.const8u, 1, 0, 0, 0, 0, 0, 0, 0x80], 0x8000000000000001n);
    await check([DW_OP.constu, 0x80, 1], 128n);
    await check([DW_OP.consts, 0x7f], -1n);
    await check([DW_OP.addr, 0, 0x20, 0, 0, 0, 0, 0, 0], 0x3000n);
  });

  it('read registers, the frame base, the CFA and memory', async () => {
    await check([DW_OP.breg0 + 8, 0x70], 0x7f0n);
    await check([DW_OP.bregx, 5, 4], 0x504n);
    await check([DW_OP.fbreg, 0x78], 0x6ff8n);
    await check([DW_OP.call_frame_cfa], 0x8000n);
    await check([DW_OP.reg0 + 3], 0x300n);
    await check([lit(17), DW_OP.deref], 0x1111111111111111n);
    await check([lit(17), DW_OP.deref_size, 2], 0x1111n);
  });

  it('move the stack', async () => {
    await check([lit(1), lit(2), DW_OP.swap, DW_OP.minus], 1n);
    await check([lit(1), lit(2), DW_OP.over, DW_OP.plus, DW_OP.plus], 4n);
    await check([lit(1), lit(2), lit(3), DW_OP.rot, DW_OP.drop, DW_OP.drop], 3n);
    await check([lit(5), lit(2), lit(3), DW_OP.pick, 2], 5n);
    await check([lit(7), DW_OP.dup, DW_OP.mul], 49n);
  });

  it('calculate, with a sign where DWARF wants one', async () => {
    await check([...minus(7), lit(2), DW_OP.div], -3n);
    await check([...minus(1), lit(16), DW_OP.mod], 15n);
    await check([...minus(8), lit(1), DW_OP.shra], -4n);
    await check([...minus(8), DW_OP.const1u, 60, DW_OP.shr], 15n);
    await check([lit(1), DW_OP.const1u, 63, DW_OP.shl], 1n << 63n);
    await check([lit(1), DW_OP.const1u, 64, DW_OP.shl], 0n);
    await check([...minus(5), DW_OP.abs], 5n);
    await check([lit(5), DW_OP.abs], 5n);
    await check([lit(5), DW_OP.neg], -5n);
    await check([lit(0), DW_OP.not], -1n);
    await check([lit(1), DW_OP.plus_uconst, 0x80, 1], 129n);
    await check([...minus(1), lit(1), DW_OP.lt], 1n);
    await check([...minus(1), lit(1), DW_OP.ge], 0n);
    await check([lit(12), lit(10), DW_OP.xor], 6n);
  });

  it('branch', async () => {
    // Counts 3 down to 0 and adds up on the way: 3 + 2 + 1.
    const loop = [
      ...[lit(0), lit(3)],
      ...[DW_OP.swap, DW_OP.over, DW_OP.plus, DW_OP.swap, lit(1), DW_OP.minus, DW_OP.dup],
      ...[DW_OP.bra, 0xf6, 0xff],
      DW_OP.drop,
    ];
    await check(loop, 6n);
    await check([lit(9), DW_OP.skip, 1, 0, DW_OP.drop], 9n);
  });

  it('describe locations and pieces', async () => {
    const at = (...bytes: number[]) => evaluateLocation(Uint8Array.from(bytes), frame, setting);
    const whole = { bitSize: undefined, bitOffset: 0 };
    assert.deepEqual(await at(DW_OP.regx, 40), [
      { location: { kind: 'register', register: 40 }, ...whole },
    ]);
    assert.deepEqual(await at(DW_OP.fbreg, 0), [
      { location: { kind: 'memory', address: 0x7000n }, ...whole },
    ]);
    assert.deepEqual(await at(), [{ location: { kind: 'optimizedOut' }, ...whole }]);
    assert.deepEqual(await at(lit(1), DW_OP.stack_value), [
      { location: { kind: 'implicit', bytes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) }, ...whole },
    ]);
    assert.deepEqual(await at(DW_OP.reg0 + 10, DW_OP.piece, 4, DW_OP.piece, 4), [
      { location: { kind: 'register', register: 10 }, bitSize: 32, bitOffset: 0 },
      { location: { kind: 'optimizedOut' }, bitSize: 32, bitOffset: 0 },
    ]);
    assert.deepEqual(await at(DW_OP.implicit_value, 2, 7, 8, DW_OP.bit_piece, 9, 3), [
      { location: { kind: 'implicit', bytes: Uint8Array.of(7, 8) }, bitSize: 9, bitOffset: 3 },
    ]);
  });

  it('are unavailable where the frame has no answer', async () => {
    const lost = async (...bytes: number[]) =>
      assert.rejects(evaluateValue(Uint8Array.from(bytes), frame, setting), Unavailable);
    await lost(DW_OP.breg0 + 31, 0);
    await lost(lit(0), DW_OP.deref);
    await lost(DW_OP.entry_value, 1, DW_OP.reg0, DW_OP.stack_value);
    await lost(DW_OP.implicit_pointer, 0, 0, 0, 0, 0);
    const bare = { ...frame, cfa: undefined };
    await assert.rejects(
      evaluateValue(Uint8Array.of(DW_OP.call_frame_cfa), bare, setting),
      Unavailable,
    );
  });

  it('take an entry value from the caller when there is one', async () => {
    const asked: number[][] = [];
    const entry: ExpressionFrame = {
      ...frame,
      entryValue: async (expression) => {
        asked.push([...expression]);
        return 42n;
      },
    };
    const bytes = Uint8Array.of(DW_OP.entry_value, 1, DW_OP.reg0 + 10, DW_OP.stack_value);
    assert.equal(await evaluateValue(bytes, entry, setting), 42n);
    assert.deepEqual(asked, [[DW_OP.reg0 + 10]]);
  });

  it('name what is broken in them', async () => {
    const broken = async (message: RegExp, ...bytes: number[]) =>
      assert.rejects(
        evaluateValue(Uint8Array.from(bytes), frame, setting),
        (error) => error instanceof FormatError && message.test(error.message),
      );
    await broken(/the expression stack is empty/, DW_OP.plus);
    await broken(/division by zero/, lit(1), lit(0), DW_OP.div);
    await broken(/DW_OP 0xff is not known here \(at offset 0x1\)/, 0xff);
    await broken(/does not end/, DW_OP.skip, 0xfd, 0xff);
    await broken(/ends at 0x2 where 4 more bytes are needed/, DW_OP.const4u, 1);
    await broken(/overflows/, lit(1), DW_OP.dup, DW_OP.skip, 0xfc, 0xff);
    await broken(/outside/, DW_OP.skip, 100, 0);
  });
});

describe('recorded paths', () => {
  it('are joined and made plain', () => {
    assert.equal(joinPath('/a/b', 'c.c'), '/a/b/c.c');
    assert.equal(joinPath('/a/b/', 'c.c'), '/a/b/c.c');
    assert.equal(joinPath('/a/b', '/c.c'), '/c.c');
    assert.equal(joinPath('', 'c.c'), 'c.c');
    assert.equal(joinPath('C:\\a', 'D:\\c.c'), 'D:\\c.c');
    assert.equal(normalizePath('/a/./b/../c//d.c'), '/a/c/d.c');
    assert.equal(normalizePath('../a/../../b.c'), '../../b.c');
    assert.equal(normalizePath('/../a.c'), '/a.c');
    assert.equal(normalizePath('C:\\a\\..\\b.c'), 'C:/b.c');
    assert.equal(normalizePath('./a.c'), 'a.c');
  });

  // DWARF 5, 6.2.4: "The first entry is the current directory of the compilation."
  it('of a file in a compilation directory that is relative itself has that once', () => {
    const header = {
      directories: { name: (i: number) => ['src/rv32', 'include', '/usr/include'][i] },
      files: { name: () => 'a.c', directory: (i: number) => i },
      firstFile: 0,
    } as const;
    const paths = [0, 1, 2].map((i) => filePath(header, i, 'src/rv32'));
    assert.deepEqual(paths, ['src/rv32/a.c', 'src/rv32/include/a.c', '/usr/include/a.c']);
  });
});
