/**
 * Which calls a handler is for, from the name it is exported under or its key: an extension or a
 * range of extensions, and one function of it if the key says so.
 */
import { UserError } from '../core/base/userError.ts';
import type { CallNames } from '../core/hypervisor/arch.ts';
import { extensionNamed } from '../core/machine/parseCallRules.ts';

export interface HandlerKey {
  readonly extensions: readonly [first: number, last: number];
  /** Every function when absent. */
  readonly function?: number;
}

const allowed =
  "an extension ('DBCN', '0x09000001', '0x08000000-0x08ffffff'), with one function or without " +
  "('DBCN/console_write', '0x09000001/7')";

/** A key of the object that a module exports. Throws `UserError` when it names no call. */
export function parseKey(key: string, names: CallNames): HandlerKey {
  const [extension = '', fn, ...more] = key.split('/').map((part) => part.trim());
  const ends = extension.split('-').map((end) => extensionNamed(end.trim()));
  const [first, last = first] = ends;
  const wrong = () => new UserError(`handlers: '${key}' is no key of a handler: give ${allowed}`);
  if (ends.length > 2 || more.length > 0 || ends.includes(undefined)) throw wrong();
  if (first === undefined || last === undefined || first > last) throw wrong();
  if (fn === undefined) return { extensions: [first, last] };
  const id = /^(0x[0-9a-f]+|\d+)$/i.test(fn) ? Number(fn) : names.functionNamed(first, fn);
  if (id === undefined || id > 0xffffffff) throw wrong();
  return { extensions: [first, last], function: id };
}

/** The name of an exported function; undefined when it is none of a handler. */
export function parseExportName(name: string, names: CallNames): HandlerKey | undefined {
  // Names are written in capitals, so that a helper's name is never taken for one.
  const match = /^(x[0-9a-fA-F]+|[A-Z][A-Z0-9]{1,5})(?:_(\w+))?$/.exec(name);
  if (!match) return undefined;
  const [, extension = '', fn] = match;
  const id = extensionNamed(extension.startsWith('x') ? `0${extension}` : extension);
  if (id === undefined) return undefined;
  return parseKey(fn === undefined ? `${id}` : `${id}/${fn}`, names);
}

export function showKey({ extensions: [first, last], function: fn }: HandlerKey): string {
  const range = first === last ? hex(first) : `${hex(first)}-${hex(last)}`;
  return fn === undefined ? range : `${range}/${fn}`;
}

function hex(id: number): string {
  return `0x${id.toString(16)}`;
}
