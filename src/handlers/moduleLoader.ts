/**
 * Loads a handler module and what it imports by relative paths, from the files as they are now, in
 * a graph of its own that is thrown away when a file changes. Packages and Node's modules come
 * from Node. Lines in stacks are lines of the source files.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { compileFunction } from 'node:vm';
import { UserError } from '../core/base/userError.ts';

export type ToCommonJs = (source: string, file: string) => string;

export interface LoadedModule {
  readonly exports: Readonly<Record<string, unknown>>;
  /** All files read, by absolute path; those of a module that failed to load too. */
  readonly files: ReadonlySet<string>;
}

const extensions = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json'];
const parameters = ['exports', 'require', 'module', '__filename', '__dirname', 'console'];

interface Module {
  exports: Record<string, unknown>;
}

export class ModuleLoader {
  /** Grows while modules load, so that a watcher knows what a failed one was made of. */
  readonly files = new Set<string>();
  private readonly toCommonJs: ToCommonJs;
  private readonly console: unknown;
  private readonly modules = new Map<string, Module>();

  /** `console` is what the modules find under this name. */
  constructor(toCommonJs: ToCommonJs, console: unknown) {
    this.toCommonJs = toCommonJs;
    this.console = console;
  }

  /** Throws `UserError` where the module is no program; what its own code throws goes through. */
  load(file: string): Record<string, unknown> {
    const known = this.modules.get(file);
    if (known) return known.exports;
    const module: Module = { exports: {} };
    this.modules.set(file, module);
    this.files.add(file);
    const source = readSource(file);
    if (file.endsWith('.json')) {
      module.exports = parseJson(source, file);
      return module.exports;
    }
    const require = (specifier: string) => this.require(specifier, file);
    const run = this.compile(source, file) as (...args: readonly unknown[]) => void;
    run(module.exports, require, module, file, path.dirname(file), this.console);
    return module.exports;
  }

  private compile(source: string, file: string): unknown {
    try {
      return compileFunction(this.toCommonJs(source, file), parameters, { filename: file });
    } catch (error) {
      throw new UserError(`handlers: ${syntaxProblem(error, file)}`, 'handlers');
    }
  }

  private require(specifier: string, from: string): unknown {
    if (specifier.endsWith('.d.ts') || specifier === 'trapline') return {};
    if (!/^\.{0,2}\//.test(specifier)) return createRequire(from)(specifier) as unknown;
    const target = resolve(path.resolve(path.dirname(from), specifier));
    if (target === undefined) {
      throw new UserError(`handlers: ${from}: there is no '${specifier}'`, 'handlers');
    }
    return this.load(target);
  }
}

/** The file behind a path that may leave its ending out, or say .js where TypeScript stands. */
function resolve(wanted: string): string | undefined {
  const candidates = [
    wanted,
    ...extensions.map((ending) => wanted + ending),
    wanted.replace(/\.([mc]?)js$/, '.$1ts'),
    ...extensions.map((ending) => path.join(wanted, `index${ending}`)),
  ];
  return candidates.find((file) => existsSync(file) && statSync(file).isFile());
}

function readSource(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : message;
    throw new UserError(`handlers: cannot read '${file}': ${why}`, 'handlers');
  }
}

function parseJson(source: string, file: string): Record<string, unknown> {
  try {
    return JSON.parse(source) as Record<string, unknown>;
  } catch (error) {
    throw new UserError(`handlers: ${file}: ${(error as Error).message}`, 'handlers');
  }
}

/** The transpiler says `(line:column)` at the end; V8 begins its stack with `file:line`. */
function syntaxProblem(error: unknown, file: string): string {
  const { message, stack = '' } = error as Error;
  const place = /^(.*?):? \((\d+):(\d+)\)$/s.exec(message);
  if (place) return `${file}:${place[2]}:${place[3]}: ${place[1]}`;
  const [first = ''] = stack.split('\n');
  return first.startsWith(file) ? `${first}: ${message}` : `${file}: ${message}`;
}
