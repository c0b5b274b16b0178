/**
 * One guest console: the bytes a guest writes go to sinks, the bytes a person types wait in a
 * queue until the guest takes them. Devices and SBI see the guest side, hosts the other.
 */
import { Emitter } from './emitter.ts';
import { fields, list, mustFit, within, type Persist } from './persist.ts';

export interface ConsoleState {
  /** Typed and not yet taken. */
  readonly input: readonly number[];
}

const shape = fields({ input: list(within(0, 0xff)) });

export class ConsoleChannel implements Persist<ConsoleState> {
  readonly name: string;
  /** Bytes the guest wrote, in order; fired at `flush`, at the latest at the end of a run slice. */
  readonly output = new Emitter<Uint8Array>();
  /** Fires when input arrives, so that a device can raise its interrupt. */
  readonly readable = new Emitter<void>();

  private pending: number[] = [];
  private input: number[] = [];
  private inputStart = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Guest side: one byte out. It is never refused. */
  put(byte: number): void {
    this.pending.push(byte & 0xff);
  }

  /** Guest side: the next byte typed, or -1 when there is none. */
  take(): number {
    const byte = this.input[this.inputStart];
    if (byte === undefined) return -1;
    this.inputStart++;
    if (this.inputStart === this.input.length) {
      this.input = [];
      this.inputStart = 0;
    }
    return byte;
  }

  /** Number of bytes typed and not yet taken. */
  get available(): number {
    return this.input.length - this.inputStart;
  }

  /** Host side: bytes typed by a person or a script. */
  feed(bytes: Uint8Array): void {
    for (const byte of bytes) this.input.push(byte);
    if (bytes.length > 0) this.readable.fire();
  }

  /** Hands what the guest wrote to the sinks. */
  flush(): void {
    if (this.pending.length === 0) return;
    const bytes = Uint8Array.from(this.pending);
    this.pending = [];
    this.output.fire(bytes);
  }

  save(): ConsoleState {
    return { input: this.input.slice(this.inputStart) };
  }

  /** What the guest wrote after the state was saved stays written, as on paper. */
  restore(state: ConsoleState): void {
    mustFit(`console ${this.name}`, state, shape);
    this.flush();
    this.input = [...state.input];
    this.inputStart = 0;
  }
}
