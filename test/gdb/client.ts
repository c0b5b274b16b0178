/** A debugger's side of the protocol in this process, without a socket: packets in, packets out. */
import assert from 'node:assert/strict';
import type { DebugTarget } from '../../src/core/debug/target.ts';
import type { Isa } from '../../src/core/isa/isa.ts';
import { encodePacket, PacketReader, type Incoming } from '../../src/gdb/packets.ts';
import { GdbStub, type MonitorCommand } from '../../src/gdb/stub.ts';
import { bytesOfLatin1, hexOfText, latin1, textOfHex } from '../../src/gdb/text.ts';

export class Client {
  readonly stub: GdbStub;
  /** Everything that came and was not asked for yet. */
  readonly received: Incoming[] = [];
  readonly defects: string[] = [];
  kills = 0;
  private readonly reader = new PacketReader();
  private wake: (() => void) | undefined;

  constructor(target: DebugTarget, isa: Isa, monitor: readonly MonitorCommand[] = []) {
    this.stub = new GdbStub(target, isa, {
      send: (bytes) => {
        this.received.push(...this.reader.take(bytes));
        this.wake?.();
      },
      kill: async () => void this.kills++,
      restarted: () => undefined,
      log: (line) => this.defects.push(line),
      monitor,
    });
  }

  raw(bytes: Uint8Array | string): void {
    this.stub.receive(typeof bytes === 'string' ? bytesOfLatin1(bytes) : bytes);
  }

  send(packet: string): void {
    this.raw(encodePacket(bytesOfLatin1(packet)));
  }

  /** The next packet that comes; acknowledgements are passed over. */
  async next(): Promise<string> {
    for (;;) {
      const incoming = this.received.shift();
      if (incoming?.kind === 'packet') return latin1(incoming.data);
      assert.notEqual(incoming?.kind, 'damaged');
      if (!incoming) await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  async ask(packet: string): Promise<string> {
    this.send(packet);
    return this.next();
  }

  async monitor(line: string): Promise<string> {
    const answer = await this.ask(`qRcmd,${hexOfText(line)}`);
    return answer === 'OK' ? '' : (textOfHex(answer) ?? answer);
  }
}
