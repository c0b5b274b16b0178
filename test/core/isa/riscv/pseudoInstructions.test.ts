/** Every row of the instruction tables, written as its syntax says, goes through the assembler. */
import assert from 'node:assert/strict';
import type { InstructionInfo } from '../../../../src/core/isa/isa.ts';
import { pseudoInstructions } from '../../../../src/core/isa/riscv/pseudoInstructions.ts';
import { isaNamed } from '../../../../src/core/registry.ts';
import { complaints, machineCode, newerExtensions } from './gnuAssembler.ts';

/** One operand that fits everywhere its name stands; `1b` is the instruction itself. */
const examples: Readonly<Record<string, string>> = {
  rd: 'a0',
  rs: 'a1',
  rs1: 'a1',
  rs2: 'a2',
  rt: 't0',
  "rd'": 's0',
  "rs1'": 's1',
  "rs2'": 'a2',
  frd: 'fa0',
  frs: 'fa1',
  frt: 'ft1',
  frs1: 'fa1',
  frs2: 'fa2',
  frs3: 'fa3',
  "frd'": 'fs0',
  "frs2'": 'fs1',
  rm: 'rtz',
  constant: '1.0',
  sp: 'sp',
  imm: '16',
  imm20: '0x12345',
  nzimm: '16',
  nzimm20: '1',
  nzuimm: '16',
  uimm: '16',
  zimm: '16',
  shamt: '3',
  offset: '1b',
  symbol: '1b',
  rnum: '10',
  bs: '3',
  csr: 'sscratch',
  pred: 'rw',
  succ: 'r',
};

function withExamples(text: string, row: InstructionInfo): string {
  const names = new Set(row.operands.match(/[a-z]\w*'?/g));
  return text.replace(/[a-z]\w*'?/g, (word) => {
    if (!names.has(word)) return word;
    const example = examples[word];
    assert.ok(example, `no example for operand '${word}' of ${row.mnemonic}`);
    return example;
  });
}

function lineOf(row: InstructionInfo): string {
  // Prefetches address whole blocks of 32 bytes.
  if (row.mnemonic.startsWith('prefetch.')) return `1: ${row.mnemonic} 32(a1)`;
  // What may be left out is written, without the brackets that say so.
  return `1: ${row.mnemonic} ${withExamples(row.operands, row).replace(/[[\]]/g, '')}`;
}

/** Zba, Zbb and Zcb have instructions of their own for what is two elsewhere, as `zext.w`. */
const withoutShortcuts = 'rv64gch_zfh';

/** By row: why the assembler takes it in no way. */
const exceptions: Readonly<Record<string, string>> = {
  'lga rd, symbol': 'binutils has it from 2.41 on',
  // Conversions that never round have a rounding mode all the same, for newer assemblers.
  ...Object.fromEntries(
    ['d.w frd, rs1', 'd.wu frd, rs1', 'd.s frd, frs1', 's.h frd, frs1', 'd.h frd, frs1'].map(
      (form) => [`fcvt.${form}[, rm]`, 'binutils 2.40 takes no mode'],
    ),
  ),
};

describe('core/isa/riscv/pseudoInstructions', () => {
  it('has only rows whose operand syntax the assembler takes', () => {
    const rows = isaNamed('rv64').instructions;
    const found = complaints(rows.map(lineOf));
    const rejected = [...found].map(
      ([i, text]) => `${rows[i]!.mnemonic} ${rows[i]!.operands}: ${text}`,
    );
    const newer = rows.filter((r) => newerExtensions.has(r.extension));
    const isNewer = (r: string): boolean => newer.some((n) => r.startsWith(`${n.mnemonic} `));
    const unexpected = rejected.filter((r) => !(r.split(':')[0]! in exceptions) && !isNewer(r));
    assert.deepEqual(unexpected, []);
    assert.ok(newer.length > 0 && rejected.filter(isNewer).length >= newer.length);
    for (const exception of Object.keys(exceptions)) {
      assert.ok(
        rejected.some((r) => r.startsWith(`${exception}:`)),
        `${exception} is no exception any more`,
      );
    }
  });

  it('expands as the assembler does', () => {
    // What a symbol expands to is relocated by the linker, and `li` has as many forms as numbers.
    const exact = pseudoInstructions.filter((r) => !/[%…]|or whatever/.test(r.pseudoFor!));
    assert.ok(exact.length > 60, `${exact.length} rows`);
    const head = ['.option norvc', '.option norelax'];
    const slot = (code: string): string[] => ['.balign 32', code];
    const assembled = (line: (row: InstructionInfo) => string): Buffer =>
      machineCode([...head, ...exact.flatMap((r) => slot(line(r)))], withoutShortcuts);
    const written = assembled(lineOf);
    const expanded = assembled((r) => `1: ${withExamples(r.pseudoFor!, r)}`);
    for (const [i, row] of exact.entries()) {
      const bytes = (code: Buffer): string => code.subarray(32 * i, 32 * i + 32).toString('hex');
      // The last slot is as long as its instructions.
      assert.equal(bytes(expanded), bytes(written), `${row.mnemonic} ${row.operands}`);
    }
  });
});
