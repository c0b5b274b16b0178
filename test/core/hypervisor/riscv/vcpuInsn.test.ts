import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  decodeMemoryInstruction,
  decodeTransformed,
  isPageTableAccess,
  type MemoryInstruction,
} from '../../../../src/core/hypervisor/riscv/vcpuInsn.ts';

/** Instruction bytes as GNU as makes them, 16 or 32 bits each. */
function assemble(lines: readonly string[], isa = 'rv64gc'): number[] {
  const dir = mkdtempSync(path.join(tmpdir(), 'insn-'));
  try {
    const file = (name: string) => path.join(dir, name);
    writeFileSync(file('a.s'), lines.join('\n') + '\n');
    const abi = isa.startsWith('rv32') ? 'ilp32' : 'lp64';
    const options = [`-march=${isa}`, `-mabi=${abi}`];
    execFileSync('riscv64-unknown-elf-as', [...options, '-o', file('a.o'), file('a.s')]);
    const objcopy = ['-O', 'binary', '-j', '.text', file('a.o'), file('a.bin')];
    execFileSync('riscv64-unknown-elf-objcopy', objcopy);
    const bytes = readFileSync(file('a.bin'));
    const result: number[] = [];
    for (let at = 0; at < bytes.length;) {
      const low = bytes.readUInt16LE(at);
      const wide = (low & 3) === 3;
      result.push(wide ? bytes.readUInt32LE(at) : low);
      at += wide ? 4 : 2;
    }
    assert.equal(result.length, lines.length);
    return result;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

type Kind = readonly [mnemonic: string, write: boolean, size: 1 | 2 | 4 | 8, signed: boolean];

const wide: readonly Kind[] = [
  ['lb', false, 1, true],
  ['lbu', false, 1, false],
  ['lh', false, 2, true],
  ['lhu', false, 2, false],
  ['lw', false, 4, true],
  ['lwu', false, 4, false],
  ['ld', false, 8, true],
  ['sb', true, 1, false],
  ['sh', true, 2, false],
  ['sw', true, 4, false],
  ['sd', true, 8, false],
];
const shortForms = wide.filter(([m]) => ['lw', 'ld', 'sw', 'sd'].includes(m));

function expected([, write, size, signed]: Kind, register: number, length: 2 | 4) {
  return { write, size, signed, register, length } satisfies MemoryInstruction;
}

describe('loads and stores that reach devices', () => {
  it('every wide form, every register, several offsets', () => {
    const lines: string[] = ['.option norvc'];
    const wanted: MemoryInstruction[] = [];
    for (const kind of wide) {
      for (let r = 0; r < 32; r++) {
        for (const offset of [0, -2048, 2047]) {
          lines.push(`${kind[0]} x${r}, ${offset}(x${31 - r})`);
          wanted.push(expected(kind, r, 4));
        }
      }
    }
    const code = assemble([lines.slice(0, 2).join('\n'), ...lines.slice(2)]);
    assert.deepEqual(
      code.map((word) => decodeMemoryInstruction(word, 64)),
      wanted,
    );
  });

  it('every compressed form of C, every register it can name', () => {
    const lines: string[] = [];
    const wanted: MemoryInstruction[] = [];
    for (const kind of shortForms) {
      for (let r = 8; r < 16; r++) {
        for (const offset of [0, kind[2], 31 * kind[2]]) {
          lines.push(`c.${kind[0]} x${r}, ${offset}(x${23 - r})`);
          wanted.push(expected(kind, r, 2));
        }
      }
      for (let r = kind[1] ? 0 : 1; r < 32; r++) {
        lines.push(`c.${kind[0]}sp x${r}, ${kind[2] * 3}(sp)`);
        wanted.push(expected(kind, r, 2));
      }
    }
    assert.deepEqual(
      assemble(lines).map((word) => decodeMemoryInstruction(word, 64)),
      wanted,
    );
  });

  // GNU as 2.40 has no Zcb: bit patterns of the Zc chapter, register fields filled in.
  for (const [name, pattern, want] of [
    ['c.lbu', '100000bbb00rrr00', ['lbu', false, 1, false]],
    ['c.lhu', '100001bbb01rrr00', ['lhu', false, 2, false]],
    ['c.lhu', '100001bbb00rrr00', ['lhu', false, 2, false]],
    ['c.lh', '100001bbb10rrr00', ['lh', false, 2, true]],
    ['c.sb', '100010bbb11rrr00', ['sb', true, 1, false]],
    ['c.sh', '100011bbb01rrr00', ['sh', true, 2, false]],
  ] as const) {
    it(`${name} ${pattern}`, () => {
      for (let r = 0; r < 8; r++) {
        const register = r.toString(2).padStart(3, '0');
        const bits = pattern.replace('bbb', '101').replace('rrr', register);
        assert.deepEqual(decodeMemoryInstruction(parseInt(bits, 2), 64), expected(want, 8 + r, 2));
      }
    });
  }

  it('nothing else, so that a device is never half accessed', () => {
    const others = [
      'flw fa0, 0(a0)',
      'fld fa0, 0(a0)',
      'fsw fa0, 0(a0)',
      'fsd fa0, 0(a0)',
      'c.fld fa0, 0(a0)',
      'c.fsd fa0, 0(a0)',
      'c.fldsp fa0, 0(sp)',
      'c.fsdsp fa0, 0(sp)',
      'lr.w a0, (a1)',
      'sc.d a0, a2, (a1)',
      'amoadd.w a0, a2, (a1)',
      'amoswap.d a0, a2, (a1)',
      'addi a0, a1, 1000',
      'c.addi a0, 1',
      'c.li a0, 1',
      'c.addi4spn a0, sp, 8',
      'c.mv a0, a1',
      'c.jr a0',
      'ecall',
      'fence',
    ];
    const decoded = assemble(others).map((word) => decodeMemoryInstruction(word, 64));
    decoded.forEach((d, i) => assert.equal(d, undefined, others[i]));
    assert.equal(decodeMemoryInstruction(0x7003, 64), undefined, 'LDU does not exist');
    assert.equal(decodeMemoryInstruction(0x4023, 64), undefined, 'a store with funct3 4');
    assert.equal(decodeMemoryInstruction(0x4002, 64), undefined, 'c.lwsp to x0 is reserved');
  });

  it('on RV32 neither doublewords nor LWU, whose places others have', () => {
    const words = (lines: string[]) => assemble(lines, 'rv32imafdc');
    const shared = [
      'lb a0, 0(a1)',
      'lhu a0, 0(a1)',
      'lw a0, 0(a1)',
      'c.lw a0, 4(a1)',
      'c.swsp a0, 8(sp)',
    ];
    words(shared).forEach((word, i) => {
      assert.deepEqual(
        decodeMemoryInstruction(word, 32),
        decodeMemoryInstruction(word, 64),
        shared[i],
      );
      assert.ok(decodeMemoryInstruction(word, 32), shared[i]);
    });
    const floats = [
      'c.flw fa0, 4(a1)',
      'c.fsw fa0, 4(a1)',
      'c.flwsp fa0, 8(sp)',
      'c.fswsp fa0, 8(sp)',
    ];
    words(floats).forEach((word, i) => {
      assert.equal(decodeMemoryInstruction(word, 32), undefined, floats[i]);
      assert.equal(decodeMemoryInstruction(word, 64)?.size, 8, floats[i]);
    });
    for (const word of assemble(['ld a0, 0(a1)', 'sd a0, 0(a1)', 'lwu a0, 0(a1)'])) {
      assert.equal(decodeMemoryInstruction(word, 32), undefined);
      assert.equal(decodeTransformed(word & ~0xfff8_0002, 32), undefined);
    }
  });

  it('transformed instructions: rs1 and offset cleared, compressed ones expanded with bit 1 clear', () => {
    const forms = wide.flatMap((kind) => [5, 28].map((r) => [kind, r] as const));
    const code = assemble([...forms.map(([kind, r]) => `.option norvc\n${kind[0]} x${r}, 0(x0)`)]);
    forms.forEach(([kind, r], i) => {
      const bits = code[i] ?? 0;
      assert.deepEqual(decodeTransformed(bits, 64), expected(kind, r, 4));
      // From a compressed instruction, and with an address offset in the rs1 field.
      const compressed = ((bits & ~2) | (3 << 15)) >>> 0;
      assert.deepEqual(decodeTransformed(compressed, 64), expected(kind, r, 2));
    });
    assert.equal(decodeTransformed(0, 64), undefined);
    for (const pseudo of [0x2000, 0x2020, 0x3000, 0x3020]) {
      assert.equal(decodeTransformed(pseudo, 64), undefined);
      assert(isPageTableAccess(pseudo));
    }
  });
});
