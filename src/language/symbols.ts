/**
 * The names a source file defines, and where it mentions them: labels, macros, sections,
 * constants, preprocessor names. Only within one file.
 */
import { stringFiller, wordAt } from './source.ts';
import type { Position, Source, Span } from './source.ts';

export type DefinitionKind = 'label' | 'localLabel' | 'macro' | 'section' | 'constant' | 'define';

export interface Definition {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly at: Span;
  /** Last line of what belongs to it: a macro's `.endm`, the line before the next section. */
  readonly lastLine: number;
}

/** In the order of the file. Numeric labels (`1:`) are among the local labels. */
export function definitionsOf(source: Source): Definition[] {
  const found: Definition[] = [];
  for (const s of source.statements) {
    for (const label of s.labels) {
      // `.L` is the ELF prefix for labels that do not reach the symbol table.
      const local = /^(\d+$|\.L)/.test(label.text);
      const kind = local ? 'localLabel' : 'label';
      found.push({ kind, name: label.text, at: label, lastLine: label.line });
    }
    if (s.assigned && s.assigned.text !== '.') {
      const { assigned } = s;
      found.push({ kind: 'constant', name: assigned.text, at: assigned, lastLine: s.line });
    }
    const directive = s.name?.text.toLowerCase();
    const first = s.operands[0];
    if (!directive?.startsWith('.')) continue;
    const bare = bareSections.has(directive);
    if (bare && s.name) {
      found.push({ kind: 'section', name: directive, at: s.name, lastLine: s.line });
    }
    if (!first) continue;
    const named = firstName(first);
    if (directive === '.macro') {
      const lastLine = endOfMacro(source, s.line);
      found.push({ kind: 'macro', name: named.text, at: named, lastLine });
    } else if (directive === '.section' || directive === '.pushsection') {
      const at = { line: first.line, start: first.start, end: first.end };
      const name = sectionName(source, first);
      found.push({ kind: 'section', name, at, lastLine: s.line });
    } else if (constantDirectives.has(directive)) {
      found.push({ kind: 'constant', name: named.text, at: named, lastLine: s.line });
    }
  }
  for (const p of source.preprocessor) {
    const match = p.directive === 'define' ? /^([A-Za-z_]\w*)/.exec(p.argument) : null;
    if (!match) continue;
    const line = source.lines[p.line]!;
    const start = line.indexOf(match[1]!, line.indexOf('define') + 'define'.length);
    if (start < 0) continue;
    const at = { line: p.line, start, end: start + match[1]!.length };
    found.push({ kind: 'define', name: match[1]!, at, lastLine: p.lastLine });
  }
  found.sort((a, b) => a.at.line - b.at.line || a.at.start - b.at.start);
  return withSectionExtents(found, source.lines.length);
}

/** Where the name at the position is defined; `1f` and `1b` lead to their own `1:`. */
export function definitionAt(source: Source, position: Position): Definition[] {
  const name = symbolAt(source, position);
  if (name === undefined) return [];
  const definitions = definitionsOf(source).filter((d) => d.kind !== 'section');
  const direction = /^(\d+)([bf])$/.exec(name);
  if (!direction) return definitions.filter((d) => d.name === name);
  const target = numericTarget(definitions, direction[1]!, direction[2]!, position);
  return target ? [target] : [];
}

/** Every mention of the name at the position, its definitions included. */
export function referencesAt(source: Source, position: Position): Span[] {
  const name = symbolAt(source, position);
  if (name === undefined) return [];
  if (!/^\d+[bf]?$/.test(name)) return mentions(source, name);
  const definitions = definitionsOf(source);
  const at = (d: Definition): boolean =>
    d.at.line === position.line && d.at.start <= position.column && position.column <= d.at.end;
  const target = /^\d+$/.test(name)
    ? definitions.find((d) => d.name === name && at(d))
    : definitionAt(source, position)[0];
  if (!target) return [];
  const uses = ['b', 'f'].flatMap((way) =>
    mentions(source, target.name + way).filter((m) => {
      const found = numericTarget(definitions, target.name, way, { line: m.line, column: m.start });
      return found?.at.line === target.at.line && found.at.start === target.at.start;
    }),
  );
  const all = [target.at, ...uses];
  return all.sort((a, b) => a.line - b.line || a.start - b.start);
}

const bareSections = new Set(['.text', '.data', '.bss']);
const constantDirectives = new Set(['.equ', '.set', '.equiv', '.eqv']);

/** The name at the position, when it is one that can be defined in a file. */
function symbolAt(source: Source, position: Position): string | undefined {
  const preprocessorWord = wordOfPreprocessorLine(source, position);
  const text = preprocessorWord ?? wordAt(source, position)?.text;
  if (text === undefined || /^[%\\]/.test(text) || /^0[xX]/.test(text)) return undefined;
  return text;
}

function wordOfPreprocessorLine(source: Source, { line, column }: Position): string | undefined {
  if (!source.preprocessor.some((p) => p.line <= line && line <= p.lastLine)) return undefined;
  const text = source.lines[line] ?? '';
  for (const match of text.matchAll(/[A-Za-z_]\w*/g)) {
    if (match.index <= column && column <= match.index + match[0].length) return match[0];
  }
  return undefined;
}

function mentions(source: Source, name: string): Span[] {
  const found: Span[] = [];
  const pattern = new RegExp(`(?<![\\w.$\\\\%])${escapeRegExp(name)}(?![\\w.$])`, 'g');
  const search = (text: string, line: number): void => {
    for (const match of text.matchAll(pattern)) {
      found.push({ line, start: match.index, end: match.index + name.length });
    }
  };
  for (let line = 0; line < source.code.length; line++) {
    const p = source.preprocessor.find((p) => p.line <= line && line <= p.lastLine);
    search(p ? source.lines[line]! : source.code[line]!, line);
  }
  return found;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** `1b` is the last `1:` at or before the place, `1f` the first after it. */
function numericTarget(
  definitions: readonly Definition[],
  name: string,
  way: string,
  from: Position,
): Definition | undefined {
  const before = (d: Definition): boolean =>
    d.at.line < from.line || (d.at.line === from.line && d.at.start < from.column);
  const same = definitions.filter((d) => d.name === name);
  return way === 'b' ? same.filter(before).at(-1) : same.find((d) => !before(d));
}

/** The first word of an operand that may go on after a blank: `.macro name first second`. */
function firstName(operand: { text: string } & Span): { text: string } & Span {
  const text = /^[^\s(,]*/.exec(operand.text)![0];
  return { line: operand.line, start: operand.start, end: operand.start + text.length, text };
}

function sectionName(source: Source, operand: { text: string } & Span): string {
  if (!operand.text.includes(stringFiller)) return operand.text;
  return source.lines[operand.line]!.slice(operand.start, operand.end).replaceAll('"', '');
}

function endOfMacro(source: Source, line: number): number {
  let depth = 0;
  for (const s of source.statements) {
    if (s.line < line) continue;
    const name = s.name?.text.toLowerCase();
    if (name === '.macro') depth++;
    if (name === '.endm' && --depth === 0) return s.line;
  }
  return source.lines.length - 1;
}

/** A section lasts up to the next one. */
function withSectionExtents(definitions: readonly Definition[], lines: number): Definition[] {
  let next = lines;
  const result: Definition[] = [];
  for (const d of [...definitions].reverse()) {
    if (d.kind === 'section') {
      result.push({ ...d, lastLine: Math.max(d.at.line, next - 1) });
      next = d.at.line;
    } else {
      result.push(d);
    }
  }
  return result.reverse();
}
