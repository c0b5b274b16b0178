/** A mangled name that is read letter by letter; what does not fit its grammar is `NotMangled`. */

export class NotMangled extends Error {}

/** Names within names, and references back that go round in circles. */
const MAX_DEPTH = 200;

export class MangledText {
  protected readonly text: string;
  protected at = 0;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  protected peek(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  protected takes(text: string): boolean {
    if (!this.peek(text)) return false;
    this.at += text.length;
    return true;
  }

  protected expect(text: string): void {
    if (!this.takes(text)) throw new NotMangled();
  }

  protected letter(): string {
    const letter = this.text[this.at++];
    if (letter === undefined) throw new NotMangled();
    return letter;
  }

  protected match(pattern: RegExp): string | undefined {
    const found = pattern.exec(this.text.slice(this.at, this.at + 64))?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  protected nested<T>(read: () => T): T {
    if (++this.depth > MAX_DEPTH) throw new NotMangled();
    const result = read();
    this.depth--;
    return result;
  }

  protected callOffset(): void {
    if (this.takes('h')) this.match(/^n?\d+/);
    else {
      this.expect('v');
      this.match(/^n?\d+_n?\d+/);
    }
    this.expect('_');
  }

  protected discriminator(): void {
    if (this.match(/^__\d+_/) === undefined) this.match(/^_\d/);
  }

  /** `_` is 1, `0_` is 2. */
  protected sequence(): number {
    const digits = this.match(/^\d+/);
    this.expect('_');
    return digits === undefined ? 1 : Number(digits) + 2;
  }

  protected functionQualifiers(): string {
    let qualifiers = '';
    if (this.takes('r')) qualifiers += ' restrict';
    if (this.takes('V')) qualifiers += ' volatile';
    if (this.takes('K')) qualifiers += ' const';
    if (this.takes('R')) qualifiers += ' &';
    else if (this.takes('O')) qualifiers += ' &&';
    return qualifiers;
  }
}
