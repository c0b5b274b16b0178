/**
 * Console output to whoever connects to a port, and input from there. What was written while nobody
 * was connected goes to the first who comes; one who comes while others are there sees what is
 * written from then on. What a client that broke off had not been sent is kept for the next.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { UserError } from '../../../core/base/userError.ts';
import type { ConsoleSink, SinkHost } from './sink.ts';
import { encode, greeting, TelnetDecoder } from './telnet.ts';

/** A client may take so long to read the last words. */
const lingerMilliseconds = 2000;

export interface TcpAddress {
  readonly host: string;
  /** 0: any that is free; the user is told which. */
  readonly port: number;
  readonly telnet: boolean;
}

interface Client {
  readonly socket: Socket;
  /** Position in the output up to which the bytes have left us. */
  sent: number;
}

/** Fails with a `UserError` when it cannot listen there. */
export async function openTcpSink(address: TcpAddress, host: SinkHost): Promise<ConsoleSink> {
  const sink = new TcpSink(address, host);
  await sink.listen();
  return sink;
}

class TcpSink implements ConsoleSink {
  private readonly address: TcpAddress;
  private readonly host: SinkHost;
  private readonly server: Server;
  private readonly clients = new Set<Client>();
  /** Everything from position `start` on, which somebody has still to be sent. */
  private kept: Uint8Array[] = [];
  private start = 0;
  private end = 0;

  constructor(address: TcpAddress, host: SinkHost) {
    this.address = address;
    this.host = host;
    this.server = createServer((socket) => this.connected(socket));
  }

  listen(): Promise<void> {
    const { host, port, telnet } = this.address;
    return new Promise((resolve, reject) => {
      this.server.once('error', (error) => {
        const text = `console: cannot listen on ${host}:${port}: ${error.message}`;
        reject(new UserError(text, 'console'));
      });
      this.server.listen(port, host, () => {
        const bound = this.server.address();
        const actual = typeof bound === 'object' && bound ? bound.port : port;
        this.host.say(`console on ${host}:${actual}${telnet ? ' (telnet)' : ''}`);
        resolve();
      });
    });
  }

  get held(): number {
    return this.end - this.start;
  }

  get reason(): string {
    const { host, port } = this.address;
    if (this.clients.size === 0) return `nobody is connected to ${host}:${port}`;
    return `a client of ${host}:${port} does not read`;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.kept.push(bytes);
    this.end += bytes.length;
    for (const client of this.clients) this.send(client, bytes, this.end);
  }

  async close(): Promise<void> {
    this.server.close();
    await Promise.all([...this.clients].map(({ socket }) => ended(socket)));
  }

  private connected(socket: Socket): void {
    const first = this.clients.size === 0;
    const client: Client = { socket, sent: first ? this.start : this.end };
    this.clients.add(client);
    const telnet = this.address.telnet ? new TelnetDecoder() : undefined;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.host.input(telnet ? telnet.decode(bytes) : bytes));
    socket.on('close', () => this.left(client));
    // A client that breaks off is no more than a client that leaves; 'close' follows.
    socket.on('error', () => undefined);
    if (telnet) socket.write(greeting);
    let position = client.sent;
    for (const bytes of first ? this.kept : []) {
      position += bytes.length;
      this.send(client, bytes, position);
    }
  }

  private send(client: Client, bytes: Uint8Array, position: number): void {
    client.socket.write(this.address.telnet ? encode(bytes) : bytes, (error) => {
      if (error) return;
      client.sent = position;
      this.release();
    });
  }

  private left(client: Client): void {
    this.clients.delete(client);
    // What the last client was sent is not for the next.
    if (this.clients.size === 0) this.releaseTo(client.sent);
    else this.release();
  }

  private release(): void {
    if (this.clients.size === 0) return;
    this.releaseTo(Math.min(...[...this.clients].map(({ sent }) => sent)));
  }

  private releaseTo(position: number): void {
    const before = this.start;
    while (this.kept[0] && this.start + this.kept[0].length <= position) {
      this.start += this.kept.shift()!.length;
    }
    if (this.start !== before) this.host.drained();
  }
}

function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), lingerMilliseconds);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    if (socket.destroyed) resolve();
    socket.end();
    // Half-open: the other side may never close its own.
    socket.once('finish', () => setTimeout(() => socket.destroy(), 50));
  });
}
