/**
 * A console session written down in advance: wait for a text, then type. The same script drives
 * our machine and QEMU, so that their transcripts can be compared.
 */
export interface Step {
  /** Text to wait for, after what the step before waited for. */
  readonly expect: string;
  /** What is typed then. */
  readonly send?: string;
}

/** Follows a console's output through a script. */
export class ScriptRunner {
  /** All output so far, without the carriage returns. */
  text = '';
  private readonly steps: readonly Step[];
  private next = 0;
  private searched = 0;

  constructor(steps: readonly Step[]) {
    this.steps = steps;
  }

  get finished(): boolean {
    return this.next === this.steps.length;
  }

  /** For an error message: which text did not come. */
  get waitingFor(): string {
    const step = this.steps[this.next];
    return step ? `step ${this.next + 1}, waiting for ${JSON.stringify(step.expect)}` : 'the end';
  }

  /** Takes output; returns what is to be typed now and how many steps were met. */
  output(bytes: Uint8Array): { readonly send: string; readonly met: number } {
    this.text += Buffer.from(bytes).toString('latin1').replaceAll('\r', '');
    let send = '';
    let met = 0;
    while (send === '') {
      const step = this.steps[this.next];
      if (!step) break;
      const at = this.text.indexOf(step.expect, this.searched);
      if (at < 0) break;
      this.searched = at + step.expect.length;
      this.next++;
      met++;
      send = step.send ?? '';
    }
    return { send, met };
  }
}

const prompt = '\n=> ';

/** Stops U-Boot's countdown, gives the commands one at a time, powers off. */
export function ubootSession(commands: readonly string[]): readonly Step[] {
  const typed = [...commands, 'poweroff'];
  return [
    { expect: 'Hit any key to stop autoboot:  2 ', send: ' ' },
    ...typed.map((command) => ({ expect: prompt, send: `${command}\n` })),
    { expect: 'poweroff ...' },
  ];
}

/** As `ubootSession`, but the countdown runs out and U-Boot looks for something to boot. */
export function ubootAutobootSession(commands: readonly string[]): readonly Step[] {
  return ubootSession(commands).slice(1);
}

/** Output of one command of a U-Boot session. */
export function commandOutput(transcript: string, command: string): string {
  const echo = `${prompt}${command}\n`;
  const start = transcript.indexOf(echo);
  if (start < 0) throw new Error(`the transcript has no command '${command}'`);
  const from = start + echo.length;
  // The next prompt starts a line, also right after the echo when the command printed nothing.
  const end = transcript.indexOf(prompt, from - 1);
  return transcript.slice(from, end < 0 ? undefined : end + 1);
}
