/**
 * Reads TypeScript just well enough for house rules: what a file imports, which words are code,
 * which are strings. It is no parser; it knows comments, strings, templates and regular
 * expressions, so that a word in a comment is never taken for code.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';

export interface Token {
  readonly kind: 'word' | 'string' | 'mark';
  readonly text: string;
  readonly line: number;
}

const regexMayFollow = /^(?:[(,=:[!&|?{};+\-*%~^<>]|return|case|typeof|of|in)$/;

export function scan(source: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text !== undefined) at += text.length;
    return text;
  };
  const push = (kind: Token['kind'], text: string) => tokens.push({ kind, text, line });
  const countLines = (text: string) => {
    for (const character of text) if (character === '\n') line++;
  };
  while (at < source.length) {
    const blank = take(/\s+|\/\/[^\n]*|\/\*[^]*?\*\//y);
    if (blank !== undefined) {
      countLines(blank);
      continue;
    }
    const text = take(/'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"/y);
    if (text !== undefined) {
      push('string', text.slice(1, -1));
      continue;
    }
    // The words inside a template's ${…} are not looked at: none of our rules needs them.
    const template = take(/`(?:[^`\\]|\\[^])*`/y);
    if (template !== undefined) {
      push('string', template.slice(1, -1));
      countLines(template);
      continue;
    }
    const last = tokens.at(-1);
    if (source[at] === '/' && (last === undefined || regexMayFollow.test(last.text))) {
      const regex = take(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y);
      if (regex !== undefined) {
        push('mark', regex);
        continue;
      }
    }
    const word = take(/[A-Za-z_$][\w$]*/y);
    if (word !== undefined) push('word', word);
    else push('mark', take(/\d[\w.]*|[^]/y) ?? '');
  }
  return tokens;
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `import type` or `export type`: gone after compilation. */
  readonly typeOnly: boolean;
}

/** What a file imports or re-exports, types included; dynamic `import('…')` too. */
export function importsOf(source: string): Import[] {
  const found: Import[] = [];
  const tokens = scan(source);
  let statement = 0;
  tokens.forEach((token, i) => {
    if (/^(import|export)$/.test(token.text) && token.kind === 'word') statement = i;
    if (token.kind !== 'string') return;
    const before = tokens[i - 1];
    const isImport =
      before?.text === 'from' ||
      before?.text === 'import' ||
      (before?.text === '(' && ['import', 'require'].includes(tokens[i - 2]?.text ?? ''));
    // A specifier put together at run time names no module of ours.
    if (!isImport || token.text.includes('${')) return;
    const typeOnly = before.text === 'from' && tokens[statement + 1]?.text === 'type';
    found.push({ specifier: token.text, line: token.line, typeOnly });
  });
  return found;
}

/** Files that git tracks or would track, as paths from the root; `part` selects. */
export function projectFiles(part = /(?:)/): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return [...new Set(listed.split('\0'))].filter((file) => file !== '' && part.test(file)).sort();
}

export function read(file: string): string {
  return readFileSync(path.resolve(file), 'utf8');
}
