/**
 * Finds what is certainly wrong in a source file and says nothing where it could be right: a word
 * may be a macro of a file not found, an operand may expand to several. Knows names only through
 * the vocabulary.
 */
import type { Environment } from './environment.ts';
import { arity, parseOperandSyntax } from './operandSyntax.ts';
import { definitionsOf } from './symbols.ts';
import type { Source, Span, Statement, Word } from './source.ts';
import type { Vocabulary } from './vocabulary.ts';

export type ProblemCode = 'unknownMnemonic' | 'unknownControlRegister' | 'operandCount';

export interface Problem extends Span {
  readonly code: ProblemCode;
  readonly message: string;
}

export function problemsOf(
  source: Source,
  vocabulary: Vocabulary,
  environment: Environment,
): Problem[] {
  const labels = new Set(definitionsOf(source).map((d) => d.name));
  const skipped = linesNotToJudge(source);
  const problems: Problem[] = [];
  let known = 0;
  let unknown = 0;
  for (const statement of source.statements) {
    const { name } = statement;
    if (!name || skipped(statement.line) || !isPlainMnemonic(name.text)) continue;
    if (environment.macros.has(name.text) || environment.names.has(name.text)) continue;
    const mnemonic = name.text;
    if (vocabulary.isMnemonic(mnemonic)) {
      known++;
      problems.push(...operandProblems(statement, name, mnemonic));
      continue;
    }
    if (looksLikeMacroCall(statement, source)) continue;
    // Names of preprocessor macros are written in capitals, instructions never.
    if (/[a-z]/.test(mnemonic)) unknown++;
    if (environment.complete) {
      const message = `'${name.text}' is neither an instruction of ${vocabulary.isa.name} nor a macro of this file or of those it includes.`;
      problems.push({ ...spanOf(name), code: 'unknownMnemonic', message });
    }
  }
  return isForeign(known, unknown) ? [] : problems;

  function operandProblems(statement: Statement, name: Word, mnemonic: string): Problem[] {
    const rows = vocabulary.instructions(mnemonic);
    const { operands } = statement;
    if (rows.length === 0 || operands.some((o) => mayExpand(o.text))) return [];
    const counts = rows.map((r) => arity(r.operands));
    const fits = counts.some((c) => c.least <= operands.length && operands.length <= c.most);
    if (!fits) {
      const forms = [...new Set(rows.map((r) => `${mnemonic} ${r.operands}`.trim()))];
      const message = `'${mnemonic}' has ${plural(operands.length)} here; its forms are: ${forms.join(' · ')}`;
      return [{ ...spanOf(name), code: 'operandCount', message }];
    }
    return operands.flatMap((operand, i): Problem[] => {
      const isControl = rows.every(
        (r) => parseOperandSyntax(r.operands)[i]?.outer === 'controlRegister',
      );
      const text = operand.text.toLowerCase();
      if (!isControl || !/^[a-z_]\w*$/.test(text) || vocabulary.isControlRegister(text)) return [];
      if (!environment.complete || isDefined(operand.text)) return [];
      const message = `'${operand.text}' is not a control register of ${vocabulary.isa.name}.`;
      return [{ ...spanOf(operand), code: 'unknownControlRegister', message }];
    });
  }

  function isDefined(name: string): boolean {
    return labels.has(name) || environment.names.has(name);
  }

  /** An operand that the preprocessor or a macro argument may turn into any number of them. */
  function mayExpand(operand: string): boolean {
    if (operand.includes('\\') || operand === '' || !isBalanced(operand)) return true;
    const names = operand.match(/(?<![\w.$%])[A-Za-z_][\w.$]*/g) ?? [];
    return names.some(
      (name) =>
        environment.names.has(name) ||
        (!environment.complete &&
          !labels.has(name) &&
          !vocabulary.isRegister(name) &&
          !vocabulary.isControlRegister(name)),
    );
  }
}

/** A file in which much is unknown is written for another instruction set. */
function isForeign(known: number, unknown: number): boolean {
  return unknown > known || (unknown >= 4 && unknown * 3 > known);
}

function spanOf({ line, start, end }: Span): Span {
  return { line, start, end };
}

function plural(count: number): string {
  return count === 1 ? '1 operand' : `${count === 0 ? 'no' : count} operands`;
}

/** False for the end of a preprocessor macro's arguments that go over several lines. */
function isBalanced(operand: string): boolean {
  return operand.split('(').length === operand.split(')').length;
}

/** Not a directive, nor put together from macro arguments. */
function isPlainMnemonic(name: string): boolean {
  return /^[A-Za-z_][\w.]*$/.test(name);
}

/** `NAME(…)` is a call of a preprocessor macro. */
function looksLikeMacroCall(statement: Statement, source: Source): boolean {
  return /^\s*\(/.test(source.code[statement.line]!.slice(statement.name!.end));
}

/**
 * Lines that are not assembled, or that are assembled by rules we do not follow: branches of
 * `#if` (their condition is unknown, and so is what holds in them), files in another syntax.
 */
function linesNotToJudge(source: Source): (line: number) => boolean {
  const alternate = source.statements.some((s) => s.name?.text.toLowerCase() === '.altmacro');
  if (alternate) return () => true;
  const end = source.statements.find((s) => s.name?.text.toLowerCase() === '.end')?.line;
  const disabled = disabledLines(source);
  return (line) => disabled.has(line) || (end !== undefined && line > end);
}

/** Lines between `#if 0` and its `#else` or `#endif`. */
function disabledLines(source: Source): Set<number> {
  const lines = new Set<number>();
  const stack: { readonly off: boolean; readonly from: number }[] = [];
  const close = (upTo: number): void => {
    const top = stack.pop();
    if (top?.off) for (let i = top.from; i < upTo; i++) lines.add(i);
  };
  for (const p of source.preprocessor) {
    if (/^if/.test(p.directive)) {
      stack.push({ off: p.directive === 'if' && /^0\b/.test(p.argument), from: p.line });
    } else if (p.directive === 'else' || p.directive === 'elif') {
      close(p.line);
      stack.push({ off: false, from: p.line });
    } else if (p.directive === 'endif') {
      close(p.line);
    }
  }
  return lines;
}
