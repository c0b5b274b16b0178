/** `console` of a handler module: lines for the user, never bytes of the guest's console. */
import { format } from 'node:util';

type Print = (...args: readonly unknown[]) => void;

export function moduleConsole(say: (line: string) => void): Readonly<Record<string, Print>> {
  const print: Print = (...args) => say(format(...args));
  return { log: print, info: print, debug: print, warn: print, error: print };
}
