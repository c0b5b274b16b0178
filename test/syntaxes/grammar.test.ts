/**
 * The grammar through the engine that VS Code uses. The sample is one that the GNU assembler
 * takes; its tokens are compared with `trap.S.tokens` (UPDATE_GOLDEN=1 accepts new ones).
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
// These two are CommonJS, whose names Node finds only through the default export.
import oniguruma from 'vscode-oniguruma';
import textmate from 'vscode-textmate';
import type { IGrammar } from 'vscode-textmate';
import { grammarOf } from '../../src/build/generateGrammar.ts';
import { isaNamed } from '../../src/core/registry.ts';

const grammarFile = 'syntaxes/riscv-asm.tmLanguage.json';
const samples = 'test/syntaxes/samples';

async function loadGrammar(): Promise<IGrammar> {
  const wasm = createRequire(path.resolve('package.json')).resolve(
    'vscode-oniguruma/release/onig.wasm',
  );
  await oniguruma.loadWASM(readFileSync(wasm));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async (scope) =>
      scope === 'source.riscv-asm'
        ? textmate.parseRawGrammar(readFileSync(grammarFile, 'utf8'), grammarFile)
        : null,
  });
  const grammar = await registry.loadGrammar('source.riscv-asm');
  assert.ok(grammar);
  return grammar;
}

interface Token {
  readonly text: string;
  /** Without the grammar's own scope and the ending that all names share. */
  readonly scopes: readonly string[];
}

function tokenise(grammar: IGrammar, text: string): Token[][] {
  let stack = textmate.INITIAL;
  return text.split('\n').map((line) => {
    const result = grammar.tokenizeLine(line, stack);
    stack = result.ruleStack;
    return result.tokens.map((t) => ({
      text: line.slice(t.startIndex, t.endIndex),
      scopes: t.scopes.slice(1).map((s) => s.replace(/\.riscv-asm$/, '')),
    }));
  });
}

describe('syntaxes/grammar', () => {
  let grammar: IGrammar;
  before(async () => {
    grammar = await loadGrammar();
  });

  /** The innermost scope of every token that is not blank or plain. */
  function check(line: string, expected: readonly string[]): void {
    const tokens = tokenise(grammar, line).flat();
    const printed = tokens
      .filter((t) => t.text.trim() !== '' && t.scopes.length > 0)
      .map((t) => `${t.text.trim()} ${t.scopes.at(-1)}`);
    assert.deepEqual(printed, expected);
  }

  it('is up to date with the tables', () => {
    const expected = grammarOf(isaNamed('rv64'), 'source.riscv-asm', 'RISC-V Assembly');
    assert.ok(
      readFileSync(grammarFile, 'utf8') === expected,
      'run `node src/build/writeGrammar.mjs` and commit the result',
    );
  });

  it('has a sample that the assembler takes', function () {
    const run = spawnSync(
      'riscv64-unknown-elf-gcc',
      ['-c', '-march=rv64gc', '-mabi=lp64d', 'trap.S', '-o', '/dev/null'],
      { cwd: samples, encoding: 'utf8' },
    );
    assert.equal(run.error, undefined, 'riscv64-unknown-elf-gcc is needed');
    assert.equal(run.stderr, '');
    assert.equal(run.status, 0);
  });

  it('gives the sample the tokens that were looked at', () => {
    const text = readFileSync(path.join(samples, 'trap.S'), 'utf8');
    const printed = tokenise(grammar, text)
      .map((tokens) => {
        const line = tokens.map((t) => t.text).join('');
        const rows = tokens
          .filter((t) => t.text.trim() !== '')
          .map((t) => `    ${t.text.trim()} · ${t.scopes.join(' ')}`.trimEnd());
        return [`> ${line}`.trimEnd(), ...rows].join('\n');
      })
      .join('\n');
    const golden = path.join(samples, 'trap.S.tokens');
    if (process.env['UPDATE_GOLDEN']) writeFileSync(golden, printed + '\n');
    const expected = readFileSync(golden, 'utf8');
    if (printed + '\n' !== expected) writeFileSync(`${golden}.actual`, printed + '\n');
    assert.equal(printed + '\n', expected, `compare ${golden} with ${golden}.actual`);
  });

  it('knows every instruction, and where a name ends', () => {
    for (const { mnemonic } of isaNamed('rv64').instructions) {
      check(`\t${mnemonic}`, [`${mnemonic} keyword.mnemonic`]);
      check(`\t${mnemonic}_x`, [`${mnemonic}_x entity.name.function.macro.call`]);
    }
  });

  it('knows every register and control register in an operand, not as a label', () => {
    const isa = isaNamed('rv64');
    for (const { name } of isa.controlRegisters) {
      check(`csrr ${name}`, ['csrr keyword.mnemonic', `${name} support.variable.csr`]);
    }
    for (const { name, aliases, role } of isa.registers) {
      if (role === 'pc') continue;
      for (const n of [name, ...aliases]) {
        check(`mv ${n}`, ['mv keyword.mnemonic', `${n} variable.language.register`]);
      }
    }
    check('sp:', ['sp entity.name.label', ': punctuation.separator.label']);
    check('j sp_x', ['j keyword.mnemonic']);
  });

  it('takes up instructions after labels and semicolons', () => {
    const nop = 'nop keyword.mnemonic';
    check('1: nop;nop', [
      '1 entity.name.label.local',
      ': punctuation.separator.label',
      nop,
      '; punctuation.separator.statement',
      nop,
    ]);
    check('/* 0 */ /* 1 */ nop', [
      '/* punctuation.definition.comment',
      '0 comment.block',
      '*/ punctuation.definition.comment',
      '/* punctuation.definition.comment',
      '1 comment.block',
      '*/ punctuation.definition.comment',
      nop,
    ]);
    check('j nop', ['j keyword.mnemonic']);
  });

  it('ends an unclosed string with its line', () => {
    const [, second] = tokenise(grammar, '.ascii "open\nnop');
    assert.deepEqual(second, [{ text: 'nop', scopes: ['keyword.mnemonic'] }]);
  });

  it('tells unknown directives from known ones', () => {
    check('.frobnicate 1', ['.frobnicate keyword.other.directive', '1 constant.numeric.decimal']);
    check('.balign 8', ['.balign keyword.control.directive', '8 constant.numeric.decimal']);
  });
});
