import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import * as esbuild from 'esbuild';

const program = path.resolve('media/samples/hello-dbcn/hello-dbcn.elf');

interface Message {
  readonly type: string;
  readonly command?: string;
  readonly event?: string;
  readonly success?: boolean;
  readonly body?: Record<string, any>;
}

/** One way to reach an adapter: messages in, messages out. */
interface Link {
  send(message: object): void;
  onMessage: (message: Message) => void;
}

class Client {
  readonly messages: Message[] = [];
  private seq = 1;
  private readonly link: Link;
  private wake = () => {};

  constructor(link: Link) {
    this.link = link;
    link.onMessage = (message) => {
      this.messages.push(message);
      this.wake();
    };
  }

  send(command: string, args?: object): void {
    this.link.send({ type: 'request', seq: this.seq++, command, arguments: args });
  }

  async until(matches: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.messages.find(matches);
      if (found) return found;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  event(name: string): Promise<Message> {
    return this.until((message) => message.event === name);
  }

  /** Runs hello-dbcn to its end and gives what it wrote. */
  async runHello(read: (message: Message) => string): Promise<string> {
    this.send('initialize', { adapterID: 'trapline' });
    this.send('launch', { program });
    await this.event('initialized');
    this.send('configurationDone');
    this.send('trapline/consoleInput', { console: 'sbi', text: 'Grace\r' });
    const exited = await this.event('exited');
    assert.equal(exited.body?.['exitCode'], 0);
    return this.messages.map(read).join('');
  }
}

const stdout = (message: Message) =>
  message.event === 'output' && message.body?.['category'] === 'stdout'
    ? String(message.body['output'])
    : '';
const ownConsole = (message: Message) =>
  message.event === 'trapline/console'
    ? Buffer.from(String(message.body?.['data']), 'base64').toString('utf8')
    : '';

/** DAP's base protocol over streams. */
function streamLink(output: Readable, input: Writable): Link {
  let data = Buffer.alloc(0);
  const link: Link = {
    onMessage: () => {},
    send(message) {
      const text = JSON.stringify(message);
      input.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    },
  };
  output.on('data', (chunk: Buffer) => {
    data = Buffer.concat([data, chunk]);
    for (;;) {
      const header = /^Content-Length: (\d+)\r\n\r\n/.exec(data.subarray(0, 64).toString('latin1'));
      if (!header) return;
      const [start, size] = [header[0].length, Number(header[1])];
      if (data.length < start + size) return;
      link.onMessage(JSON.parse(data.subarray(start, start + size).toString('utf8')) as Message);
      data = data.subarray(start + size);
    }
  });
  return link;
}

describe('the adapter as it ships', () => {
  const folder = path.resolve(`out/adapter-${process.pid}`);
  const script = path.join(folder, 'adapter.cjs');
  let child: ChildProcess | undefined;
  let worker: Worker | undefined;

  before(async () => {
    mkdirSync(folder, { recursive: true });
    for (const [entry, name] of [
      ['src/adapter/main.ts', 'adapter.cjs'],
      ['src/worker/machineWorker.ts', 'machineWorker.cjs'],
    ] as const) {
      await esbuild.build({
        bundle: true,
        target: 'es2023',
        platform: 'node',
        format: 'cjs',
        entryPoints: [entry],
        outfile: path.join(folder, name),
        loader: { '.wasm': 'binary', '.bin': 'binary' },
        alias: { '#generated': path.resolve('dist/generated') },
      });
    }
  });
  afterEach(async () => {
    child?.kill();
    await worker?.terminate();
    child = worker = undefined;
  });
  after(() => rmSync(folder, { recursive: true }));

  it('runs a guest over standard input and output, its console as output, and then ends', async () => {
    const adapter = (child = spawn(process.execPath, [script], { stdio: 'pipe' }));
    const client = new Client(streamLink(adapter.stdout, adapter.stdin));
    const text = await client.runHello(stdout);
    assert.match(text, /Nice to meet you, Grace!/);
    assert.match(text, /Goodbye\.\r\n$/);
    const code = new Promise((resolve) => adapter.on('exit', resolve));
    client.send('disconnect');
    assert.equal(await code, 0);
  });

  it('serves a port of the loopback, several sessions one after another', async () => {
    const adapter = (child = spawn(process.execPath, [script, '--port', '0'], { stdio: 'pipe' }));
    const line = await new Promise<string>((resolve) =>
      adapter.stderr.once('data', (data) => resolve(String(data))),
    );
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1]);
    for (let session = 0; session < 2; session++) {
      const socket = await new Promise<Socket>((resolve) => {
        const opened = connect(port, '127.0.0.1', () => resolve(opened));
      });
      const client = new Client(streamLink(socket, socket));
      assert.match(await client.runHello(stdout), /Nice to meet you, Grace!/);
      socket.destroy();
    }
  });

  it('runs in a worker thread for the extension, console bytes and timing as events', async () => {
    const thread = (worker = new Worker(script, { execArgv: [], stderr: true }));
    const link: Link = { onMessage: () => {}, send: (message) => thread.postMessage(message) };
    thread.on('message', (message: Message) => link.onMessage(message));
    const client = new Client(link);
    assert.match(await client.runHello(ownConsole), /Nice to meet you, Grace!/);
    assert.equal(client.messages.map(stdout).join(''), '');
    const timings = client.messages.filter(({ event }) => event === 'trapline/timing');
    const timing = Object.assign({}, ...timings.map(({ body }) => body)) as Record<string, number>;
    assert.ok((timing['launchToFirstByte'] ?? Infinity) < 5000, JSON.stringify(timing));
    assert.ok((timing['launchToRunning'] ?? Infinity) < 5000, JSON.stringify(timing));
    const order = client.messages.map(({ event }) => event);
    assert.ok(order.indexOf('trapline/ready') < order.indexOf('trapline/console'));
  });

  it('says what the translator did and how long that took, while the guest runs', async () => {
    const adapter = (child = spawn(process.execPath, [script], { stdio: 'pipe' }));
    const client = new Client(streamLink(adapter.stdout, adapter.stdin));
    client.send('initialize', { adapterID: 'trapline' });
    client.send('launch', {
      program: path.resolve('test/bench/kernels/fib.elf'),
      mode: 'machine',
      engine: 'jit',
    });
    await client.event('initialized');
    client.send('configurationDone');
    await client.event('trapline/ready');
    let engine: Record<string, number> = {};
    for (let asked = 1; !engine['compileMilliseconds']; asked++) {
      client.send('trapline/statistics');
      const answers = () => client.messages.filter((m) => m.command === 'trapline/statistics');
      await client.until(() => answers().length === asked);
      const { body } = answers().at(-1)!;
      assert.ok(body, 'an answer with a body');
      engine = (body['engine'] ?? {}) as Record<string, number>;
    }
    for (const name of ['regions', 'instructions', 'modules', 'bytes', 'entries'] as const) {
      assert.ok(engine[name]! > 0, `${name} ${engine[name]}`);
    }
    assert.ok(engine['translateMilliseconds']! > 0);
    for (const name of ['fetchMisses', 'loadMisses', 'storeMisses', 'leaves'] as const) {
      assert.equal(typeof engine[name], 'number', name);
    }
  });

  it('pauses a guest that runs in the other thread, and tells of a wrong port', async () => {
    const adapter = (child = spawn(process.execPath, [script], { stdio: 'pipe' }));
    const client = new Client(streamLink(adapter.stdout, adapter.stdin));
    client.send('initialize', { adapterID: 'trapline' });
    client.send('launch', { program });
    await client.event('initialized');
    client.send('configurationDone');
    // It asks for a name; nobody answers.
    await client.until((message) => stdout(message).includes('What is your name?'));
    client.send('pause', { threadId: 1 });
    const stopped = await client.event('stopped');
    assert.equal(stopped.body?.['reason'], 'pause');
    client.send('stackTrace', { threadId: 1 });
    const { body } = await client.until(({ command }) => command === 'stackTrace');
    const names = (body?.['stackFrames'] as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(names.slice(-3), ['greet', 'kernel_main', '_start']);

    const wrong = spawn(process.execPath, [script, '--port', 'x'], { stdio: 'pipe' });
    const said = new Promise<string>((resolve) =>
      wrong.stderr.once('data', (data) => resolve(String(data))),
    );
    const code = new Promise((resolve) => wrong.on('exit', resolve));
    assert.match(await said, /'x' is not a port number/);
    assert.equal(await code, 2);
  });
});
