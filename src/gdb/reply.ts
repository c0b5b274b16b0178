/** What a packet is answered with; texts are Latin-1, so binary answers are texts too. */
import { hexOfText } from './text.ts';

export interface ErrorReply {
  /** An errno, as gdb shows it. */
  readonly code: number;
  readonly text: string;
}

export type Reply =
  | string
  | ErrorReply
  /** Nothing for now: the answer is the next stop. */
  | undefined;

/** The other side does not know a packet that is answered like this. */
export const unsupported = '';
export const ok = 'OK';

/** Errno values that say what is wrong. */
const errno = { noEntry: 2, io: 5, noThread: 3, fault: 14, invalid: 22 } as const;

export function failure(kind: keyof typeof errno, text: string): ErrorReply {
  return { code: errno[kind], text };
}

/** How the other side takes errors: gdb 16's `error-message`, lldb's `QEnableErrorStrings`. */
export type ErrorStyle = 'number' | 'gdbText' | 'lldbText';

export function errorText({ code, text }: ErrorReply, style: ErrorStyle): string {
  const number = `E${code.toString(16).padStart(2, '0')}`;
  switch (style) {
    case 'number':
      return number;
    case 'gdbText':
      return `E.${text}`;
    case 'lldbText':
      return `${number};${hexOfText(text)}`;
  }
}
