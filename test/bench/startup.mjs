// How long F5 takes without the editor: from the launch request to the machine's first instruction
// and to the first console byte of hello-dbcn, as the debug adapter itself tells it.
//   npm run bench:startup [-- --runs N]
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const adapter = path.join(root, 'dist/adapter.cjs');
const program = path.join(root, 'media/samples/hello-dbcn/hello-dbcn.elf');
const option = process.argv.indexOf('--runs');
const runs = option < 0 ? 10 : Number(process.argv[option + 1]);
if (!existsSync(adapter)) {
  console.error('dist/adapter.cjs is missing: npm run build');
  process.exit(1);
}

const figures = { launchToRunning: [], launchToFirstByte: [] };
for (let i = 0; i < runs; i++) {
  const timing = await session();
  for (const name of Object.keys(figures)) figures[name].push(timing[name]);
}
console.log(
  `hello-dbcn through the debug adapter, node ${process.versions.node}, ${runs} runs, ms`,
);
for (const [name, values] of Object.entries(figures)) {
  const sorted = values.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  console.log(`${name.padEnd(18)} min ${sorted[0]}  median ${median}  max ${sorted.at(-1)}`);
}

/** One session in a fresh process, ended with its first console byte. */
function session() {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [adapter], { stdio: ['pipe', 'pipe', 'inherit'] });
    const timing = {};
    let seq = 1;
    let buffer = Buffer.alloc(0);
    const send = (command, args) => {
      const text = JSON.stringify({ seq: seq++, type: 'request', command, arguments: args });
      child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    };
    const receive = (message) => {
      if (message.success === false) reject(new Error(message.message));
      if (message.event === 'initialized') send('configurationDone');
      if (message.event !== 'trapline/timing') return;
      Object.assign(timing, message.body);
      if (Object.keys(figures).every((name) => name in timing)) child.kill();
    };
    child.stdout.on('data', (data) => {
      buffer = Buffer.concat([buffer, data]);
      for (;;) {
        const header = /^Content-Length: (\d+)\r\n\r\n/.exec(buffer.toString('latin1'));
        if (!header) return;
        const end = header[0].length + Number(header[1]);
        if (buffer.length < end) return;
        receive(JSON.parse(buffer.toString('utf8', header[0].length, end)));
        buffer = buffer.subarray(end);
      }
    });
    child.on('exit', () => resolve(timing));
    send('initialize', { adapterID: 'trapline' });
    send('launch', { program });
  });
}
