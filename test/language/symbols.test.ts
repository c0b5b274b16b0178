import assert from 'node:assert/strict';
import { outlineOf } from '../../src/language/outline.ts';
import type { OutlineItem } from '../../src/language/outline.ts';
import { definitionAt, referencesAt } from '../../src/language/symbols.ts';
import { parseSource } from '../../src/language/source.ts';
import { atCursor } from './cursor.ts';

function checkDefinition(marked: string, expected: readonly string[]): void {
  const { source, position } = atCursor(marked);
  const found = definitionAt(source, position).map((d) => `${d.at.line}:${d.at.start} ${d.kind}`);
  assert.deepEqual(found, expected);
}

function checkReferences(marked: string, expected: readonly string[]): void {
  const { source, position } = atCursor(marked);
  assert.deepEqual(
    referencesAt(source, position).map((r) => `${r.line}:${r.start}`),
    expected,
  );
}

function print(items: readonly OutlineItem[], indent = ''): string[] {
  return items.flatMap(({ definition: d, children }) => [
    `${indent}${d.kind} ${d.name} ${d.at.line}-${d.lastLine}`,
    ...print(children, `${indent}  `),
  ]);
}

describe('language/symbols', () => {
  it('outlines sections with what is in them', () => {
    const text = `#define N 1
.section .text.init, "ax"
.globl start
start: nop
1: j 1b
.macro save r
 sd \\r, 0(sp)
.endm
.section ".data"
.Lvalue: .word 1
.set M, 2
size = . - .Lvalue
.text
end:
`;
    assert.deepEqual(print(outlineOf(parseSource(text))), [
      'define N 0-0',
      'section .text.init 1-7',
      '  label start 3-3',
      '  macro save 5-7',
      'section .data 8-11',
      '  localLabel .Lvalue 9-9',
      '  constant M 10-10',
      '  constant size 11-11',
      'section .text 12-14',
      '  label end 13-13',
    ]);
  });

  it('finds definitions of labels, macros, constants and preprocessor names', () => {
    checkDefinition('j do¦ne\ndone:', ['1:0 label']);
    checkDefinition('.macro save r\n.endm\n sa¦ve a0', ['0:7 macro']);
    checkDefinition('.equ N, 4\n li a0, N¦', ['0:5 constant']);
    checkDefinition('#define N 4\n li a0, N¦', ['0:8 define']);
    checkDefinition('#define N 4\n#define M (N¦ + 1)', ['0:8 define']);
    checkDefinition('j nowhe¦re', []);
  });

  it('takes numeric labels in their direction', () => {
    const text = '1: nop\n j X\n1: nop\n j Y\n1: nop';
    checkDefinition(text.replace('X', '1¦b').replace('Y', '1b'), ['0:0 localLabel']);
    checkDefinition(text.replace('X', '1¦f').replace('Y', '1b'), ['2:0 localLabel']);
    checkDefinition(text.replace('X', '1f').replace('Y', '1¦b'), ['2:0 localLabel']);
  });

  it('finds references in the file, not in comments, strings or longer names', () => {
    checkReferences('wo¦rk: j work # work\n .ascii "work"\n la a0, work+4\n j work2\n j .work', [
      '0:0',
      '0:8',
      '2:8',
    ]);
    checkReferences('#define SI¦ZE 8\n#if SIZE > 4\n li a0, SIZE\n#endif', ['0:8', '1:4', '2:8']);
  });

  it('finds the jumps that lead to one numeric label', () => {
    checkReferences('1¦: j 1f\n1: j 1b\n beqz a0, 1b', ['0:0']);
    checkReferences('1: j 1f\n1¦: j 1b\n beqz a0, 1b', ['0:5', '1:0', '1:5', '2:10']);
  });
});
