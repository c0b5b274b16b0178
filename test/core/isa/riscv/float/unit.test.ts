/** mstatus.FS, the control and status registers, boxing, and what traps: the unit around arithmetic. */
import assert from 'node:assert/strict';
import { constantNames } from '../../../../../src/core/isa/riscv/float/constants.ts';
import { Decoder } from '../../../../../src/core/isa/riscv/decode.ts';
import { disassemble } from '../../../../../src/core/isa/riscv/disassemble.ts';
import {
  floatArithmeticRows,
  floatMemoryRows,
  compressedDoubleRows,
  compressedSingleRows,
} from '../../../../../src/core/isa/riscv/instructions/f.ts';
import { additionalFloatRows } from '../../../../../src/core/isa/riscv/instructions/zfa.ts';
import { parseIsaString } from '../../../../../src/core/isa/riscv/isaString.ts';
import { parsePattern } from '../../../../../src/core/isa/riscv/pattern.ts';
import { encodePattern } from '../../../../differential/encode.ts';
import { fullIsa, fullIsa32, machineCode } from '../gnuAssembler.ts';
import { ramBase, rig, type Rig } from '../rig.ts';
import { Random } from './operands.ts';

const isa = 'rv64gch_zfh_zfa_sstc';
const FS = 0x6000n;
const SD = 1n << 63n;
const [off, initial, clean, dirty] = [0n, 0x2000n, 0x4000n, 0x6000n];
const data = BigInt(ramBase + 0x2000);

/** A hart with the program's floats enabled as said: lines of assembly, or words. */
function unit(source: string | readonly number[], fs: bigint, extensions = isa): Rig {
  const narrow = typeof source === 'string' && source.startsWith('c.');
  const options = `.option arch, +d, +zfh\n.option ${narrow ? '' : 'no'}rvc\n`;
  const r = rig(typeof source === 'string' ? options + source : '', { isa: extensions });
  if (typeof source !== 'string') {
    r.memory.load(ramBase, new Uint8Array(Uint32Array.from(source).buffer));
  }
  r.setCsr('mtvec', BigInt(ramBase + 0x1000));
  r.setCsr('mstatus', (r.csr('mstatus') & ~FS) | fs);
  return r;
}

/** Runs one instruction that traps; its cause and mtval. */
function trapOf(r: Rig): { cause: bigint; tval: bigint } {
  const before = r.hart.instructions;
  r.hart.run(1);
  assert.equal(r.hart.instructions, before, 'it retired');
  assert.equal(r.hart.pc, BigInt(ramBase + 0x1000));
  return { cause: r.csr('mcause'), tval: r.csr('mtval') };
}

const statusOf = (r: Rig): bigint => r.csr('mstatus') & FS;
const one = 0x3ff0_0000_0000_0000n;

describe('core/isa/riscv/float unit', () => {
  it('is off after reset, and then everything of it is an illegal instruction', () => {
    const lines = ['fadd.d fa0, fa1, fa2', 'fld fa0, 0(a0)', 'fsd fa0, 0(a0)', 'flh fa0, 0(a0)'];
    lines.push('fmv.x.d a0, fa0', 'fclass.h a0, fa0', 'frflags a0', 'fsrm zero', 'frcsr a0');
    for (const line of lines) {
      const r = unit(line, off);
      r.hart.writeRegister('a0', data);
      const { cause, tval } = trapOf(r);
      assert.equal(cause, 2n, line);
      const low = machineCode(['.option norvc', line]).readUInt16LE(0);
      assert.equal(tval & 0xffffn, BigInt(low), line);
    }
    assert.equal(rig('nop', { isa }).csr('mstatus') & (FS | SD), 0n);
  });

  it('does not exist without F: FS stays 0, its CSRs and instructions are illegal', () => {
    const r = unit('fmv.x.d a0, fa0', dirty, 'rv64imac');
    assert.equal(r.csr('mstatus') & (FS | SD), 0n);
    assert.equal(trapOf(r).cause, 2n);
    assert.equal(trapOf(unit('frcsr a0', dirty, 'rv64imac')).cause, 2n);
    assert.equal(r.hart.readRegister('fa0'), undefined);
    assert.equal(r.hart.writeRegister('fa0', 1n), undefined);
    // F alone has no doubles, D no halves, Zfhmin no arithmetic on them, and none has Zfa.
    for (const [line, extensions] of [
      ['fadd.d fa0, fa0, fa0', 'rv64if'],
      ['c.fld fa0, 0(a0)', 'rv64ifc'],
      ['flh fa0, 0(a0)', 'rv64ifd'],
      ['fadd.h fa0, fa0, fa0', 'rv64if_zfhmin'],
      ['fcvt.d.h fa0, fa0', 'rv64if_zfh'],
      [[0x4045_8553], 'rv64ifd_zfh'],
      [[0x4445_8553], 'rv64ifd_zfa'],
    ] as const) {
      assert.equal(trapOf(unit(line, initial, extensions)).cause, 2n, `${line} on ${extensions}`);
    }
    unit([0x4045_8553], initial, 'rv64if_zfa').step(1);
  });

  it('becomes dirty with a write of a register, of flags, or of control', () => {
    const writes = [
      'fadd.d fa0, fa1, fa2',
      'flw fa0, 0(a0)',
      'fmv.w.x fa0, a0',
      'fsrm a0',
      'fsflags zero',
    ];
    // 1/3 cannot be an integer: only flags change.
    writes.push('fcvt.w.d a1, fa3', 'fsflagsi 0', 'fscsr zero', 'csrci fcsr, 1');
    const reads = [
      'fsw fa0, 0(a0)',
      'fmv.x.d a1, fa0',
      'feq.d a1, fa0, fa0',
      'frcsr a1',
      'csrci fcsr, 0',
    ];
    for (const fs of [initial, clean]) {
      for (const line of [...writes, ...reads]) {
        const r = unit(line, fs);
        r.hart.writeRegister('a0', data);
        r.hart.writeRegister('fa3', 0x3fd5_5555_5555_5555n);
        r.setCsr('mstatus', (r.csr('mstatus') & ~FS) | fs);
        r.step(1);
        const isDirty = writes.includes(line);
        assert.equal(statusOf(r), isDirty ? dirty : fs, line);
        assert.equal(r.csr('mstatus') & SD, isDirty ? SD : 0n, line);
        assert.equal(r.csr('sstatus') & (FS | SD), isDirty ? dirty | SD : fs, line);
      }
    }
  });

  it('is not made dirty by a load that faults, and goes on inline when it is', () => {
    const r = unit('fld fa0, 0(a0)\nfld fa1, 0(a1)\nfld fa2, 8(a1)', initial);
    r.hart.writeRegister('a0', 0x4000_0000n);
    assert.equal(trapOf(r).cause, 5n);
    assert.equal(statusOf(r), initial);
    r.memory.load(Number(data), new Uint8Array(16).fill(0x21));
    r.hart.writeRegister('a1', data);
    r.hart.pc = BigInt(ramBase + 4);
    r.step(2);
    assert.equal(statusOf(r), dirty);
    assert.equal(r.x('fa1'), 0x2121_2121_2121_2121n);
    assert.equal(r.x('fa2'), 0x2121_2121_2121_2121n);
  });

  it('obeys both status registers in a guest, and makes both dirty', () => {
    const inGuest = (line: string, host: bigint, guest: bigint): Rig => {
      const r = unit(line, host);
      r.setCsr('vsstatus', guest);
      r.hart.privilege = 1;
      r.hart.virtualized = true;
      // All of memory for everybody: pmpaddr0 with NAPOT and R, W, X.
      r.setCsr('pmpaddr0', (1n << 54n) - 1n);
      r.setCsr('pmpcfg0', 0x1fn);
      return r;
    };
    for (const [host, guest] of [
      [off, dirty],
      [dirty, off],
      [off, off],
    ] as const) {
      // Never a virtual instruction (hypervisor, vsstatus).
      assert.equal(trapOf(inGuest('fmv.x.d a0, fa0', host, guest)).cause, 2n);
      assert.equal(trapOf(inGuest('frcsr a0', host, guest)).cause, 2n);
      assert.equal(trapOf(inGuest('fld fa0, 0(a0)', host, guest)).cause, 2n);
    }
    for (const line of ['fmv.d.x fa0, zero', 'fsflags zero', 'fld fa0, 0(a0)']) {
      const r = inGuest(line, clean, initial);
      r.hart.writeRegister('a0', data);
      r.step(1);
      assert.equal(statusOf(r), dirty, line);
      assert.equal(r.csr('vsstatus') & (FS | SD), dirty | SD, line);
    }
    // Without V the guest's status counts for nothing, and stays.
    const r = unit('fmv.d.x fa0, zero', clean);
    r.step(1);
    assert.equal(r.csr('vsstatus') & FS, off);
  });

  it('follows the status register at once when a program writes it', () => {
    const r = unit(
      'li a0, 0x2000\ncsrs mstatus, a0\nfld fa0, 0(a1)\nli a0, 0x6000\ncsrc mstatus, a0\nfld fa0, 0(a1)',
      off,
    );
    r.hart.writeRegister('a1', data);
    r.step(5);
    assert.equal(trapOf(r).cause, 2n);
  });

  it('refuses reserved rounding modes, also of instructions that do not round', () => {
    const withMode = (word: number, rm: number): number => ((word & ~0x7000) | (rm << 12)) >>> 0;
    const words = { 'fadd.d': 0x02c5_8553, 'fcvt.d.s': 0x4205_8553, 'fcvt.d.w': 0xd205_0553 };
    for (const [name, word] of Object.entries(words)) {
      for (const rm of [5, 6]) {
        const reserved = withMode(word, rm);
        assert.equal(trapOf(unit([reserved], initial)).cause, 2n, name);
        const bytes = new Uint8Array(Uint32Array.of(reserved).buffer);
        assert.equal(disassemble(bytes, 0n).valid, false, name);
      }
      for (const frm of [5n, 6n, 7n]) {
        const dynamic = unit([withMode(word, 7)], initial);
        dynamic.setCsr('frm', frm);
        assert.equal(trapOf(dynamic).cause, 2n, name);
        const fixed = unit([withMode(word, 0)], initial);
        fixed.setCsr('frm', frm);
        fixed.step(1);
      }
    }
    // What has no rounding mode does not look at frm.
    const r = unit('fmin.d fa0, fa1, fa2', initial);
    r.setCsr('frm', 7n);
    r.step(1);
  });

  it('shows flags and mode in three registers', () => {
    const r = unit('nop', initial);
    r.setCsr('fcsr', 0xffff_ffffn);
    assert.deepEqual(
      ['fcsr', 'frm', 'fflags'].map((n) => r.csr(n)),
      [0xffn, 7n, 31n],
    );
    r.setCsr('fflags', 0xf2n);
    r.setCsr('frm', 0xfan);
    assert.deepEqual(
      ['fcsr', 'frm', 'fflags'].map((n) => r.csr(n)),
      [0x52n, 2n, 0x12n],
    );
  });

  it('boxes what is narrower, and takes what is not boxed for NaN', () => {
    const r = unit(
      'flh fa0, 0(a0)\nflw fa1, 0(a0)\nfmv.w.x fa2, a1\nfadd.s fa3, fa4, fa4\nfsw fa4, 4(a0)\nfmv.x.w a2, fa4\nfsgnj.s fa5, fa4, fa4',
      initial,
    );
    r.memory.load(Number(data), Uint8Array.of(0x34, 0x92, 0x56, 0xf8, 0, 0, 0, 0));
    r.hart.writeRegister('a0', data);
    r.hart.writeRegister('a1', 0x1234_5678_3f80_0000n);
    r.hart.writeRegister('fa4', 0x0000_0000_bf80_0000n);
    r.step(7);
    assert.equal(r.x('fa0'), 0xffff_ffff_ffff_9234n);
    assert.equal(r.x('fa1'), 0xffff_ffff_f856_9234n);
    assert.equal(r.x('fa2'), 0xffff_ffff_3f80_0000n);
    assert.equal(r.x('fa3'), 0xffff_ffff_7fc0_0000n);
    assert.equal(r.x('a2'), 0xffff_ffff_bf80_0000n);
    assert.equal(r.x('fa5'), 0xffff_ffff_7fc0_0000n);
    const stored = new DataView(r.memory.view8(Number(data) + 4, 4)!.slice().buffer);
    assert.equal(stored.getUint32(0, true), 0xbf80_0000);
  });

  it('has f0 to f31 for debuggers under both names, f0 among them as any other', () => {
    const r = unit('fmv.d.x ft0, a0\nfld f31, 0(a1)\nfmv.x.d a2, f0', clean);
    r.hart.writeRegister('a0', one);
    r.hart.writeRegister('a1', data);
    r.hart.writeRegister('fs11', 5n);
    assert.equal(r.x('f27'), 5n);
    assert.equal(statusOf(r), dirty);
    r.step(3);
    assert.equal(r.x('ft0'), one);
    assert.equal(r.x('a2'), one);
    assert.equal(r.x('ft11'), 0n);
    assert.equal(r.hart.pc, BigInt(ramBase + 12));
    assert.equal(r.x('zero'), 0n);
  });

  it('reports loads and stores that fault with their transformed instruction', () => {
    const cases: readonly [line: string, mtinst: bigint][] = [
      ['fld fa0, 16(a1)', 0x0000_3507n],
      ['fsd fa2, 16(a1)', 0x00c0_3027n],
      ['flw ft0, 16(a1)', 0x0000_2007n],
      ['fsh fs11, 16(a1)', 0x01b0_1027n],
      ['c.fld fs0, 16(a1)', 0x0000_3405n],
      ['c.fsd fs1, 16(a1)', 0x0090_3025n],
    ];
    for (const [line, mtinst] of cases) {
      const r = unit(line, clean);
      r.hart.writeRegister('a1', 0x4000_0000n);
      const { cause, tval } = trapOf(r);
      assert.equal(cause, /fs[dh] /.test(line) ? 7n : 5n, line);
      assert.equal(tval, 0x4000_0010n, line);
      assert.equal(r.csr('mtinst'), mtinst, line);
    }
  });

  it('loads the constants that their names say', () => {
    const numbers: Record<string, (low: bigint) => number> = {
      d: (x) => new Float64Array(BigUint64Array.of(x).buffer)[0]!,
      s: (x) => new Float32Array(Uint32Array.of(Number(x & 0xffff_ffffn)).buffer)[0]!,
    };
    const least: Record<string, number> = { d: 2 ** -1022, s: 2 ** -126 };
    for (const suffix of ['d', 's']) {
      const row = additionalFloatRows.find((r) => r.mnemonic === `fli.${suffix}`)!;
      const words = constantNames.map((_, i) =>
        encodePattern(row.pattern, { frd: i, constant: i }),
      );
      const r = unit(words, initial);
      r.step(words.length);
      constantNames.forEach((name, constant) => {
        const value = numbers[suffix]!(r.x(`f${constant}`));
        const special: Record<string, number> = { min: least[suffix]!, inf: Infinity, nan: NaN };
        assert.equal(value, special[name] ?? Number(name), `${suffix} ${name}`);
      });
    }
    // Half precision: of the table in riscv-isa-sim, those at its ends and in the middle.
    const half: Record<number, bigint> = {
      0: 0xbc00n,
      1: 0x400n,
      2: 0x100n,
      3: 0x200n,
      16: 0x3c00n,
    };
    Object.assign(half, { 28: 0x7800n, 29: 0x7c00n, 30: 0x7c00n, 31: 0x7e00n });
    const row = additionalFloatRows.find((r) => r.mnemonic === 'fli.h')!;
    for (const [constant, pattern] of Object.entries(half)) {
      const word = encodePattern(row.pattern, { frd: 10, constant: Number(constant) });
      const r = unit([word], initial);
      r.step(1);
      assert.equal(r.x('fa0') & 0xffffn, pattern, constant);
    }
  });
});

describe('core/isa/riscv/float rows', () => {
  for (const xlen of [64, 32] as const)
    it(`of RV${xlen} are disassembled as the assembler takes them, which gives them back`, () => {
      const random = new Random(1);
      const decoder = new Decoder(undefined, xlen);
      const compressed = [...compressedDoubleRows, ...compressedSingleRows];
      const all = [...floatMemoryRows, ...floatArithmeticRows, ...compressed];
      const rows = all.filter((row) => (row.xlen ?? xlen) === xlen);
      const words = rows.flatMap((row) =>
        Array.from({ length: 8 }, () => {
          const fields = [...parsePattern(row.pattern).fields.values()];
          for (;;) {
            const values = Object.fromEntries(
              fields.map((f) => [f.name, f.bias + random.below(2 ** f.bits)]),
            );
            // Where the mode changes nothing, the assembler knows one encoding alone.
            if ('float' in row && row.float?.exact) values['rm'] = 0;
            const word = encodePattern(row.pattern, values);
            if (decoder.decode(word)?.written === row) return word;
          }
        }),
      );
      const bytes = Buffer.concat(
        words.map((word) => {
          const wide = (word & 3) === 3;
          return Buffer.from(new Uint8Array(Uint32Array.of(word).buffer).slice(0, wide ? 4 : 2));
        }),
      );
      const lines: string[] = [];
      for (let at = 0; at < bytes.length;) {
        const { size, text, valid } = disassemble(bytes.subarray(at, at + 4), BigInt(at), xlen);
        assert.ok(valid, text);
        lines.push(text);
        at += size;
      }
      // Wide instructions must not become narrow ones.
      const kept = lines.map((l) => (l.startsWith('c.') ? `.option rvc\n${l}\n.option norvc` : l));
      const isa = xlen === 32 ? fullIsa32 : fullIsa;
      const code = machineCode(['.option norvc', ...kept], isa);
      assert.equal(code.toString('hex'), bytes.toString('hex'));
    });

  it('of Zfa have the encodings of riscv-opcodes', () => {
    const singles: Record<string, number> = {
      fli: 0xf010_0053,
      fminm: 0x2800_2053,
      fmaxm: 0x2800_3053,
      fround: 0x4040_0053,
      froundnx: 0x4050_0053,
      fleq: 0xa000_4053,
      fltq: 0xa000_5053,
    };
    const formats: Record<string, number> = { s: 0, d: 1 << 25, h: 2 << 25 };
    const expected = new Map<string, number>([['fcvtmod.w.d', 0xc280_1053]]);
    for (const [name, word] of Object.entries(singles)) {
      for (const [f, bits] of Object.entries(formats)) expected.set(`${name}.${f}`, word | bits);
    }
    assert.equal(additionalFloatRows.length, expected.size);
    for (const { mnemonic, pattern } of additionalFloatRows) {
      assert.equal(parsePattern(pattern).match, expected.get(mnemonic)! >>> 0, mnemonic);
    }
    const words = Uint32Array.of(0xf018_0553, 0x4045_f553, 0x4045_9553, 0xa0c5_c553, 0xd205_f553);
    const texts = [...words].map(
      (w) => disassemble(new Uint8Array(Uint32Array.of(w).buffer), 0n).text,
    );
    assert.deepEqual(texts, [
      'fli.s fa0, 1.0',
      'fround.s fa0, fa1',
      'fround.s fa0, fa1, rtz',
      'fleq.s a0, fa1, fa2',
      'fcvt.d.w fa0, a1, dyn',
    ]);
  });

  it('exist as an ISA string says', () => {
    const names = (text: string): string[] =>
      [...parseIsaString(text).extensions].filter((n) => /^(f|d|z[cf].*)$/.test(n)).sort();
    assert.deepEqual(names('rv64g'), ['d', 'f']);
    assert.deepEqual(names('rv64gc'), ['d', 'f', 'zca', 'zcd']);
    assert.deepEqual(names('rv64imac_zfh'), ['f', 'zca', 'zfh', 'zfhmin']);
    assert.deepEqual(names('rv64ic_zcd'), ['d', 'f', 'zca', 'zcd']);
    assert.deepEqual(names('rv64imac'), ['zca']);
    assert.deepEqual(names(''), ['d', 'f', 'zca', 'zcd']);
    assert.match(parseIsaString('rv64gc_zfh').deviceTree, /^rv64imafdc_.*_zfh_zfhmin_zca_zcd_/);
    const misa = (text: string): bigint => rig('nop', { isa: text }).csr('misa') & 0x28n;
    assert.deepEqual([misa('rv64imac'), misa('rv64if'), misa('')], [0n, 0x20n, 0x28n]);
  });
});
