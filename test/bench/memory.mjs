// What a session holds of memory, as the system counts it (VmRSS): a bare machine with 256 MiB of RAM
// whose guest writes to 200 MiB of it and runs 10,000 functions, each often enough to be translated;
// then what is left when the session is closed. The debug adapter serves it, as an editor has it.
//   node test/bench/memory.mjs [--engine NAME] [--json]        (Linux; needs dist/)
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const MiB = 1 << 20;
const functions = 10_000;
const functionBytes = 64;
/** Rounds of each function's loop, and calls of each: together well above what is translated for. */
const [rounds, passes] = [2000, 3];

async function measure() {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-memory-'));
  const program = path.join(folder, 'workload.bin');
  writeFileSync(program, workload());
  const port = await freePort();
  const cli = path.join(root, 'dist/cli.cjs');
  const server = spawn(process.execPath, [cli, 'debug', '--dap', '--port', String(port)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await new Promise((resolve) => server.stderr.once('data', resolve));
    const idle = resident(server.pid);
    const first = await sessionOf(port, program, server.pid);
    const second = await sessionOf(port, program, server.pid);
    return { idle, ...first, runningAgain: second.running, closedAgain: second.closed };
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

/** One session from its launch until its end, and what the process had then and a little later. */
async function sessionOf(port, program, pid) {
  const session = await Session.open(port);
  await session.request('initialize', { adapterID: 'trapline' });
  const launched = session.request('launch', { program, mode: 'machine', memory: '256M', engine });
  await session.event('initialized');
  await session.request('configurationDone', {});
  await launched;
  await session.event('output', ({ output }) => output.includes('!'));
  const running = resident(pid);
  await session.request('disconnect', {});
  session.close();
  // What a thread had goes back to the system a little after its end.
  let closed = resident(pid);
  for (let quiet = 0; quiet < 10;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = resident(pid);
    quiet = now < closed ? 0 : quiet + 1;
    closed = Math.min(closed, now);
  }
  return { running, closed };
}

/** MiB that a process has in memory. */
function resident(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) / 1024);
}

/** A flat image for the beginning of RAM. */
function workload() {
  const base = 0x8000_0000;
  const code = 4096;
  const [t0, t1, t2, s0, s1, s2, ra] = [5, 6, 7, 8, 9, 18, 1];
  const start = [
    // A word of each page from base + 16 MiB on.
    ...address(t0, base + 16 * MiB),
    ...constant(t1, (200 * MiB) / 4096),
    lui(t2, 1),
    store(t0, t1),
    add(t0, t0, t2),
    addi(t1, t1, -1),
    branchNotZero(t1, -12),
    addi(s0, 0, passes),
    ...address(s1, base + code),
    ...constant(s2, functions),
    jalr(ra, s1),
    addi(s1, s1, functionBytes),
    addi(s2, s2, -1),
    branchNotZero(s2, -12),
    addi(s0, s0, -1),
    branchNotZero(s0, -40),
    lui(t0, 0x10000),
    addi(t1, 0, 0x21),
    storeByte(t0, t1),
    0x0000_006f,
  ];
  const words = new Uint32Array((code + functions * functionBytes) / 4);
  words.set(start);
  for (let i = 0; i < functions; i++) {
    const body = [
      ...constant(t0, rounds),
      addi(t1, t1, (i % 2000) + 1),
      xor(t2, t2, t1),
      add(t1, t1, t2),
      addi(t0, t0, -1),
      branchNotZero(t0, -16),
      jalr(0, ra),
    ];
    words.set(body, (code + i * functionBytes) / 4);
  }
  return new Uint8Array(words.buffer);
}

// The few instructions that it is made of (unprivileged manual, chapter 2), as words.
function addi(rd, rs1, value) {
  return (((value & 0xfff) << 20) | (rs1 << 15) | (rd << 7) | 0x13) >>> 0;
}
function lui(rd, value) {
  return (((value & 0xfffff) << 12) | (rd << 7) | 0x37) >>> 0;
}
function add(rd, rs1, rs2) {
  return ((rs2 << 20) | (rs1 << 15) | (rd << 7) | 0x33) >>> 0;
}
function xor(rd, rs1, rs2) {
  return (add(rd, rs1, rs2) | (4 << 12)) >>> 0;
}
function jalr(rd, rs1) {
  return ((rs1 << 15) | (rd << 7) | 0x67) >>> 0;
}
function store(rs1, rs2) {
  return ((rs2 << 20) | (rs1 << 15) | (3 << 12) | 0x23) >>> 0;
}
function storeByte(rs1, rs2) {
  return ((rs2 << 20) | (rs1 << 15) | 0x23) >>> 0;
}
/** A branch back by at most 4 KiB while a register is not zero. */
function branchNotZero(rs1, offset) {
  const bits = (from, count) => (offset >> from) & ((1 << count) - 1);
  const high = (bits(12, 1) << 31) | (bits(5, 6) << 25);
  return (high | (rs1 << 15) | (1 << 12) | (bits(1, 4) << 8) | (bits(11, 1) << 7) | 0x63) >>> 0;
}
/** A number below 2^31 in two instructions. */
function constant(rd, value) {
  const low = (value << 20) >> 20;
  return [lui(rd, (value - low) >>> 12), addi(rd, rd, low)];
}
/** An address from 2^31 on, which LUI would extend by its sign: half of it, twice. */
function address(rd, value) {
  return [...constant(rd, value / 2), add(rd, rd, rd)];
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A client of the Debug Adapter Protocol that knows just enough. */
class Session {
  #socket;
  #seq = 1;
  #buffer = Buffer.alloc(0);
  #messages = [];
  #waiting = [];

  static open(port) {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Session(socket)));
      socket.on('error', reject);
    });
  }

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (data) => this.#receive(data));
  }

  async request(command, args) {
    const seq = this.#seq++;
    const text = JSON.stringify({ seq, type: 'request', command, arguments: args });
    this.#socket.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    const answer = await this.#next((m) => m.type === 'response' && m.request_seq === seq);
    if (!answer.success) throw new Error(`${command}: ${answer.message}`);
  }

  async event(name, matches = () => true) {
    await this.#next((m) => m.type === 'event' && m.event === name && matches(m.body ?? {}));
  }

  close() {
    this.#socket.destroy();
  }

  #next(matches) {
    const known = this.#messages.find(matches);
    if (known) return Promise.resolve(known);
    return new Promise((resolve) => this.#waiting.push({ matches, resolve }));
  }

  #receive(data) {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    for (;;) {
      const header = /^Content-Length: (\d+)\r\n\r\n/.exec(this.#buffer.toString('latin1'));
      if (!header) return;
      const end = header[0].length + Number(header[1]);
      if (this.#buffer.length < end) return;
      const message = JSON.parse(this.#buffer.toString('utf8', header[0].length, end));
      this.#buffer = this.#buffer.subarray(end);
      this.#messages.push(message);
      for (const { matches, resolve } of this.#waiting) if (matches(message)) resolve(message);
    }
  }
}

const option = process.argv.indexOf('--engine');
const engine = option < 0 ? 'jit' : process.argv[option + 1];
const figures = await measure();
if (process.argv.includes('--json')) console.log(JSON.stringify(figures));
else
  for (const [name, MiBs] of Object.entries(figures)) console.log(`${name.padEnd(8)} ${MiBs} MiB`);
