/** Decoder and disassembler against objdump, over words of every row and words at random. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { disassemble } from '../../../../src/core/isa/riscv/disassemble.ts';
import { csrNumber } from '../../../../src/core/isa/riscv/csr/names.ts';
import { csrTable } from '../../../../src/core/isa/riscv/csr/table.ts';
import { matches, parsePattern } from '../../../../src/core/isa/riscv/pattern.ts';
import { Decoder } from '../../../../src/core/isa/riscv/decode.ts';
import { inFolder } from '../../../differential/assemble.ts';
import { allRowsOf, encodePattern } from '../../../differential/encode.ts';
import { Random } from '../../../differential/random.ts';
import { fullIsa, fullIsa32, machineCode } from './gnuAssembler.ts';

const isas = { 32: fullIsa32, 64: fullIsa } as const;
const abis = { 32: 'ilp32', 64: 'lp64' } as const;

/** Text of each word as objdump has it: mnemonic and operands, without its comments. */
function objdump(words: readonly number[], xlen: 32 | 64): string[] {
  return inFolder((folder) => {
    const file = path.join(folder, 'words.bin');
    // Four bytes each; what follows a compressed instruction is a c.nop.
    const bytes = new DataView(new ArrayBuffer(words.length * 4));
    words.forEach((word, i) => {
      bytes.setUint32(i * 4, (word & 3) === 3 ? word : (word & 0xffff) | 0x10000, true);
    });
    writeFileSync(file, new Uint8Array(bytes.buffer));
    // An object file says which extensions there are; a flat file would be one without H.
    const object = path.join(folder, 'words.o');
    writeFileSync(path.join(folder, 'a.s'), ' nop\n');
    const assembler = [
      `-march=${isas[xlen]}`,
      `-mabi=${abis[xlen]}`,
      '-o',
      object,
      path.join(folder, 'a.s'),
    ];
    execFileSync('riscv64-unknown-elf-as', assembler);
    execFileSync('riscv64-unknown-elf-objcopy', ['--update-section', `.text=${file}`, object]);
    const args = ['-d', '-z', '-M', 'no-aliases', object];
    const run = spawnSync('riscv64-unknown-elf-objdump', args, {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    assert.equal(run.status, 0, run.stderr);
    const text = new Map<number, string>();
    for (const [, at, rest] of run.stdout.matchAll(/^ *([0-9a-f]+):\t[0-9a-f ]+\t(.*)$/gm)) {
      text.set(parseInt(at!, 16), rest!);
    }
    return words.map((_, i) => text.get(i * 4) ?? '');
  });
}

/** Ratified after the assembler that the tests run; it takes their numbers. */
const newerCsrs = /^(medelegh|hedelegh|m(cycle|instret)cfgh?)$/;

/** Spelling is not what is compared: white space, and in which base numbers are. */
function normal(text: string): string {
  const [mnemonic = '', operands = ''] = text
    .replace(/#.*|<.*>/g, '')
    .trim()
    .split(/\s+(.*)/);
  // Targets are hexadecimal, in objdump without saying so.
  const jumps = /^(c\.)?(jal|j|b(eq|ne|lt|ge|ltu|geu)z?)$/.test(mnemonic);
  const numbers = (jumps ? operands.replace(/(?:0x)?([0-9a-f]+)$/, '0x$1') : operands)
    .replace(/\s/g, '')
    .split(/([,()])/)
    .map((part) => (newerCsrs.test(part) ? String(csrNumber(part)) : part))
    .map((part) => (/^-?(0x[0-9a-f]+|\d+)$/.test(part) ? String(numeric(part)) : part))
    .join('');
  return `${mnemonic} ${numbers}`.trim();
}

/** A shift by 32 and more, of a form without a W. */
const beyondWord = /^(c\.)?s(ll|rl|ra)i (\w+,)+(3[2-9]|[4-6]\d)$/;

/** Differences that are right. */
function agrees(a: string, b: string): boolean {
  if (a === b) return true;
  // "Base implementations shall ignore these fields": reserved ones of FENCE and FENCE.I, which objdump minds.
  if (/^fence(\.i|) ?/.test(a) && b.startsWith('.4byte')) return true;
  // HINTs: "C.NOP with imm != 0", and shifts by 0, which were C.SLLI64 and so on of RV128.
  if (a === 'c.nop' && b.startsWith('c.addi zero,')) return true;
  if (/^c\.s(ll|rl|ra)i \w+,0$/.test(a)) return b === a.replace('i ', 'i64 ').slice(0, -2);
  // "For XLEN=32, shamt[5] must be zero" (Zca, C.SLLI); objdump does not mind.
  if (/^\.(word|half) /.test(a) && beyondWord.test(b)) return true;
  // CSRs that are not there have names for objdump; the numbers are compared below.
  return a.startsWith('csr') && a.replace(/,\d+,/, ',?,') === b.replace(/,[a-z]\w*,/, ',?,');
}

function numeric(part: string): bigint {
  const negative = part.startsWith('-');
  const value = BigInt(negative ? part.slice(1) : part);
  return BigInt.asIntN(64, negative ? -value : value);
}

function ours(word: number, at: number, xlen: 32 | 64): { text: string; valid: boolean } {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, word, true);
  const code = (word & 3) === 3 ? bytes : bytes.subarray(0, 2);
  const { text, valid } = disassemble(code, BigInt(at), xlen);
  return { text, valid };
}

/** IMAC with the hypervisor extension: what binutils 2.40 knows all of. */
const extensions = new Set('I M Zalrsc Zaamo Zicsr Zifencei S H C'.split(' '));

for (const xlen of [64, 32] as const)
  describe(`core/isa/riscv/disassemble, RV${xlen}`, () => {
    const allRows = allRowsOf(xlen);
    it('says of words of every base row what objdump says', () => {
      const random = new Random(3);
      const decoder = new Decoder(undefined, xlen);
      const words: number[] = [];
      for (const row of allRows) {
        if (
          !['I', 'M', 'Zalrsc', 'Zaamo', 'Zicsr', 'Zifencei', 'S', 'H', 'C'].includes(row.extension)
        )
          continue;
        const pattern = parsePattern(row.pattern);
        for (let made = 0, tries = 0; made < 30 && tries < 300; tries++) {
          const values: Record<string, number> = {};
          for (const [name, field] of pattern.fields)
            values[name] = field.bias + (random.bits32() | 0);
          const word = encodePattern(row.pattern, values);
          if (!matches(pattern, word) || decoder.decode(word)?.written !== row) continue;
          words.push(word);
          made++;
        }
      }
      assert.ok(words.length > 3000, `${words.length} words`);
      const theirs = objdump(words, xlen);
      assert.deepEqual(differences(words, theirs, xlen).slice(0, 40), []);
    });

    it('agrees with objdump on every compressed word', () => {
      const words = Array.from({ length: 0x10000 }, (_, i) => i).filter((word) => (word & 3) !== 3);
      const theirs = objdump(words, xlen);
      const known = new Set(allRows.map((row) => row.mnemonic));
      // Forms of extensions that this test is not about, such as Zcb.
      const later = new Set(
        allRows.filter((r) => !['C'].includes(r.extension)).map((r) => r.mnemonic),
      );
      const differ = words.flatMap((word, i) => {
        const mine = ours(word, i * 4, xlen);
        const [a, b] = [normal(mine.text), normal(theirs[i]!)];
        const theirMnemonic = b.split(' ')[0]!;
        if (!mine.valid) {
          // C.ADDI16SP: "the code point with nzimm=0 is reserved".
          if (word === 0x6101 || (xlen === 32 && beyondWord.test(b))) return [];
          return known.has(theirMnemonic) && !later.has(theirMnemonic)
            ? [`${word.toString(16)}: ours none, objdump ${b}`]
            : [];
        }
        if (later.has(a.split(' ')[0]!)) return [];
        return agrees(a, b) ? [] : [`${word.toString(16)}: ours ${a}, objdump ${b}`];
      });
      assert.deepEqual(differ.slice(0, 40), []);
    });

    it('agrees with objdump on random words', () => {
      const random = new Random(9);
      const words = Array.from({ length: 60_000 }, () => {
        // Most random words are of opcodes that nobody has: keep to those that are in use.
        const opcode = random.pick([
          0x03, 0x0f, 0x13, 0x17, 0x1b, 0x23, 0x2f, 0x33, 0x37, 0x3b, 0x63, 0x67, 0x6f, 0x73,
        ]);
        return ((random.bits32() & ~0x7f) | opcode) >>> 0;
      });
      const theirs = objdump(words, xlen);
      const base = new Set(
        allRows.filter((r) => extensions.has(r.extension)).map((r) => r.mnemonic),
      );
      const stem = (text: string): string => text.split(' ')[0]!.replace(/\.(aq|rl|aqrl)$/, '');
      const differ = words.flatMap((word, i) => {
        const mine = ours(word, i * 4, xlen);
        const [a, b] = [normal(mine.text), normal(theirs[i]!)];
        if (!base.has(stem(a)) && !base.has(stem(b))) return [];
        return agrees(a, b) ? [] : [`${word.toString(16)}: ours ${a}, objdump ${b}`];
      });
      assert.deepEqual(differ.slice(0, 40), []);
    });

    it('names CSRs as the assembler numbers them', () => {
      const rows = csrTable(xlen).filter((row) => !newerCsrs.test(row.name));
      const lines = rows.map((row) => `csrr x0, ${row.name}`);
      const code = machineCode(lines, isas[xlen]);
      rows.forEach((row, i) => {
        assert.equal(code.readUInt32LE(i * 4) >>> 20, row.number, row.name);
      });
    });
  });

function differences(words: readonly number[], theirs: readonly string[], xlen: 32 | 64): string[] {
  return words.flatMap((word, i) => {
    const [a, b] = [normal(ours(word, i * 4, xlen).text), normal(theirs[i]!)];
    return agrees(a, b) ? [] : [`${word.toString(16)}: ours ${a}, objdump ${b}`];
  });
}
