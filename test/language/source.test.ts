import assert from 'node:assert/strict';
import { parseSource } from '../../src/language/source.ts';

/** `label+label: name | operand | operand`, one line each. */
function check(text: string, expected: readonly string[]): void {
  const printed = parseSource(text).statements.map((s) => {
    const labels = s.labels.map((l) => `${l.text}:`).join('');
    const name = s.name?.text ?? (s.assigned ? `${s.assigned.text} =` : '');
    const operands = s.operands.map((o) => o.text.replaceAll('\u0001', '_')).join(' | ');
    return [labels, name, operands].filter((p) => p !== '').join(' ');
  });
  assert.deepEqual(printed, expected);
}

describe('language/source', () => {
  it('cuts labels, name and operands', () => {
    check('start: addi a0, a0, -1\n', ['start: addi a0 | a0 | -1']);
    check('1: 2:\tld\ta0,8(sp)', ['1:2: ld a0 | 8(sp)']);
    check('_a.b$c:', ['_a.b$c:']);
    check('\tret', ['ret']);
  });

  it('takes ; as the end of a statement, but not in strings', () => {
    check('a: nop; b: .ascii "x;y", "z" ; ret', ['a: nop', 'b: .ascii "___" | "_"', 'ret']);
  });

  it('takes ; in the arguments of a preprocessor macro as theirs', () => {
    check('TEST(3,nop;nop); ret', ['TEST (3,nop;nop)', 'ret']);
  });

  it('leaves out comments of all three kinds', () => {
    check('nop # a, b\nnop // x: y\n/* a:\n b: nop\n*/ ret /* c */', ['nop', 'nop', 'ret']);
    check('.ascii "# no // comment /* here"; nop', ['.ascii "_______________________"', 'nop']);
    check("li a0, '#' # yes", ["li a0 | '__"]);
    check('.string "a\\"b" # c', ['.string "____"']);
  });

  it('keeps preprocessor lines apart, with their continuations', () => {
    const source = parseSource(
      '#define X(a) \\\n  addi a, a, 1; \\\n  nop\n # include <x.h>\n#comment\nnop',
    );
    assert.deepEqual(
      source.preprocessor.map((p) => [p.directive, p.line, p.lastLine]),
      [
        ['define', 0, 2],
        ['include', 3, 3],
      ],
    );
    assert.equal(source.statements.length, 1);
  });

  it('goes on with a comment that a preprocessor line opens', () => {
    check('#define X 1 /* one\n two: nop */ ret', ['ret']);
  });

  it('keeps commas inside parentheses together', () => {
    check('la a0, f(x, y), 3', ['la a0 | f(x, y) | 3']);
  });

  it('knows assignments from labels and comparisons', () => {
    check('size = end - start\n. = 8\nx == 1', ['size = end - start', '. = 8', 'x == 1']);
  });

  it('takes macro arguments as parts of names', () => {
    check('\\name\\()_end: l\\w a0, \\off(sp)\n.L\\@:', [
      '\\name\\()_end: l\\w a0 | \\off(sp)',
      '.L\\@:',
    ]);
  });

  it('has for every line a blanked line of the same length, whatever the text', () => {
    // A linear congruential generator: the same texts on every run.
    let seed = 20240607;
    const random = (n: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * n);
    };
    const pieces = [
      '"',
      "'",
      '\\',
      '#',
      '/*',
      '*/',
      '//',
      '\n',
      ';',
      ':',
      ',',
      '(',
      ')',
      'a0',
      '#define ',
      ' ',
      '\t',
      '%lo',
      '=',
      '.macro x',
      '1:',
      '1f',
      '\r\n',
      'é',
    ];
    for (let i = 0; i < 3000; i++) {
      const text = Array.from({ length: random(30) }, () => pieces[random(pieces.length)]).join('');
      const { code, lines, statements } = parseSource(text);
      assert.deepEqual(
        code.map((c) => c.length),
        lines.map((l) => l.length),
        JSON.stringify(text),
      );
      for (const s of statements) {
        for (const word of [...s.labels, ...s.operands, ...(s.name ? [s.name] : [])]) {
          assert.equal(
            code[word.line]!.slice(word.start, word.end),
            word.text,
            JSON.stringify(text),
          );
        }
      }
    }
  });
});
