/**
 * What may be written at a place in a source file: mnemonics and directives where a statement
 * starts, and in an operand what the instruction's syntax asks for there. All names come from the
 * vocabulary and the file itself.
 */
import { unreachable } from '../core/base/assert.ts';
import type { RegisterInfo } from '../core/isa/isa.ts';
import { describeControlRegister, describeMnemonic, describeRegister } from './hover.ts';
import { parseOperandSyntax } from './operandSyntax.ts';
import type { OperandKind } from './operandSyntax.ts';
import { definitionsOf } from './symbols.ts';
import { statementAt, stringFiller, wordAt } from './source.ts';
import type { Position, Source, Span, Statement } from './source.ts';
import type { Vocabulary } from './vocabulary.ts';

export type CompletionKind =
  | 'instruction'
  | 'pseudoInstruction'
  | 'directive'
  | 'macro'
  | 'register'
  | 'controlRegister'
  | 'label'
  | 'constant'
  | 'relocation';

export interface Completion {
  readonly label: string;
  readonly kind: CompletionKind;
  /** One line: operands, or what it is. */
  readonly detail: string;
  /** What is replaced by the label. */
  readonly at: Span;
}

export function completionsAt(
  source: Source,
  vocabulary: Vocabulary,
  position: Position,
): Completion[] {
  if (source.inComment(position) || inString(source, position)) return [];
  if (source.preprocessor.some((p) => p.line <= position.line && position.line <= p.lastLine)) {
    return [];
  }
  const word = wordAt(source, position);
  const at: Span = word
    ? { line: word.line, start: word.start, end: position.column }
    : { line: position.line, start: position.column, end: position.column };
  const statement = statementAt(source, position);
  const name = statement?.name;
  if (!statement || !name || position.column <= name.end) {
    return statement?.assigned && position.column > statement.assigned.end
      ? symbols(source, vocabulary, at)
      : names(source, vocabulary, at);
  }
  return operands(source, vocabulary, statement, position, at);
}

/** Markdown for an entry, worked out only for the one that is looked at. */
export function describeCompletion(
  vocabulary: Vocabulary,
  label: string,
  kind: CompletionKind,
): string | undefined {
  switch (kind) {
    case 'instruction':
    case 'pseudoInstruction':
      return describeMnemonic(vocabulary, label);
    case 'register': {
      const register = vocabulary.register(label);
      return register && describeRegister(register);
    }
    case 'controlRegister': {
      const control = vocabulary.controlRegister(label);
      return control && describeControlRegister(control, vocabulary.isa.name);
    }
    case 'directive':
      return vocabulary.directive(label)?.summary;
    case 'relocation':
      return vocabulary.relocation(label)?.summary;
    case 'macro':
    case 'label':
    case 'constant':
      return undefined;
    default:
      return unreachable(kind, 'kind of completion');
  }
}

function inString(source: Source, { line, column }: Position): boolean {
  const before = source.code[line]?.slice(0, column) ?? '';
  return before.endsWith(stringFiller) || (before.split('"').length - 1) % 2 === 1;
}

function names(source: Source, vocabulary: Vocabulary, at: Span): Completion[] {
  const found: Completion[] = [];
  const seen = new Set<string>();
  for (const row of vocabulary.isa.instructions) {
    if (seen.has(row.mnemonic)) continue;
    seen.add(row.mnemonic);
    const first = vocabulary.instructions(row.mnemonic)[0]!;
    const kind = first.pseudoFor === undefined ? 'instruction' : 'pseudoInstruction';
    const detail = `${first.operands === '' ? '' : `${first.operands} — `}${first.summary}`;
    found.push({ label: row.mnemonic, kind, detail, at });
  }
  for (const d of vocabulary.directives) {
    found.push({ label: d.name, kind: 'directive', detail: d.summary, at });
  }
  for (const d of definitionsOf(source)) {
    if (d.kind !== 'macro' || seen.has(d.name)) continue;
    seen.add(d.name);
    found.push({ label: d.name, kind: 'macro', detail: 'macro of this file', at });
  }
  return found;
}

function operands(
  source: Source,
  vocabulary: Vocabulary,
  statement: Statement,
  position: Position,
  at: Span,
): Completion[] {
  const name = statement.name!.text.toLowerCase();
  if (name.startsWith('.')) return symbols(source, vocabulary, at);
  const before = source.code[position.line]!.slice(statement.name!.end, position.column);
  const { index, depth, inRelocation } = place(before);
  const rows = vocabulary.instructions(name);
  if (inRelocation || rows.length === 0) return everything(source, vocabulary, at, inRelocation);
  const kinds = new Set<OperandKind>();
  for (const row of rows) {
    const syntax = parseOperandSyntax(row.operands)[index];
    const kind = depth > 0 ? syntax?.inner : syntax?.outer;
    if (kind) kinds.add(kind);
  }
  const found: Completion[] = [];
  if (kinds.has('controlRegister')) found.push(...controlRegisters(vocabulary, at));
  if (kinds.has('register')) found.push(...registers(vocabulary, at, (r) => !r.file));
  if (kinds.has('floatRegister')) {
    found.push(...registers(vocabulary, at, (r) => r.file === 'float'));
  }
  if (kinds.has('symbol')) found.push(...symbols(source, vocabulary, at));
  else if (kinds.has('constant')) found.push(...constants(source, vocabulary, at));
  return found;
}

/** Which operand the text after a name ends in, and whether inside parentheses. */
function place(before: string): { index: number; depth: number; inRelocation: boolean } {
  let index = 0;
  let depth = 0;
  let inRelocation = false;
  let quoted = false;
  for (let i = 0; i < before.length; i++) {
    const c = before[i];
    if (c === '"') quoted = !quoted;
    if (quoted) continue;
    if (c === '(') {
      depth++;
      if (/%\w*$/.test(before.slice(0, i))) inRelocation = true;
    }
    if (c === ')' && --depth === 0) inRelocation = false;
    if (c === ',' && depth === 0) index++;
  }
  return { index, depth, inRelocation };
}

/** For words whose syntax we do not know: macros, and instructions without a row. */
function everything(
  source: Source,
  vocabulary: Vocabulary,
  at: Span,
  onlySymbols: boolean,
): Completion[] {
  const found = symbols(source, vocabulary, at);
  return onlySymbols ? found : [...registers(vocabulary, at), ...found];
}

function registers(
  vocabulary: Vocabulary,
  at: Span,
  wanted: (register: RegisterInfo) => boolean = () => true,
): Completion[] {
  return vocabulary.isa.registers
    .filter((r) => r.role !== 'pc' && wanted(r))
    .map((r) => ({ label: r.name, kind: 'register', detail: r.description, at }));
}

function controlRegisters(vocabulary: Vocabulary, at: Span): Completion[] {
  return vocabulary.isa.controlRegisters.map((c) => ({
    label: c.name,
    kind: 'controlRegister',
    detail: c.description,
    at,
  }));
}

function symbols(source: Source, vocabulary: Vocabulary, at: Span): Completion[] {
  const seen = new Set<string>();
  const found: Completion[] = [];
  for (const d of definitionsOf(source)) {
    const isLabel = d.kind === 'label' || d.kind === 'localLabel';
    if (!isLabel || seen.has(d.name)) continue;
    seen.add(d.name);
    const numeric = /^\d+$/.test(d.name);
    for (const label of numeric ? [`${d.name}b`, `${d.name}f`] : [d.name]) {
      found.push({ label, kind: 'label', detail: `label, line ${d.at.line + 1}`, at });
    }
  }
  return [...found, ...constants(source, vocabulary, at)];
}

function constants(source: Source, vocabulary: Vocabulary, at: Span): Completion[] {
  const seen = new Set<string>();
  const found: Completion[] = [];
  for (const d of definitionsOf(source)) {
    if ((d.kind !== 'constant' && d.kind !== 'define') || seen.has(d.name)) continue;
    seen.add(d.name);
    found.push({ label: d.name, kind: 'constant', detail: source.lines[d.at.line]!.trim(), at });
  }
  for (const r of vocabulary.relocations) {
    found.push({ label: r.name, kind: 'relocation', detail: r.summary, at });
  }
  return found;
}
