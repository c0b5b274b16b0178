/**
 * The stub on a TCP port of the loopback. One debugger at a time: two could not know of each
 * other's stops. When one has gone, the next may come.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { UserError } from '../core/base/userError.ts';
import type { DebugTarget } from '../core/debug/target.ts';
import type { Isa } from '../core/isa/isa.ts';
import { GdbStub, type MonitorCommand } from './stub.ts';

export interface GdbServerOptions {
  readonly target: DebugTarget;
  readonly isa: Isa;
  /** 0 for any that is free. */
  readonly port: number;
  readonly monitor?: readonly MonitorCommand[];
  /** The debugger asks for the end of the machine. */
  kill(): Promise<void>;
  /** The guest stands at its first instruction again. */
  restarted?(): void;
  /** A defect of our own. */
  log(line: string): void;
  /** A debugger has come, or has gone. */
  attached?(is: boolean): void;
}

export class GdbServer {
  private readonly options: GdbServerOptions;
  private readonly server: Server;
  private socket: Socket | undefined;
  /** Done when the last debugger's breakpoints are gone. */
  private left: Promise<void> = Promise.resolve();

  private constructor(options: GdbServerOptions) {
    this.options = options;
    this.server = createServer((socket) => this.accept(socket));
  }

  static async listen(options: GdbServerOptions): Promise<GdbServer> {
    const server = new GdbServer(options);
    await server.listen();
    return server;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.socket?.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private listen(): Promise<void> {
    const { port } = this.options;
    return new Promise((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'EADDRINUSE' ? 'it is in use' : error.message;
        reject(new UserError(`port: cannot listen on ${port}: ${why}`, 'port'));
      });
      // Only programs of this machine: whoever attaches can read and write the whole guest.
      this.server.listen(port, '127.0.0.1', resolve);
    });
  }

  private accept(socket: Socket): void {
    if (this.socket) return void socket.destroy();
    this.socket = socket;
    socket.setNoDelay(true);
    // A connection that breaks is one that has gone: `close` follows.
    socket.on('error', () => undefined);
    void this.left.then(() => this.serve(socket));
  }

  private serve(socket: Socket): void {
    const { target, isa, monitor = [], log, kill, restarted, attached } = this.options;
    const stub = new GdbStub(target, isa, {
      send: (bytes) => void socket.write(bytes),
      kill,
      restarted: () => restarted?.(),
      log,
      monitor,
    });
    attached?.(true);
    socket.on('data', (bytes) => stub.receive(bytes));
    const gone = () => {
      this.socket = undefined;
      this.left = stub.disconnected();
      attached?.(false);
    };
    if (socket.destroyed) gone();
    else socket.on('close', gone);
  }
}
