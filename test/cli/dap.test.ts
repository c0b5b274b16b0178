import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';

interface Answer {
  readonly type: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly body?: Record<string, unknown>;
}

/** Sends `initialize` and waits for its answer, by the protocol's base layer. */
function initialize(output: Readable, input: Writable): Promise<Answer> {
  const request = JSON.stringify({
    seq: 1,
    type: 'request',
    command: 'initialize',
    arguments: { adapterID: 'trapline' },
  });
  input.write(`Content-Length: ${Buffer.byteLength(request)}\r\n\r\n${request}`);
  return new Promise((resolve, reject) => {
    let text = '';
    output.on('data', (bytes: Buffer) => {
      text += bytes.toString('utf8');
      for (const part of text.split(/Content-Length: \d+\r\n\r\n/).slice(1)) {
        try {
          const answer = JSON.parse(part) as Answer;
          if (answer.type === 'response') resolve(answer);
        } catch (error) {
          // The rest of this message is still to come; anything but bad JSON is a defect.
          if (!(error instanceof SyntaxError)) reject(error as Error);
        }
      }
    });
    output.on('close', () => reject(new Error(`closed after: ${text}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

describe('trapline debug --dap', () => {
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill();
  });
  const start = (args: readonly string[]) =>
    spawn(process.execPath, [path.resolve('dist/cli.cjs'), 'debug', '--dap', ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });

  it('answers on standard output', async () => {
    const running = start([]);
    child = running;
    const answer = await initialize(running.stdout, running.stdin);
    assert.equal(answer.command, 'initialize');
    assert.equal(answer.success, true);
    assert.equal(answer.body?.supportsConfigurationDoneRequest, true);
  });

  it('answers on a port', async () => {
    const port = await freePort();
    child = start(['--port', String(port)]);
    const socket = await connectWhenUp(port);
    const answer = await initialize(socket, socket);
    socket.destroy();
    assert.equal(answer.success, true);
  });
});

async function connectWhenUp(port: number) {
  const end = Date.now() + 10_000;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const up = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (up) return socket;
    if (Date.now() > end) throw new Error(`nobody listens on ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
