/**
 * The one table that turns an error into a DAP error response. What the user gave wrong is shown as
 * it is; a defect of ours is said to be one, and its stack goes to the log.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { UserError } from '../core/base/userError.ts';

export const errorCodes = {
  userError: 1001,
  notStopped: 1002,
  unknownRequest: 1003,
  cancelled: 1004,
  badArguments: 1005,
  defect: 1999,
} as const;

export class RequestError extends Error {
  readonly code: number;
  /** Whether the client shows it in a dialog; a hover that finds nothing does not. */
  readonly showUser: boolean;

  constructor(code: number, message: string, showUser = false) {
    super(message);
    this.code = code;
    this.showUser = showUser;
  }
}

export function errorMessage(error: unknown): DebugProtocol.Message {
  if (error instanceof RequestError) return message(error.code, error.message, error.showUser);
  if (error instanceof UserError) return message(errorCodes.userError, error.message, true);
  const text = error instanceof Error ? error.message : String(error);
  return message(errorCodes.defect, `Internal error of Trapline: ${text}`, true);
}

export function isDefect(error: unknown): boolean {
  return !(error instanceof RequestError) && !(error instanceof UserError);
}

/** Braces are DAP's placeholders, so a text that has some goes as the value of one. */
function message(id: number, text: string, showUser: boolean): DebugProtocol.Message {
  if (!/[{}]/.test(text)) return { id, format: text, showUser };
  return { id, format: '{text}', variables: { text }, showUser };
}

/** The message with its placeholders filled in. */
export function messageText({ format, variables }: DebugProtocol.Message): string {
  return variables?.['text'] ?? format;
}
