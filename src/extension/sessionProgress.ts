/**
 * Follows one debug session through its protocol messages: whether the guest runs or stands, and
 * whether what the views show is still what the guest holds. It sees messages, it sends none.
 */
export type GuestState = 'starting' | 'running' | 'stopped' | 'ended';

interface ProgressMessage {
  readonly type?: string;
  readonly event?: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly body?: unknown;
}

export class SessionProgress {
  state: GuestState = 'starting';
  exitCode: number | undefined;
  /** What the adapter said right before the guest ended, `''` for nothing. */
  endText = '';
  private lastOutput = '';

  /** A message to the adapter. Whether it changed what a view may show. */
  request(message: ProgressMessage): boolean {
    switch (message.command) {
      case 'restart':
        this.state = 'starting';
        this.exitCode = undefined;
        this.endText = '';
        return true;
      // The request and not its answer: the answer may come after the stop that it led to.
      case 'configurationDone':
        return this.state === 'starting' && this.run();
      case 'continue':
      case 'next':
      case 'stepIn':
      case 'stepOut':
      case 'reverseContinue':
      case 'stepBack':
        return this.run();
      default:
        return false;
    }
  }

  /** A message from the adapter. Whether it changed what a view may show. */
  receive(message: ProgressMessage): boolean {
    if (message.type !== 'event') return this.response(message);
    const changed = this.event(message);
    this.lastOutput = message.event === 'output' ? outputText(message.body) : '';
    return changed;
  }

  end(): void {
    this.state = 'ended';
  }

  private event(message: ProgressMessage): boolean {
    switch (message.event) {
      // starting | running ---- stopped ----> stopped
      case 'stopped':
        this.state = 'stopped';
        return true;
      // starting | stopped ---- continued ----> running
      case 'continued':
        return this.run();
      case 'exited':
        this.exitCode = (message.body as { exitCode?: number } | undefined)?.exitCode;
        this.endText = this.lastOutput;
        return true;
      case 'terminated':
        this.state = 'ended';
        return true;
      case 'invalidated':
        return true;
      default:
        return false;
    }
  }

  private response(message: ProgressMessage): boolean {
    switch (message.command) {
      case 'setVariable':
      case 'setExpression':
      case 'writeMemory':
      case 'trapline/writeCsr':
        return message.success === true;
      case 'continue':
      case 'next':
      case 'stepIn':
      case 'stepOut':
        // running ---- refused ----> stopped
        if (message.success !== false || this.state !== 'running') return false;
        this.state = 'stopped';
        return true;
      default:
        return false;
    }
  }

  private run(): boolean {
    const changed = this.state !== 'running';
    this.state = 'running';
    return changed;
  }
}

/** A line of the adapter's own; what the guest prints is no news about the guest. */
function outputText(body: unknown): string {
  const { category, output } = (body ?? {}) as { category?: string; output?: string };
  return category === 'console' ? (output ?? '').trim() : '';
}
