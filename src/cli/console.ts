/**
 * Between a guest's consoles and the person or script outside: where output goes, and which
 * console gets what is typed. Bytes pass through unchanged in both directions.
 */
import { fstatSync, openSync, readFileSync, statSync, type Stats } from 'node:fs';
import type { ConsoleChannel } from '../core/base/console.ts';
import { UserError } from '../core/base/userError.ts';
import { parseConsoleOption, type ConsoleDestination } from '../core/machine/consoleDestination.ts';
import type { LaunchConfig } from '../core/machine/launchConfig.ts';
import type { Pace } from '../core/machine/waitedTime.ts';
import { milliseconds } from '../host/node/clock.ts';
import { ConsoleOutputs } from '../host/node/console/consoleOutputs.ts';
import type { ConsoleSink } from '../host/node/console/sink.ts';
import { UsageError } from './options.ts';

export function parseDestination(text: string): ConsoleDestination {
  const destination = parseConsoleOption(text);
  if (destination) return destination;
  throw new UsageError(
    `--console wants terminal, none, file:PATH, tcp:[HOST:]PORT or telnet:[HOST:]PORT, not '${text}'`,
  );
}

const ctrlA = 0x01;
const quitKeys = [0x78, 0x58];

/** A person at the console wants a second to be one. */
export function paceOf({ time }: Pick<LaunchConfig, 'time'>): Pace {
  if (time === 'wall') return 'always';
  return isInteractive() ? 'waits' : 'never';
}

/**
 * Whether standard input is a person at a terminal. Node takes milliseconds to make of it what can be
 * asked that; so what cannot be a terminal is not asked.
 */
export function isInteractive(): boolean {
  return mayBeTerminal(0) && process.stdin.isTTY;
}

function mayBeTerminal(descriptor: number): boolean {
  try {
    const found = fstatSync(descriptor);
    return found.isCharacterDevice() && !isNullDevice(found);
  } catch {
    // It is closed, or this system has no such device.
    return true;
  }
}

export class Consoles {
  /** Set by the user's Ctrl-A x. */
  quit = false;
  /** No input can come any more. */
  inputEnded = true;
  /** When the last byte came or went, by `milliseconds`. */
  lastByte = -Infinity;

  private readonly channels: readonly ConsoleChannel[];
  /** Who wrote last gets what is typed; before anyone wrote, what is typed waits. */
  private current: ConsoleChannel | undefined;
  private waiting: Uint8Array[] = [];
  private wake: (() => void) | undefined;
  private escape = false;
  private readonly closers: (() => void)[] = [];
  private outputs: ConsoleOutputs | undefined;

  constructor(channels: readonly ConsoleChannel[]) {
    this.channels = channels;
  }

  async open(destinations: readonly ConsoleDestination[]): Promise<void> {
    const host = { input: (bytes: Uint8Array) => this.receive(bytes), say };
    const terminal = (drained: () => void) => new StandardOutput(drained);
    const outputs = await ConsoleOutputs.open(destinations, process.cwd(), host, terminal);
    this.outputs = outputs;
    for (const channel of this.channels) {
      channel.output.on((bytes) => {
        this.lastByte = milliseconds();
        outputs.write(bytes);
        this.current = channel;
        this.deliver();
      });
    }
    if (destinations.some(({ kind }) => kind === 'tcp')) this.inputEnded = false;
    if (destinations.some(({ kind }) => kind === 'terminal')) this.openStandardInput();
  }

  /** Until the destinations have taken enough of what was written; undefined when they have. */
  settled(): Promise<void> | undefined {
    return this.outputs?.settled();
  }

  /** Comes back when what the guest wrote is where it belongs. */
  async close(): Promise<void> {
    for (const close of this.closers.splice(0)) close();
    await this.outputs?.close();
  }

  flush(): void {
    for (const channel of this.channels) channel.flush();
  }

  /** Called when the guest stands still: whoever is first gets what nobody has asked for by writing. */
  deliverToAnyone(): boolean {
    this.current ??= this.channels[0];
    return this.deliver();
  }

  /** Until a byte came, input ended or the user quit. */
  untilInput(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private deliver(): boolean {
    if (!this.current || this.waiting.length === 0) return false;
    this.lastByte = milliseconds();
    for (const bytes of this.waiting.splice(0)) this.current.feed(bytes);
    return true;
  }

  private openStandardInput(): void {
    const interactive = isInteractive();
    if (!interactive && isAllThere(0)) {
      // When the guest gets the bytes does not depend on how fast we read, and two runs are equal.
      this.receive(readFileSync(0));
      return;
    }
    const { stdin } = process;
    if (interactive) {
      stdin.setRawMode(true);
      this.closers.push(() => stdin.setRawMode(false));
    }
    this.inputEnded = false;
    stdin.on('data', (bytes: Buffer) => this.receive(interactive ? this.keys(bytes) : bytes));
    stdin.on('end', () => {
      this.inputEnded = true;
      this.wakeUp();
    });
    this.closers.push(() => stdin.pause());
  }

  /** Takes Ctrl-A x (quit) and Ctrl-A Ctrl-A (a Ctrl-A for the guest) out of what is typed. */
  private keys(bytes: Uint8Array): Uint8Array {
    const kept: number[] = [];
    for (const byte of bytes) {
      if (this.escape) {
        this.escape = false;
        if (quitKeys.includes(byte)) this.quit = true;
        else kept.push(...(byte === ctrlA ? [ctrlA] : [ctrlA, byte]));
      } else if (byte === ctrlA) {
        this.escape = true;
      } else {
        kept.push(byte);
      }
    }
    return Uint8Array.from(kept);
  }

  private receive(bytes: Uint8Array): void {
    if (bytes.length > 0) this.waiting.push(bytes);
    this.deliver();
    this.wakeUp();
  }

  private wakeUp(): void {
    this.wake?.();
    this.wake = undefined;
  }
}

/** A file that an option names, emptied. */
export function openForWriting(path: string, option: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw new UserError(`${option}: cannot write '${path}': ${(error as Error).message}`, option);
  }
}

/** A file is all there before the guest starts, and so is the nothing that the null device has. */
function isAllThere(descriptor: number): boolean {
  try {
    const found = fstatSync(descriptor);
    return found.isFile() || isNullDevice(found);
  } catch {
    // Standard input may be closed altogether, which is no error of anyone.
    return false;
  }
}

/** Throws where there is none of this name. */
function isNullDevice(found: Stats): boolean {
  return found.isCharacterDevice() && found.rdev === statSync('/dev/null').rdev;
}

/** Standard output as a destination: a pipe whose reader is slow holds bytes too. */
class StandardOutput implements ConsoleSink {
  readonly reason = 'nobody reads standard output';
  private readonly drained: () => void;

  constructor(drained: () => void) {
    this.drained = drained;
  }

  get held(): number {
    return process.stdout.writableLength;
  }

  write(bytes: Uint8Array): void {
    process.stdout.write(bytes, () => this.drained());
  }

  close(): Promise<void> {
    return new Promise((resolve) => process.stdout.write('', () => resolve()));
  }
}

function say(line: string): void {
  process.stderr.write(`trapline: ${line}\n`);
}
