import assert from 'node:assert/strict';
import { isaNamed } from '../../src/core/registry.ts';
import { familyOf } from '../../src/language/family.ts';
import { describeMnemonic, hoverAt } from '../../src/language/hover.ts';
import { vocabularyOf } from '../../src/language/vocabulary.ts';
import { atCursor } from './cursor.ts';

const vocabulary = vocabularyOf(familyOf([isaNamed('rv64'), isaNamed('rv32')]));
const hover = (marked: string): string => {
  const { source, position } = atCursor(marked);
  return hoverAt(source, vocabulary, position)?.markdown ?? '';
};

describe('language/family', () => {
  it('knows what only one width has, and says which', () => {
    assert.match(describeMnemonic(vocabulary, 'zip')!, /Zbkb, .* · rv32 alone/);
    assert.match(describeMnemonic(vocabulary, 'addiw')!, /RV64I .* · rv64 alone/);
    assert.doesNotMatch(describeMnemonic(vocabulary, 'addi')!, /alone/);
    assert.match(hover('csrr a0, cycle¦h'), /Bits 63:32 of cycle/);
    assert.match(hover('csrr a0, cycle¦h'), /· rv32 alone/);
  });

  it('has both encodings where they differ', () => {
    const text = describeMnemonic(vocabulary, 'rev8')!;
    assert.match(text, /`011010111000 [^`]*`[^]*rv64 alone/);
    assert.match(text, /`011010011000 [^`]*`[^]*rv32 alone/);
  });

  it('takes suffixes of instructions of one width', () => {
    assert.ok(vocabulary.isMnemonic('amoadd.d.aqrl'));
    assert.ok(vocabulary.isMnemonic('amocas.d.rl'));
  });
});
