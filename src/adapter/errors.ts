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
  if (error instanceof RequestError) {
    return { id: error.code, format: escape(error.message), showUser: error.showUser };
  }
  if (error instanceof UserError) {
    return { id: errorCodes.userError, format: escape(error.message), showUser: true };
  }
  const text = error instanceof Error ? error.message : String(error);
  const format = escape(`Internal error of Trapline: ${text}`);
  return { id: errorCodes.defect, format, showUser: true };
}

export function isDefect(error: unknown): boolean {
  return !(error instanceof RequestError) && !(error instanceof UserError);
}

/** Braces are DAP's placeholders. */
function escape(text: string): string {
  return text.replace(/[{}]/g, (brace) => (brace === '{' ? '(' : ')'));
}
