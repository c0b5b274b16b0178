import assert from 'node:assert/strict';
import { newerMnemonics } from '../../src/core/isa/riscv/assemblerMnemonics.ts';
import { isaNamed } from '../../src/core/registry.ts';
import { vocabularyOf } from '../../src/language/vocabulary.ts';
import { unknownMnemonics } from '../core/isa/riscv/gnuAssembler.ts';

describe('language/vocabulary', () => {
  const isa = isaNamed('rv64');
  const vocabulary = vocabularyOf(isa);

  it('takes a word for an instruction exactly when the assembler does', () => {
    const newer = new Set(Object.values(newerMnemonics).flatMap((t) => t.trim().split(/\s+/)));
    // In GNU as 2.40 and in no manual, or in a manual and not yet in GNU as.
    const apart = new Set(['lga']);
    const words = nearMisses([
      ...isa.instructions.map((i) => i.mnemonic),
      ...isa.assembler!.mnemonics,
    ]);
    assert.ok(words.length > 5000, `${words.length} words`);
    const unknown = new Set(unknownMnemonics(words));
    const wrong = words.filter(
      (w) => !newer.has(w) && !apart.has(w) && vocabulary.isMnemonic(w) === unknown.has(w),
    );
    assert.deepEqual(wrong, []);
  });

  it('finds registers by every name, and the program counter by none', () => {
    for (const { name, aliases, role } of isa.registers) {
      for (const n of [name, ...aliases]) {
        assert.equal(vocabulary.isRegister(n), role !== 'pc', n);
      }
    }
  });
});

/** Every name, and each with a letter left out, doubled or put in its neighbour's place. */
function nearMisses(names: readonly string[]): string[] {
  const words = new Set(names);
  for (const name of names) {
    for (let i = 0; i < name.length; i += 1 + (name.length >> 2)) {
      const [before, letter, after] = [name.slice(0, i), name[i]!, name.slice(i + 1)];
      words.add(before + after);
      words.add(before + letter + letter + after);
      words.add(before + after.slice(0, 1) + letter + after.slice(1));
    }
  }
  return [...words].filter((w) => /^[a-z][a-z0-9]*(\.[a-z0-9]+)*$/.test(w));
}
