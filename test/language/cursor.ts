/** A source text with the cursor written into it as `¦`. */
import assert from 'node:assert/strict';
import { parseSource } from '../../src/language/source.ts';
import type { Position, Source, Span } from '../../src/language/source.ts';

export function atCursor(marked: string): { source: Source; position: Position } {
  const before = marked.split('¦')[0]!;
  assert.notEqual(before, marked, 'the text has no cursor');
  const lines = before.split('\n');
  return {
    source: parseSource(marked.replace('¦', '')),
    position: { line: lines.length - 1, column: lines.at(-1)!.length },
  };
}

export function textAt(source: Source, { line, start, end }: Span): string {
  return source.lines[line]!.slice(start, end);
}
