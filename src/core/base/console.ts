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

/** What a machine's guest wrote since the last flush: one may be the continuation of another's text. */
class Written {
  private parts: { readonly channel: ConsoleChannel; readonly bytes: number[] }[] = [];

  put(channel: ConsoleChannel, byte: number): void {
    const last = this.parts.at(-1);
    if (last?.channel === channel) last.bytes.push(byte);
    else this.parts.push({ channel, bytes: [byte] });
  }

  flush(): void {
    const { parts } = this;
    this.parts = [];
    for (const { channel, bytes } of parts) channel.output.fire(Uint8Array.from(bytes));
  }
}

export class ConsoleChannel implements Persist<ConsoleState> {
  readonly name: string;
  /** Bytes the guest wrote, in order; fired at `flush`, at the latest at the end of a run slice. */
  readonly output = new Emitter<Uint8Array>();
  /** Fires when input arrives, so that a device can raise its interrupt. */
  readonly readable = new Emitter<void>();

  private readonly written: Written;
  private input: number[] = [];
  private inputStart = 0;

  /** `beside`: another console of the same guest, with which this one's output keeps its order. */
  constructor(name: string, beside?: ConsoleChannel) {
    this.name = name;
    this.written = beside?.written ?? new Written();
  }

  /** Guest side: one byte out. It is never refused. */
  put(byte: number): void {
    this.written.put(this, byte & 0xff);
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

  /** Hands what the guest wrote, here and on the consoles beside, to the sinks in its order. */
  flush(): void {
    this.written.flush();
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
