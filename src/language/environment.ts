/**
 * What a source file can see of other files: macros and preprocessor names of what it includes.
 * Files are read through the function given; nothing here knows where files are.
 */
import { definitionsOf } from './symbols.ts';
import { parseSource, stringFiller } from './source.ts';
import type { Source } from './source.ts';

/** The text of an included file and the key under which it includes others in turn. */
export interface IncludedFile {
  readonly key: string;
  readonly text: string;
}

/** `system` for `<name>`; undefined when the file cannot be found. */
export type ReadInclude = (
  name: string,
  system: boolean,
  includedFrom: string,
) => IncludedFile | undefined;

export interface Environment {
  readonly macros: ReadonlySet<string>;
  /** Preprocessor names and symbols set by `.equ` and its like. */
  readonly names: ReadonlySet<string>;
  /** False when an included file was not found: anything may be defined there. */
  readonly complete: boolean;
}

export function environmentOf(source: Source, key: string, read: ReadInclude): Environment {
  const macros = new Set<string>();
  const names = new Set<string>();
  const seen = new Set<string>([key]);
  let complete = true;
  const visit = (from: Source, fromKey: string): void => {
    for (const d of definitionsOf(from)) {
      if (d.kind === 'macro') macros.add(d.name);
      if (d.kind === 'define' || d.kind === 'constant') names.add(d.name);
    }
    for (const include of includesOf(from)) {
      const file = include.name === '' ? undefined : read(include.name, include.system, fromKey);
      if (!file) {
        complete = false;
      } else if (!seen.has(file.key)) {
        seen.add(file.key);
        visit(parseSource(file.text), file.key);
      }
    }
  };
  visit(source, key);
  return { macros, names, complete };
}

interface Include {
  /** Empty where it is not a plain name, as in `#include HEADER`. */
  readonly name: string;
  readonly system: boolean;
}

function includesOf(source: Source): Include[] {
  const includes: Include[] = [];
  for (const p of source.preprocessor) {
    if (p.directive !== 'include') continue;
    const match = /^(?:"([^"]*)"|<([^>]*)>)/.exec(p.argument);
    includes.push({ name: match?.[1] ?? match?.[2] ?? '', system: match?.[2] !== undefined });
  }
  for (const s of source.statements) {
    const operand = s.operands[0];
    if (s.name?.text.toLowerCase() !== '.include' || !operand?.text.includes(stringFiller))
      continue;
    const name = source.lines[s.line]!.slice(operand.start, operand.end).replaceAll('"', '');
    includes.push({ name, system: false });
  }
  return includes;
}
