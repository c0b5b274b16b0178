/**
 * The operand syntax of an instruction row (`rd, imm(rs1)`) and what may stand at each operand.
 * Knows the vocabulary of such rows, not any instruction: registers are named r, f or v with d, s
 * or t (`rd`, `rs1`, `frs2`, `vs3`), control registers `csr`, places in code or data
 * `offset`, `label`, `symbol` or `target`; everything else is a constant.
 */

export type OperandKind = 'register' | 'floatRegister' | 'controlRegister' | 'symbol' | 'constant';

export interface OperandSyntax {
  readonly text: string;
  /** What may stand outside parentheses; undefined where the operand starts with one. */
  readonly outer: OperandKind | undefined;
  /** What may stand inside parentheses, where the operand has them. */
  readonly inner: OperandKind | undefined;
  readonly optional: boolean;
}

/** Also for operands in brackets, which may be left out: `rd, rs1[, rm]`. */
export function parseOperandSyntax(operands: string): OperandSyntax[] {
  const result: OperandSyntax[] = [];
  let depth = 0;
  let brackets = 0;
  let text = '';
  let optional = false;
  const flush = (): void => {
    if (text.trim() !== '') result.push(operandSyntax(text.trim(), optional));
    text = '';
    optional = brackets > 0;
  };
  for (const c of operands) {
    if (c === '[') {
      brackets++;
      if (text.trim() === '') optional = true;
    } else if (c === ']') brackets--;
    else if (c === ',' && depth === 0) flush();
    else {
      if (c === '(') depth++;
      if (c === ')') depth--;
      text += c;
    }
  }
  flush();
  return result;
}

/** Smallest and largest number of operands. */
export function arity(operands: string): { least: number; most: number } {
  const syntax = parseOperandSyntax(operands);
  return { least: syntax.filter((o) => !o.optional).length, most: syntax.length };
}

function operandSyntax(text: string, optional: boolean): OperandSyntax {
  const match = /^([^()]*)(?:\(([^()]*)\))?/.exec(text)!;
  const outer = match[1]!.trim();
  const inner = match[2]?.trim();
  return {
    text,
    outer: outer === '' ? undefined : kindOf(outer),
    inner: inner === undefined ? undefined : kindOf(inner),
    optional,
  };
}

function kindOf(name: string): OperandKind {
  if (/^csr/.test(name)) return 'controlRegister';
  if (/^(offset|label|symbol|target)/.test(name)) return 'symbol';
  if (/^fr?[dst]\d?'?$/.test(name)) return 'floatRegister';
  if (/^([rv][dst]\d?'?|sp)$/.test(name)) return 'register';
  return 'constant';
}
