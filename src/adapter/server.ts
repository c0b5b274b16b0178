/**
 * Ways to reach a session: standard input and output, TCP on the loopback, or a worker thread
 * whose messages are DAP messages. Which machines exist is in the machine thread's own bundle,
 * which lies beside this one.
 */
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { startMachineThread } from '../host/node/machineThread.ts';
import type { StartMachine } from './launch.ts';
import { TraplineSession } from './session.ts';

/** Serves until the client has gone, on a port until the process is ended. Gives an exit code. */
export async function startDapServer(port?: number): Promise<number> {
  return port === undefined ? serveStdio() : servePort(port);
}

/** The session of this worker thread; its owner is Trapline's own extension. */
export function serveThread(parent: MessagePort): void {
  const session = newSession({ ownConsoles: true });
  session.onDidSendMessage((message) => parent.postMessage(message));
  parent.on('message', (message: DebugProtocol.ProtocolMessage) => session.handleMessage(message));
  parent.on('close', () => void session.end());
}

function serveStdio(): Promise<number> {
  const session = newSession({ ownConsoles: false });
  session.start(process.stdin, process.stdout);
  return new Promise((resolve) => {
    // Once the answer to `disconnect` is written, or when the client went without a word.
    session.once('disconnected', () => process.stdout.write('', () => resolve(0)));
    process.stdin.on('close', () => void session.end().then(() => resolve(0)));
  });
}

function servePort(port: number): Promise<number> {
  const server = createServer((socket) => {
    const session = newSession({ ownConsoles: false });
    socket.on('close', () => void session.end());
    session.start(socket, socket);
  });
  return new Promise((_, reject) => {
    server.on('error', reject);
    // Only programs of this machine: a session reads files and runs what it is told to.
    server.listen(port, '127.0.0.1', () => {
      const { port: actual } = server.address() as AddressInfo;
      process.stderr.write(`listening on 127.0.0.1:${actual}\n`);
    });
  });
}

function newSession(options: { readonly ownConsoles: boolean }): TraplineSession {
  // Standard output belongs to the protocol.
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  return new TraplineSession({ ...options, startMachine, log });
}

const startMachine: StartMachine = (config, files, options) =>
  startMachineThread(path.join(__dirname, 'machineWorker.cjs'), config, files, options);
