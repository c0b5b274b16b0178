/** Where a session's consoles go: a file and a port beside the client, and input from the port. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { launch, sample, withTranscript } from './machine.ts';

const program = path.join(sample('hello-dbcn'), 'hello-dbcn.elf');

describe('consoles of a session', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'trapline-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('go to a file and a port, byte for byte, and take what is typed at the port', () =>
    withTranscript(async (t) => {
      const file = path.join(folder, 'console.log');
      const port = await freePort();
      await launch(t, { program, console: [{ file }, { tcp: port }] });
      const socket = connect(port, '127.0.0.1');
      let seen = '';
      let typed = false;
      socket.on('data', (data) => {
        seen += data.toString('latin1');
        if (typed || !seen.includes('name')) return;
        typed = true;
        socket.write('Ada\r');
      });
      const closed = new Promise((resolve) => socket.on('close', resolve));
      await t.request('configurationDone');
      await t.event('terminated');
      await closed;
      assert.match(seen, /Ada/);
      assert.equal(readFileSync(file, 'latin1'), seen);
      t.check('consoles');
    }));

  it('that cannot be opened end the launch with a message that names them', () =>
    withTranscript(async (t) => {
      await t.requestQuietly('initialize', { adapterID: 'trapline' });
      const file = path.join(folder, 'none/console.log');
      const answer = await t.request('launch', { program, console: ['terminal', { file }] });
      assert.match(answer.error.format, /console: cannot write .*none.console.log/);
      t.check('consolesRefused');
    }));
});

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    }),
  );
}
