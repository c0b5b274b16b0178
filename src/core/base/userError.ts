/**
 * Something the user gave is wrong: a file, a setting, an argument. The message is shown as it is,
 * so it names the thing at fault, what was found and what would be right.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  /** The setting, option or file that is at fault, as the user wrote it. */
  readonly subject: string | undefined;

  constructor(message: string, subject?: string) {
    super(message);
    this.subject = subject;
  }
}
