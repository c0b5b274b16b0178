/** Where the consoles of a guest go: the `console` attribute of a launch, and `--console`. */
import { UserError } from '../base/userError.ts';
import { describe } from './parseValues.ts';

export type ConsoleDestination =
  | { readonly kind: 'terminal' }
  | { readonly kind: 'none' }
  | { readonly kind: 'file'; readonly path: string }
  /** A listener; `telnet` when it speaks that protocol, else bytes pass as they are. */
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly telnet: boolean;
    };

const loopback = '127.0.0.1';
const allowed =
  '"terminal", "none", { "file": path }, { "tcp": port }, { "telnet": port } (with "host" if it ' +
  'is not to be the loopback), or a list of these';

/** Of the attribute; undefined is the terminal. */
export function parseConsole(value: unknown): readonly ConsoleDestination[] {
  if (value === undefined) return [{ kind: 'terminal' }];
  if (!Array.isArray(value)) return [parseOne('console', value)];
  if (value.length === 0) return [{ kind: 'none' }];
  return value.map((one, i) => parseOne(`console[${i}]`, one));
}

/** Of one `--console`: `terminal`, `none`, `file:PATH`, `tcp:[HOST:]PORT`, `telnet:[HOST:]PORT`. */
export function parseConsoleOption(text: string): ConsoleDestination | undefined {
  if (text === 'terminal' || text === 'none') return { kind: text };
  const [, kind, rest = ''] = /^(file|tcp|telnet):(.+)$/.exec(text) ?? [];
  if (kind === 'file') return { kind, path: rest };
  const [, host = loopback, digits = ''] = /^(?:(.*):)?(\d+)$/.exec(rest) ?? [];
  const port = Number(digits);
  if (kind === undefined || digits === '' || !isPort(port)) return undefined;
  return { kind: 'tcp', host, port, telnet: kind === 'telnet' };
}

function parseOne(where: string, value: unknown): ConsoleDestination {
  if (value === 'terminal' || value === 'none') return { kind: value };
  if (typeof value !== 'object' || value === null) return wrong(where, value);
  const { file, tcp, telnet, host = loopback, ...rest } = value as Record<string, unknown>;
  const [extra] = Object.keys(rest);
  if (extra !== undefined) {
    throw new UserError(`${where}: there is no '${extra}'; allowed is ${allowed}`, where);
  }
  const given = [file, tcp, telnet].filter((one) => one !== undefined);
  if (given.length !== 1 || typeof host !== 'string') return wrong(where, value);
  if (typeof file === 'string' && file !== '') return { kind: 'file', path: file };
  const port = tcp ?? telnet;
  if (!isPort(port)) return wrong(where, value);
  return { kind: 'tcp', host, port, telnet: telnet !== undefined };
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 65536;
}

function wrong(where: string, value: unknown): never {
  throw new UserError(`${where}: ${describe(value)} is not ${allowed}`, where);
}
