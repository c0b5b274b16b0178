import assert from 'node:assert/strict';
import { hoverAt } from '../../src/language/hover.ts';
import { vocabularyOf } from '../../src/language/vocabulary.ts';
import { atCursor, textAt } from './cursor.ts';
import { smallIsa } from './smallIsa.ts';

const vocabulary = vocabularyOf(smallIsa);

function hover(marked: string): { word: string; markdown: string } | undefined {
  const { source, position } = atCursor(marked);
  const found = hoverAt(source, vocabulary, position);
  return found && { word: textAt(source, found.at), markdown: found.markdown };
}

function check(marked: string, word: string, ...parts: readonly string[]): void {
  const found = hover(marked);
  assert.equal(found?.word, word);
  for (const part of parts)
    assert.ok(found.markdown.includes(part), `${part} in\n${found.markdown}`);
}

describe('language/hover', () => {
  it('tells an instruction: operands, summary, encoding, extension, section', () => {
    check(
      'ad¦di a0, a1, 1',
      'addi',
      'addi rd, rs1, imm',
      'Does addi.',
      '`addi rd:5`',
      '*I* · manual 1',
    );
  });

  it('puts the real instruction before its other forms', () => {
    const { markdown } = hover('¦jal a0')!;
    assert.ok(markdown.indexOf('jal rd, offset') < markdown.indexOf('jal offset'));
    assert.ok(markdown.includes('jal ra, offset'));
  });

  it('takes a suffix apart', () => {
    check(
      'amoadd.w.a¦qrl a0, a1, (sp)',
      'amoadd.w.aqrl',
      'amoadd.w.aqrl rd, rs2, (rs1)',
      'Acquire and release.',
    );
    assert.equal(hover('ad¦di.aqrl a0, a1, 1'), undefined);
  });

  it('says that an instruction is known but not executed', () => {
    check('vadd¦.vv v0, v0, v0', 'vadd.vv', 'does not execute');
  });

  it('tells registers with aliases and calling convention', () => {
    check('addi x¦10, sp, 1', 'x10', '**a0** (`x10`)', 'Not saved by the callee', 'Argument 0');
    check('addi a0, s¦p, 1', 'sp', 'Saved by the callee');
    check('ld a0, 8(s¦p)', 'sp', '**sp**');
  });

  it('tells control registers with a table of their fields, highest bits first', () => {
    check(
      'csrrw a0, sat¦p, a1',
      'satp',
      '0x180',
      '| 63:60 | MODE | Scheme (0 Bare, 8 Sv39) |',
      '| 43:0 | PPN | Root page \\| number |',
      'manual 12.1.11',
    );
    const { markdown } = hover('csrrw a0, sat¦p, a1')!;
    assert.ok(markdown.indexOf('MODE') < markdown.indexOf('PPN'));
  });

  it('tells directives, common and of the instruction set, and relocations', () => {
    check('.bal¦ign 8', '.balign', 'boundary');
    check('.opt¦ion push', '.option', 'Options.');
    check('addi a0, a0, %l¦o(x)', '%lo', 'Low part.');
  });

  it('shows the definition of a label, macro or constant of the file', () => {
    check('jal wo¦rk\nwork:\n ret', 'work', 'label, line 2');
    check(
      '.macro save r\n addi \\r, \\r, 1\n.endm\n sa¦ve a0',
      'save',
      'macro',
      'addi \\r, \\r, 1',
    );
    check('#define SIZE 16\n addi sp, sp, SI¦ZE', 'SIZE', '#define SIZE 16');
  });

  it('says nothing in comments, strings and on unknown words', () => {
    assert.equal(hover('nop # ad¦di'), undefined);
    assert.equal(hover('.ascii "ad¦di"'), undefined);
    assert.equal(hover('frob¦nicate a0'), undefined);
    assert.equal(hover('addi a0, a0, pc¦'), undefined);
  });
});
