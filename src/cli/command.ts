/** What every command of the program is. */
import type { CommandSpec, ParsedOptions } from './options.ts';

export interface Command {
  readonly spec: CommandSpec;
  /** The exit code. */
  readonly run: (options: ParsedOptions) => Promise<number>;
}

/** Exit codes that several commands give; what a guest ends with has codes of its own. */
export const exitCodes = {
  done: 0,
  usage: 2,
  /** As a shell reports a program that Ctrl-C ended. */
  interrupted: 130,
  limit: 124,
  crash: 125,
} as const;
