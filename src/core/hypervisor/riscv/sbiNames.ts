/**
 * Names of SBI errors, and how a call and its answer are shown to people (SBI 3.0, chapter "Binary
 * Encoding").
 */
import type { CallNames } from '../arch.ts';
import type { CallDescription } from '../exits.ts';
import { hex } from './csrs.ts';
import { showArgument, showArguments, showNumber } from './sbiArguments.ts';
import {
  describeExtension,
  legacyFunctions,
  namedExtensions,
  sbiExtension,
  unknownExtension,
} from './sbiFunctions.ts';
import { signatureOf } from './sbiSignatures.ts';

export { describeExtension, sbiExtension } from './sbiFunctions.ts';

export const sbiError = {
  SUCCESS: 0n,
  FAILED: -1n,
  NOT_SUPPORTED: -2n,
  INVALID_PARAM: -3n,
  DENIED: -4n,
  INVALID_ADDRESS: -5n,
  ALREADY_AVAILABLE: -6n,
  ALREADY_STARTED: -7n,
  ALREADY_STOPPED: -8n,
  NO_SHMEM: -9n,
  INVALID_STATE: -10n,
  BAD_RANGE: -11n,
  TIMEOUT: -12n,
  IO: -13n,
  DENIED_LOCKED: -14n,
} as const;

/** `DBCN console_write(13, 0x80201000, 0)`. */
export function describeCall(id: number, fn: number, args: readonly bigint[]): string {
  if (id <= sbiExtension.legacyLast) {
    const name = legacyFunctions[id];
    const known = name?.name ?? `extension ${hex(id)}`;
    return `legacy ${known}(${showArguments('', args, name?.args ?? args.length)})`;
  }
  const found = namedExtensions.get(id);
  const name = found?.functions[fn];
  const call = `${found?.name ?? unknownExtension(id)} ${name?.name ?? `function ${fn}`}`;
  return `${call}(${showArguments(call, args, name?.args ?? args.length)})`;
}

/** The call as a C programmer would write it, and its parts. */
export function explainCall(id: number, fn: number, args: readonly bigint[]): CallDescription {
  const isLegacy = id <= sbiExtension.legacyLast;
  const extension = isLegacy ? 'legacy' : (namedExtensions.get(id)?.name ?? '');
  const name = isLegacy ? legacyFunctions[id] : namedExtensions.get(id)?.functions[fn];
  const signature = name && signatureOf(extension, name.name);
  const shown = name ? args.slice(0, name.args) : args;
  const list = shown.map((value, i) => ({
    name: signature?.parameters[i] ?? `a${i}`,
    value,
    text: showArgument(`${extension} ${name?.name}`, i, value),
  }));
  const text = list.map((argument) => `${argument.name}=${argument.text}`).join(', ');
  const where = isLegacy
    ? `legacy extension ${hex(id)}`
    : `${extension || unknownExtension(id)} function ${fn}`;
  return {
    text: `${signature?.name ?? where}(${text})`,
    extension,
    function: name?.name ?? '',
    args: list,
  };
}

/** The id of a function that has a name in its extension: 0 for `console_write` of DBCN. */
export function functionNamed(id: number, name: string): number | undefined {
  if (id <= sbiExtension.legacyLast) return legacyFunctions[id]?.name === name ? 0 : undefined;
  const index = namedExtensions.get(id)?.functions.findIndex((fn) => fn.name === name) ?? -1;
  return index < 0 ? undefined : index;
}

export const sbiCallNames: CallNames = {
  extension: describeExtension,
  functionNamed,
  errors: sbiError,
};

/** `SUCCESS, 13`; a legacy call has only the one number. */
export function describeResult(id: number, error: bigint, value: bigint): string {
  const signed = BigInt.asIntN(64, error);
  if (id <= sbiExtension.legacyLast) return signed.toString();
  const name = Object.entries(sbiError).find(([, code]) => code === signed)?.[0] ?? `${signed}`;
  return signed === 0n ? `${name}, ${showNumber(value)}` : name;
}
