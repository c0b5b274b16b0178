/** Console output in files and at ports: every byte once, in order, whatever happens to the reader. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { ConsoleDestination } from '../../../../src/core/machine/consoleDestination.ts';
import { ConsoleOutputs, heldLimit } from '../../../../src/host/node/console/consoleOutputs.ts';
import { openFileSink } from '../../../../src/host/node/console/fileSink.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('console outputs', () => {
  let folder = '';
  let outputs: ConsoleOutputs | undefined;
  let said: string[] = [];
  let typed: number[] = [];
  const sockets: Socket[] = [];

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'trapline-'));
    said = [];
    typed = [];
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await outputs?.close();
    outputs = undefined;
    rmSync(folder, { recursive: true });
  });

  async function open(...destinations: ConsoleDestination[]): Promise<ConsoleOutputs> {
    outputs = await ConsoleOutputs.open(destinations, folder, {
      input: (bytes) => typed.push(...bytes),
      say: (line) => said.push(line),
    });
    return outputs;
  }

  const tcp = (telnet = false): ConsoleDestination => ({
    kind: 'tcp',
    host: '127.0.0.1',
    port: 0,
    telnet,
  });

  async function client(): Promise<{ socket: Socket; text: () => string; bytes: number[] }> {
    const port = Number(/:(\d+)/.exec(said.join('\n'))?.[1]);
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    const bytes: number[] = [];
    socket.on('data', (data) => bytes.push(...data));
    return { socket, bytes, text: () => Buffer.from(bytes).toString('latin1') };
  }

  it('go to a file and to a port at the same time, byte for byte', async () => {
    const out = await open({ kind: 'file', path: 'log.txt' }, tcp());
    const reader = await client();
    const all = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31) & 0xff);
    for (let i = 0; i < all.length; i += 777) out.write(all.subarray(i, i + 777));
    await until(() => reader.bytes.length === all.length);
    assert.deepEqual(Uint8Array.from(reader.bytes), all);
    assert.deepEqual(new Uint8Array(readFileSync(path.join(folder, 'log.txt'))), all);
  });

  it('keep for the first client what was written before it came', async () => {
    const out = await open(tcp());
    out.write(bytesOf('early '));
    const first = await client();
    await until(() => first.text() === 'early ');
    const second = await client();
    await until(() => out.held === 0);
    out.write(bytesOf('late'));
    await until(() => first.text() === 'early late' && second.text() === 'late');
  });

  it('keep for the next client what the last was not sent', async () => {
    const out = await open(tcp());
    const first = await client();
    out.write(bytesOf('one '));
    await until(() => first.text() === 'one ' && out.held === 0);
    first.socket.destroy();
    await until(async () => {
      out.write(bytesOf('.'));
      await new Promise((resolve) => setTimeout(resolve, 5));
      return out.held > 0;
    });
    out.write(bytesOf('two'));
    const second = await client();
    await until(() => second.text().endsWith('.two'));
    assert.ok(!second.text().includes('one'));
  });

  it('make the guest wait when nobody takes them, and let it go on when somebody does', async () => {
    const out = await open(tcp());
    out.write(new Uint8Array(heldLimit));
    assert.equal(out.settled(), undefined);
    out.write(new Uint8Array(1));
    let settled = false;
    const waiting = out.settled()?.then(() => (settled = true));
    assert.ok(waiting);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(settled, false);
    const reader = await client();
    await waiting;
    await until(() => reader.bytes.length === heldLimit + 1);
  });

  it('pass what clients type', async () => {
    await open(tcp());
    const { socket } = await client();
    socket.write(Uint8Array.of(1, 255, 13, 0));
    await until(() => typed.length === 4);
    assert.deepEqual(typed, [1, 255, 13, 0]);
  });

  it('speak Telnet where asked to (RFC 854)', async () => {
    const out = await open(tcp(true));
    const { socket, bytes } = await client();
    out.write(Uint8Array.of(65, 255, 66));
    await until(() => bytes.at(-1) === 66);
    assert.deepEqual(bytes, [255, 251, 1, 255, 251, 3, 255, 251, 0, 255, 253, 0, 65, 255, 255, 66]);
    // A subnegotiation in two pieces, an option refused, an escaped 255, a carriage return and NUL.
    socket.write(Uint8Array.of(97, 255, 250, 24, 0, 255));
    socket.write(Uint8Array.of(240, 98, 255, 252, 1, 255, 255, 13, 0, 99));
    await until(() => typed.at(-1) === 99);
    assert.deepEqual(typed, [97, 98, 255, 13, 99]);
  });

  it('name what cannot be opened', async () => {
    await assert.rejects(open({ kind: 'file', path: 'no/such/folder/log' }), /log'.*ENOENT/);
    await open(tcp());
    const port = Number(/:(\d+)/.exec(said[0] ?? '')?.[1]);
    const taken = { kind: 'tcp', host: '127.0.0.1', port, telnet: false } as const;
    await assert.rejects(
      ConsoleOutputs.open([taken], folder, { input: () => {}, say: () => {} }),
      new RegExp(`cannot listen on 127.0.0.1:${port}`),
    );
  });

  it('wait for a file that cannot be written, and lose nothing', async () => {
    let full = true;
    const written: number[] = [];
    let drained = 0;
    const host = {
      input: () => {},
      say: (line: string) => said.push(line),
      drained: () => drained++,
    };
    const sink = openFileSink(path.join(folder, 'full'), host, (_, bytes) => {
      if (full) throw new Error('ENOSPC: no space left on device');
      written.push(...bytes.subarray(0, 2));
      return Math.min(2, bytes.length);
    });
    sink.write(bytesOf('abc'));
    sink.write(bytesOf('def'));
    assert.equal(sink.held, 6);
    assert.match(said.join(), /full'.*no space left/);
    full = false;
    await until(() => sink.held === 0);
    assert.equal(Buffer.from(written).toString(), 'abcdef');
    assert.ok(drained > 0);
    await sink.close();
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it never became true: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
