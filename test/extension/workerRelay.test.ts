import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { WorkerRelay, type Message } from '../../src/extension/workerRelay.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'relay-'));
const request = (seq: number, command: string): Message => ({ type: 'request', seq, command });

/** A relay to a worker with this body, and what came out of it so far. */
function relayTo(body: string): { relay: WorkerRelay; seen: Message[]; crashes: string[] } {
  const script = path.join(folder, `${Math.random().toString(36).slice(2)}.cjs`);
  writeFileSync(script, `const { parentPort } = require('node:worker_threads');\n${body}`);
  const relay = new WorkerRelay(script);
  const seen: Message[] = [];
  const crashes: string[] = [];
  relay.message.on((message) => seen.push(message));
  relay.crash.on((reason) => crashes.push(reason));
  return { relay, seen, crashes };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((done) => setTimeout(done, 10));
  assert.ok(condition(), 'waited five seconds');
}

const echo = `parentPort.on('message', (m) => parentPort.postMessage({ type: 'response', seq: m.seq,
  request_seq: m.seq, command: m.command, success: true, body: m.arguments }));`;

describe('WorkerRelay', () => {
  after(() => rmSync(folder, { recursive: true }));

  it('passes messages both ways, in order and unchanged', async () => {
    const { relay, seen, crashes } = relayTo(echo);
    for (let seq = 1; seq <= 5; seq++)
      relay.send({ ...request(seq, 'x'), arguments: { n: [seq] } });
    await until(() => seen.length === 5);
    assert.deepEqual(
      seen.map((message) => message['body']),
      [1, 2, 3, 4, 5].map((n) => ({ n: [n] })),
    );
    relay.dispose();
    assert.deepEqual(crashes, []);
  });

  it('ends the session once, with the reason, when the thread throws', async () => {
    const { relay, seen, crashes } = relayTo(
      `parentPort.on('message', () => { throw new RangeError('out of harts'); });`,
    );
    relay.send(request(1, 'launch'));
    relay.send(request(2, 'threads'));
    await until(() => seen.some((message) => message['event'] === 'terminated'));
    assert.deepEqual(crashes, ['RangeError: out of harts']);
    const refused = seen.filter((message) => message.type === 'response');
    assert.deepEqual(
      refused.map((message) => [message['request_seq'], message['success']]),
      [
        [1, false],
        [2, false],
      ],
    );
    assert.match(String(refused[0]?.['message']), /out of harts/);
    relay.send(request(3, 'stackTrace'));
    relay.send(request(4, 'disconnect'));
    assert.deepEqual(
      seen.slice(-2).map((message) => [message['request_seq'], message['success']]),
      [
        [3, false],
        [4, true],
      ],
    );
  });

  it('takes a thread that leaves in the middle for dead', async () => {
    const { relay, seen, crashes } = relayTo(`parentPort.on('message', () => process.exit(7));`);
    relay.send(request(1, 'launch'));
    await until(() => seen.some((message) => message['event'] === 'terminated'));
    assert.deepEqual(crashes, ['it ended with code 7']);
  });

  it('says so when the script is missing', async () => {
    const relay = new WorkerRelay(path.join(folder, 'missing.cjs'));
    const crashes: string[] = [];
    relay.crash.on((reason) => crashes.push(reason));
    await until(() => crashes.length > 0);
    assert.match(crashes[0] ?? '', /missing\.cjs/);
  });

  it('does not report a thread that stops after the session, or when disposed of', async () => {
    const first = relayTo(
      `parentPort.on('message', () => { parentPort.postMessage({ type: 'event', seq: 1,
        event: 'terminated' }); parentPort.close(); });`,
    );
    first.relay.send(request(1, 'launch'));
    await until(() => first.seen.length === 2);
    const second = relayTo(echo);
    second.relay.dispose();
    await new Promise((done) => setTimeout(done, 100));
    assert.deepEqual([...first.crashes, ...second.crashes], []);
  });

  it('passes on what the thread prints', async () => {
    const { relay } = relayTo(`console.error('a warning'); ${echo}`);
    let log = '';
    relay.log.on((text) => (log += text));
    await until(() => log.includes('a warning'));
    relay.dispose();
  });
});
