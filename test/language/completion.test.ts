import assert from 'node:assert/strict';
import { completionsAt, describeCompletion } from '../../src/language/completion.ts';
import { isaNamed } from '../../src/core/registry.ts';
import { vocabularyOf } from '../../src/language/vocabulary.ts';
import { atCursor, textAt } from './cursor.ts';
import { smallIsa } from './smallIsa.ts';

const vocabulary = vocabularyOf(smallIsa);

function complete(marked: string): Map<string, string> {
  const { source, position } = atCursor(marked);
  return new Map(completionsAt(source, vocabulary, position).map((c) => [c.label, c.kind]));
}

function check(marked: string, expected: readonly string[]): void {
  assert.deepEqual([...complete(marked).keys()].sort(), [...expected].sort());
}

const registers = ['zero', 'sp', 'a0', 'a1'];

describe('language/completion', () => {
  it('offers mnemonics, directives and macros where a statement starts', () => {
    const found = complete('.macro save\n.endm\nx: ad¦');
    assert.equal(found.get('addi'), 'instruction');
    assert.equal(found.get('ret'), 'pseudoInstruction');
    assert.equal(found.get('jal'), 'instruction');
    assert.equal(found.get('.section'), 'directive');
    assert.equal(found.get('.option'), 'directive');
    assert.equal(found.get('save'), 'macro');
    assert.equal(found.has('a0'), false);
    assert.ok(complete('¦').has('addi'));
    assert.ok(complete('ret; ¦').has('addi'));
  });

  it('offers registers where the syntax says so', () => {
    check('addi ¦', registers);
    check('addi a¦', registers);
    check('addi a0, ¦', registers);
    check('ld a0, 8(¦', registers);
    check('amoadd.w.aqrl a0, a1, (¦)', registers);
  });

  it('offers the registers of the file that an operand names', () => {
    const rv64 = vocabularyOf(isaNamed('rv64'));
    const labels = (marked: string): string[] => {
      const { source, position } = atCursor(marked);
      return completionsAt(source, rv64, position).map((c) => c.label);
    };
    const [general, float] = [labels('add ¦'), labels('fadd.d ¦')];
    assert.deepEqual([general.length, float.length], [32, 32]);
    assert.ok(general.includes('a0') && float.includes('fa0'));
    assert.deepEqual(labels('fadd.d fa0, fa1, ¦'), float);
    assert.deepEqual(labels('fld fa0, 8(¦'), general);
    assert.deepEqual(labels('fmv.x.d ¦'), general);
  });

  it('offers control registers only where the syntax says csr', () => {
    check('csrrw a0, ¦', ['satp']);
    check('csrrw ¦', registers);
  });

  it('offers labels and constants for places and constants', () => {
    check('loop: .set N, 1\n1: beq a0, a1, ¦', ['loop', '1b', '1f', 'N', '%lo']);
    check('loop: .set N, 1\n addi a0, a0, ¦', ['N', '%lo']);
    check('loop: addi a0, a0, %lo(¦', ['loop', '%lo']);
    check('loop: .word ¦', ['loop', '%lo']);
  });

  it('offers what any form of an instruction takes', () => {
    check('x: jal ¦', [...registers, 'x', '%lo']);
    check('x: jal a0, ¦', ['x', '%lo']);
  });

  it('offers registers and symbols to macros and unknown instructions', () => {
    check('x: vadd.vv ¦', [...registers, 'x', '%lo']);
  });

  it('offers nothing in comments, strings, preprocessor lines and after the last operand', () => {
    check('addi a0, a0, 1 # ¦', []);
    check('/* ad¦ */', []);
    check('.ascii "ad¦', []);
    check('#define ¦', []);
    check('addi a0, a0, 1, ¦', []);
    check('ret ¦', []);
  });

  it('replaces the word from its start, dots and % included', () => {
    const { source, position } = atCursor('x: .se¦');
    const [first] = completionsAt(source, vocabulary, position);
    assert.equal(textAt(source, first!.at), '.se');
    const relocation = atCursor('addi a0, a0, %l¦');
    const [offered] = completionsAt(relocation.source, vocabulary, relocation.position);
    assert.equal(textAt(relocation.source, offered!.at), '%l');
  });

  it('describes an entry as hovering over it does', () => {
    assert.match(describeCompletion(vocabulary, 'satp', 'controlRegister')!, /MODE/);
    assert.match(describeCompletion(vocabulary, 'addi', 'instruction')!, /Does addi/);
  });
});
