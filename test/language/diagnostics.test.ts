import assert from 'node:assert/strict';
import { problemsOf } from '../../src/language/diagnostics.ts';
import { environmentOf } from '../../src/language/environment.ts';
import { parseSource } from '../../src/language/source.ts';
import { vocabularyOf } from '../../src/language/vocabulary.ts';
import { textAt } from './cursor.ts';
import { smallIsa } from './smallIsa.ts';

const vocabulary = vocabularyOf(smallIsa);

function check(
  text: string,
  expected: readonly string[],
  files: Readonly<Record<string, string>> = {},
): void {
  const source = parseSource(text);
  const environment = environmentOf(source, 'main.S', (name) => {
    const content = files[name];
    return content === undefined ? undefined : { key: name, text: content };
  });
  const found = problemsOf(source, vocabulary, environment);
  assert.deepEqual(
    found.map((p) => `${p.line} ${p.code} ${textAt(source, p)}`),
    expected,
  );
}

/** Known instructions, so that a file is not taken for one of another instruction set. */
const body = 'ret\n';

describe('language/diagnostics', () => {
  it('finds unknown mnemonics', () => {
    check(body + ' adi a0, a0, 1', ['1 unknownMnemonic adi']);
    check(body + ' addi.aqrl a0, a0, 1', ['1 unknownMnemonic addi.aqrl']);
  });

  it('lets macros be, of the file and of what it includes', () => {
    check('.macro adi a, b, c\n.endm\n adi a0, a0, 1\n ret', []);
    check('#define adi addi\n adi a0, a0, 1\n ret', []);
    const files = { 'a.h': '#include "b.h"\n', 'b.h': '.macro adi a, b, c\n.endm\n#include "a.h"' };
    check('#include "a.h"\n adi a0, a0, 1\n ret', [], files);
    check('.include "b.h"\n adi a0, a0, 1\n ret', [], files);
    check('#include "a.h"\n ado a0, a0, 1\n ret', ['1 unknownMnemonic ado'], files);
  });

  it('says nothing of unknown words when an included file is not found', () => {
    check('#include <asm/asm.h>\n adi a0, a0, 1\n csrrw a0, stap, a1\n ret', []);
    check('#include HEADER\n adi a0, a0, 1\n ret', []);
  });

  it('finds unknown control registers', () => {
    check('csrrw a0, stap, a1', ['0 unknownControlRegister stap']);
    check('csrrw a0, satp, a1; csrrw a0, vl, a1; csrrw a0, 0x180, a1', []);
    check('.equ mine, 0x7c0\n csrrw a0, mine, a1', []);
    check('#define mine 0x7c0\n csrrw a0, mine, a1', []);
  });

  it('finds a wrong number of operands', () => {
    check('addi a0, a0', ['0 operandCount addi']);
    check('addi a0, a0, 1, 2', ['0 operandCount addi']);
    check('ret a0', ['0 operandCount ret']);
    check('fround a0, a1; fround a0, a1, rne; fround a0', ['0 operandCount fround']);
    check('jal x; jal a0, x; jal a0, x, 1', ['0 operandCount jal']);
    check('ld a0, 8(sp); amoadd.w.aqrl a0, a1, (sp)', []);
  });

  it('does not count operands that may expand', () => {
    check('#define PAIR a0, a0\n addi PAIR, 1', []);
    check('#include <x.h>\n addi PAIR, 1', []);
    check('.macro m args:vararg\n addi \\args\n.endm', []);
  });

  it('leaves alone what is not assembled, and files of other instruction sets', () => {
    check('#if 0\n adi\n#else\n ret\n#endif', []);
    check(body + '.end\n adi', []);
    check('.altmacro\n adi\n ret', []);
    check(' movl %eax, %ebx\n pushq %rbp\n ret', []);
    check('#include <x.h>\n mov a0\n cmp a0\n addi a0, a1', []);
    check('TEST(1,\n ret)', []);
    check('vadd.vv v0, v0, v0\n MACRO(x)', []);
  });
});
