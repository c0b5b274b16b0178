/**
 * Turns the bytes of a guest console into what a terminal is to be given: UTF-8 decoded across
 * the cuts between events, and a bare line feed completed with the carriage return that a guest
 * without a terminal driver leaves out. Escape sequences are the guest's and pass unchanged.
 */
export class ConsoleText {
  private readonly decoder = new TextDecoder('utf-8');
  private last = '';

  /** The next piece of text, from bytes in base64. */
  decode(base64: string): string {
    const text = this.decoder.decode(Buffer.from(base64, 'base64'), { stream: true });
    return this.completed(text);
  }

  /** Ends the stream: what is left of a character that was cut off, as the replacement character. */
  end(): string {
    return this.completed(this.decoder.decode());
  }

  /** Whether a line of our own would have to start with a line break. */
  get insideLine(): boolean {
    return this.last !== '' && this.last !== '\n';
  }

  private completed(text: string): string {
    if (text === '') return '';
    const before = this.last;
    this.last = text.slice(-1);
    return text.replace(/\n/g, (_, at: number) =>
      (at === 0 ? before : text[at - 1]) === '\r' ? '\n' : '\r\n',
    );
  }
}

/** A line of ours among the guest's text: dim, and safe from colours that the guest left on. */
export function noteLine(text: string, insideLine: boolean): string {
  return `\x1b[0m${insideLine ? '\r\n' : ''}\x1b[2m[${text}]\x1b[0m\r\n`;
}

/** A console as people call it: `sbi` is the SBI console, `uart0` UART 0; others as they are. */
export function consoleTitle(name: string): string {
  if (name === 'sbi') return 'SBI console';
  return name.replace(/^uart(\d+)$/, 'UART $1');
}

/** How a session ended: by the guest with a code, else by the user. Success needs no reason. */
export function endNote(exitCode: number | undefined, reason: string): string {
  if (exitCode === undefined) return 'session ended';
  const why = exitCode === 0 || reason === '' ? '' : `, ${reason}`;
  return `guest ended: exit code ${exitCode}${why}`;
}

/** Whether a launch configuration's `console` attribute wants a terminal. */
export function wantsTerminal(attribute: unknown): boolean {
  if (attribute === undefined || attribute === 'terminal') return true;
  return Array.isArray(attribute) && attribute.includes('terminal');
}
