/**
 * Encodings of the integer extensions: of those that the GNU assembler knows from it, of the newer
 * ones from the tables of riscv-opcodes, RISC-V International's own list of encodings.
 */
import assert from 'node:assert/strict';
import { Decoder } from '../../../../src/core/isa/riscv/decode.ts';
import { disassemble } from '../../../../src/core/isa/riscv/disassemble.ts';
import { parsePattern } from '../../../../src/core/isa/riscv/pattern.ts';
import { allRowsOf, encodePattern } from '../../../differential/encode.ts';
import { Random } from '../../../differential/random.ts';
import { fullIsa, fullIsa32, machineCode, newerExtensions } from './gnuAssembler.ts';
import { rig } from './rig.ts';

const assembled =
  'Zba Zbb Zbc Zbs Zbkb Zbkx Zknd Zkne Zknh Zksed Zksh Zawrs Zicbom Zicbop Zicboz Zihintpause';
const rows = allRowsOf(64);
const of = (extension: string, xlen: 32 | 64 = 64) =>
  allRowsOf(xlen).filter((row) => row.extension === extension);

/** By mask: what `instr_dict` of riscv-opcodes has as the match of each mnemonic, hexadecimal. */
const opcodes: Readonly<Record<string, string>> = {
  ffffffff: `
    ntl.p1=200033 ntl.pall=300033 ntl.s1=400033 ntl.all=500033`,
  f800707f: `
    amoadd.b=2f amoadd.h=102f amoand.b=6000002f amoand.h=6000102f amocas.b=2800002f
    amocas.d=2800302f amocas.h=2800102f amocas.q=2800402f amocas.w=2800202f amomax.b=a000002f
    amomax.h=a000102f amomaxu.b=e000002f amomaxu.h=e000102f amomin.b=8000002f amomin.h=8000102f
    amominu.b=c000002f amominu.h=c000102f amoor.b=4000002f amoor.h=4000102f amoswap.b=800002f
    amoswap.h=800102f amoxor.b=2000002f amoxor.h=2000102f`,
  fc03: `
    c.lbu=8000 c.sb=8800`,
  fc43: `
    c.lh=8440 c.lhu=8400 c.sh=8c00`,
  ffff: `
    c.ntl.p1=900a c.ntl.pall=900e c.ntl.s1=9012 c.ntl.all=9016
    c.mop.1=6081 c.mop.3=6181 c.mop.5=6281 c.mop.7=6381 c.mop.9=6481 c.mop.11=6581 c.mop.13=6681
    c.mop.15=6781`,
  fc63: `
    c.mul=9c41`,
  fc7f: `
    c.not=9c75 c.sext.b=9c65 c.sext.h=9c6d c.zext.b=9c61 c.zext.h=9c69 c.zext.w=9c71`,
  fe00707f: `
    czero.eqz=e005033 czero.nez=e007033 mop.rr.0=82004073 mop.rr.1=86004073 mop.rr.2=8a004073
    mop.rr.3=8e004073 mop.rr.4=c2004073 mop.rr.5=c6004073 mop.rr.6=ca004073 mop.rr.7=ce004073`,
  fff0707f: `
    mop.r.0=81c04073 mop.r.1=81d04073 mop.r.2=81e04073 mop.r.3=81f04073 mop.r.4=85c04073
    mop.r.5=85d04073 mop.r.6=85e04073 mop.r.7=85f04073 mop.r.8=89c04073 mop.r.9=89d04073
    mop.r.10=89e04073 mop.r.11=89f04073 mop.r.12=8dc04073 mop.r.13=8dd04073 mop.r.14=8de04073
    mop.r.15=8df04073 mop.r.16=c1c04073 mop.r.17=c1d04073 mop.r.18=c1e04073 mop.r.19=c1f04073
    mop.r.20=c5c04073 mop.r.21=c5d04073 mop.r.22=c5e04073 mop.r.23=c5f04073 mop.r.24=c9c04073
    mop.r.25=c9d04073 mop.r.26=c9e04073 mop.r.27=c9f04073 mop.r.28=cdc04073 mop.r.29=cdd04073
    mop.r.30=cde04073 mop.r.31=cdf04073`,
};

/** Register numbers of the two instructions that take pairs are even. */
const stricter: Readonly<Record<string, number>> = { 'amocas.q': 0x0010_0080 };

const both = (name: string): [string, 32 | 64][] => [
  [name, 64],
  [name, 32],
];

describe('core/isa/riscv/encodings of the integer extensions', () => {
  for (const [extension, xlen] of assembled.split(' ').flatMap((name) => both(name))) {
    it(`${extension} of RV${xlen}: as the assembler has them, and disassembled as they were written`, () => {
      const random = new Random(11);
      const own = of(extension, xlen);
      const decoder = new Decoder(undefined, xlen);
      assert.ok(own.length > 0);
      const lines = own.flatMap((row) =>
        Array.from({ length: 8 }, () => {
          const pattern = parsePattern(row.pattern);
          for (;;) {
            const fields = [...pattern.fields.values()];
            const values = fields.map((f): [string, number] => [f.name, random.below(2 ** f.bits)]);
            const word = encodePattern(row.pattern, Object.fromEntries(values));
            const bytes = new Uint8Array(Uint32Array.of(word).buffer);
            const found = disassemble(bytes, 0n, xlen);
            if (decoder.decode(word)?.written === row) return { word, text: found.text };
          }
        }),
      );
      const isa = xlen === 32 ? fullIsa32 : fullIsa;
      const code = machineCode(
        lines.map((line) => line.text),
        isa,
      );
      lines.forEach(({ word, text }, i) => {
        assert.equal(code.readUInt32LE(i * 4).toString(16), word.toString(16), text);
      });
    });
  }

  it('newer ones: as riscv-opcodes has them', () => {
    const named = new Map<string, readonly [match: number, mask: number]>();
    for (const [mask, text] of Object.entries(opcodes)) {
      for (const [mnemonic, match] of text
        .trim()
        .split(/\s+/)
        .map((entry) => entry.split('='))) {
        named.set(mnemonic!, [parseInt(match!, 16), parseInt(mask, 16)]);
      }
    }
    const own = [...newerExtensions]
      .filter((name) => !name.startsWith('Zf'))
      .flatMap((name) => of(name));
    assert.deepEqual(own.map((r) => r.mnemonic).sort(), [...named.keys()].sort());
    for (const row of own) {
      const [match, mask] = named.get(row.mnemonic)!;
      const pattern = parsePattern(row.pattern);
      const expected = (mask | (stricter[row.mnemonic] ?? 0)) >>> 0;
      assert.equal(pattern.mask.toString(16), expected.toString(16), row.mnemonic);
      assert.equal(pattern.match.toString(16), match.toString(16), row.mnemonic);
    }
  });

  it('are illegal where the extension is not there, all but hints', () => {
    const hints = new Set(['Zihintntl', 'Zihintpause', 'Zicbop']);
    const base = new Set(['I', 'M', 'Zaamo', 'Zalrsc', 'C', 'H', 'S', 'Zicsr', 'Zifencei']);
    const { hart, memory, csr } = rig('nop', { isa: 'rv64imac' });
    const random = new Random(12);
    const extended = rows.filter((r) => r.extension.startsWith('Z') && !base.has(r.extension));
    // Floating point is switched by extensions of its own.
    const own = extended.filter((r) => !hints.has(r.extension) && !r.extension.startsWith('Zf'));
    assert.ok(own.length > 150);
    for (const row of own) {
      const pattern = parsePattern(row.pattern);
      const values = [...pattern.fields.values()].map((f): [string, number] => [
        f.name,
        f.bias + random.below(2 ** Math.min(f.bits, 3)),
      ]);
      const word = encodePattern(row.pattern, Object.fromEntries(values));
      memory.load(0x8000_0000, new Uint8Array(Uint32Array.of(word).buffer));
      hart.pc = 0x8000_0000n;
      assert.equal(hart.run(1).retired, 0, row.mnemonic);
      assert.equal(csr('mcause'), 2n, row.mnemonic);
      assert.equal(csr('mtval'), BigInt(word), row.mnemonic);
    }
  });

  it('exist with any extension that brings them, and not without what they need', () => {
    const decodes = (names: string, word: number): string | undefined =>
      new Decoder((name) => names.split(' ').includes(name)).decode(word)?.written.mnemonic;
    const andn = 0x40c5f533;
    const clmulr = 0x0ac5a533;
    const aes64ks2 = 0x7ec58533;
    assert.equal(decodes('Zbb', andn), 'andn');
    assert.equal(decodes('Zbkb', andn), 'andn');
    assert.equal(decodes('Zba Zbs', andn), undefined);
    assert.equal(decodes('Zbkc', clmulr), undefined);
    assert.equal(decodes('Zbc', clmulr), 'clmulr');
    assert.equal(decodes('Zknd', aes64ks2), 'aes64ks2');
    assert.equal(decodes('Zkne', aes64ks2), 'aes64ks2');
    // zext.h of Zbb is packw with x0 of Zbkb.
    assert.equal(decodes('Zbkb', 0x0805c53b), 'packw');
    assert.equal(decodes('Zbb', 0x0805c53b), 'zext.h');
    assert.equal(decodes('Zbb Zbkb', 0x0805c53b), 'zext.h');
    assert.equal(decodes('Zbb', 0x08c5c53b), undefined);
    assert.equal(decodes('C Zcb', 0x9c65), undefined);
    assert.equal(decodes('C Zcb Zbb', 0x9c65), 'c.sext.b');
    assert.equal(decodes('Zabha Zaamo', 0x2800002f), undefined);
    assert.equal(decodes('Zabha Zaamo Zacas', 0x2800002f), 'amocas.b');
    // Round 11 of the AES key schedule is reserved, and pairs begin with even registers.
    assert.equal(decodes('Zknd', 0x31a59513), 'aes64ks1i');
    assert.equal(decodes('Zknd', 0x31b59513), undefined);
    assert.equal(decodes('Zacas', 0x28c5c52f), 'amocas.q');
    assert.equal(decodes('Zacas', 0x28c5c5af), undefined);
    assert.equal(decodes('Zacas', 0x28d5c52f), undefined);
  });
});
