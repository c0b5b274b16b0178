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
  const visit = (part: Contribution, partKey: string): void => {
    for (const name of part.macros) macros.add(name);
    for (const name of part.names) names.add(name);
    for (const include of part.includes) {
      const file = include.name === '' ? undefined : read(include.name, include.system, partKey);
      if (!file) {
        complete = false;
      } else if (!seen.has(file.key)) {
        seen.add(file.key);
        visit(contributionOfFile(file), file.key);
      }
    }
  };
  visit(contributionOf(source), key);
  return { macros, names, complete };
}

/** What one file defines, and what it asks for. */
interface Contribution {
  readonly macros: readonly string[];
  readonly names: readonly string[];
  readonly includes: readonly Include[];
}

/** Headers are large and seldom change, so each is parsed once as long as `read` returns it. */
const contributions = new WeakMap<IncludedFile, Contribution>();

function contributionOfFile(file: IncludedFile): Contribution {
  const known = contributions.get(file);
  if (known) return known;
  const contribution = contributionOf(parseSource(file.text));
  contributions.set(file, contribution);
  return contribution;
}

function contributionOf(source: Source): Contribution {
  const macros: string[] = [];
  const names: string[] = [];
  for (const { kind, name } of definitionsOf(source)) {
    if (kind === 'macro') macros.push(name);
    if (kind === 'define' || kind === 'constant') names.push(name);
  }
  return { macros, names, includes: includesOf(source) };
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
