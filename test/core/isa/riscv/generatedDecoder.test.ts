/**
 * Generated code makes the same records of words as `Decoder`, whose encodings
 * `integerEncodings.test.ts` and the float tests compare with assembler and riscv-opcodes.
 */
import assert from 'node:assert/strict';
import { decoded as decodedBits } from '../../../../src/core/engine/encodings.ts';
import { EngineMemory } from '../../../../src/core/engine/engineMemory.ts';
import { Interpreter } from '../../../../src/core/engine/interpreter.ts';
import { pageBytes, record, zeroSink } from '../../../../src/core/engine/layout.ts';
import { misalignment } from '../../../../src/core/isa/riscv/alignedJumps.ts';
import { Decoder } from '../../../../src/core/isa/riscv/decode.ts';
import { engineTables } from '../../../../src/core/isa/riscv/engineRows.ts';
import {
  interpreterModule,
  loadEncodings,
} from '../../../../src/core/isa/riscv/interpreterModule.ts';
import { parseIsaString } from '../../../../src/core/isa/riscv/isaString.ts';
import { parsePattern } from '../../../../src/core/isa/riscv/pattern.ts';
import { allRowsOf } from '../../../differential/encode.ts';
import { Random } from '../../../differential/random.ts';

/** In place of extensions. */
const all = ' with all';
const widthOf = (isa: string): 32 | 64 => (isa.startsWith('rv32') ? 32 : 64);

/** A record in memory, and the decoder that fills it in. */
function decoderOf(isa: string) {
  const xlen = widthOf(isa);
  const extensions = isa.endsWith(all)
    ? new Set(['zca', ...allRowsOf(xlen).map((row) => row.extension.toLowerCase())])
    : parseIsaString(isa).extensions;
  const enabled = (name: string): boolean =>
    name === 'I' || name === 'S' || extensions.has(name.toLowerCase());
  const engine = new EngineMemory({ harts: 1, arenaBytes: 1 << 16, ramBytes: 1 << 16 });
  loadEncodings(engine, xlen, enabled);
  const interpreter = new Interpreter(interpreterModule(xlen), engine);
  const { handlers, rows } = engineTables(xlen);
  const model = new Decoder(enabled, xlen);
  const at = engine.arenaBase;
  const { view } = engine;

  const generated = (word: number, offset: number): object | undefined => {
    const result = interpreter.decode(at, word, offset);
    const handler = result & decodedBits.handler;
    if (result === 0) return undefined;
    assert.equal(view.getUint16(at + record.handler, true), handler);
    return {
      handler,
      rd: view.getUint16(at + record.rd, true) / 8,
      rs1: view.getUint16(at + record.rs1, true) / 8,
      rs2: view.getUint16(at + record.rs2, true) / 8,
      imm: view.getInt32(at + record.immediate, true),
      goesOn: (result & decodedBits.goesOn) !== 0,
    };
  };

  const expected = (word: number, offset: number): object | undefined => {
    const found = model.decode(word);
    if (!found) return undefined;
    const { row, rowIndex, length, rd, rs1, rs2, imm } = found;
    // IALIGN is 16 with Zca, else 32.
    const misaligned =
      misalignment(row) === 'anywhere' || (misalignment(row) === 'byTarget' && (imm & 2) !== 0);
    if (misaligned && !extensions.has('zca')) return undefined;
    const target = offset + imm;
    const far = rows[rowIndex]!.direct && (target < 0 || target >= pageBytes);
    const handler = handlers.number(rowIndex, length, far);
    return { handler, rd: rd || zeroSink, rs1, rs2, imm, goesOn: row.flow === 'next' };
  };

  return (word: number, offset: number): void => {
    const what = `0x${word.toString(16)} at ${offset} of ${isa}`;
    assert.deepEqual(generated(word, offset), expected(word, offset), what);
  };
}

describe('core/isa/riscv/generatedDecoder', () => {
  for (const isa of [`rv64${all}`, `rv32${all}`, 'rv64gc', 'rv32imac', 'rv64im', 'rv32i']) {
    const offsetIn = (random: Random): number => random.below(pageBytes / 2) * 2;

    it(`${isa}: all words of 16 bits`, () => {
      const check = decoderOf(isa);
      const random = new Random(1);
      for (let word = 0; word < 0x10000; word++) {
        if ((word & 3) !== 3) check(word, offsetIn(random));
      }
    });

    it(`${isa}: words of every row, and such as differ from them in one bit`, () => {
      const check = decoderOf(isa);
      const random = new Random(2);
      for (const { pattern } of allRowsOf(widthOf(isa))) {
        for (let i = 0; i < 4; i++) {
          const { mask, match, length } = parsePattern(pattern);
          const bits = length === 4 ? random.bits32() : random.below(0x10000);
          const word = (match | (bits & ~mask)) >>> 0;
          check(word, offsetIn(random));
          for (let bit = 2; bit < 32; bit++) {
            const other = (word ^ (1 << bit)) >>> 0;
            check(length === 4 ? other : other & 0xffff, offsetIn(random));
          }
        }
      }
    });
  }
});
