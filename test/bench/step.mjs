// How long a step takes for the client: DAP `next` and `stepIn` to `stopped`, over the adapter's own
// pipe, in a program of -O2 with more than 50 MB of DWARF, made and compiled when the bench runs. And
// `restart` to the first breakpoint, and Step Back.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BenchError, root } from './process.mjs';

const target = 10;
const restartTarget = 500;
const restarts = 9;
const units = 50;
const types = 9000;
const steps = 200;

export async function measureSteps() {
  const cli = path.join(root, 'dist/trapline.cjs');
  if (!existsSync(cli)) throw new BenchError('step: npm run build makes what is measured');
  const program = compiled();
  const megabytes = dwarfBytes(program) / 1e6;
  const client = new Client(cli);
  try {
    const before = performance.now();
    await client.request('initialize', { adapterID: 'trapline' });
    await client.request('launch', { program, mode: 'machine' });
    await client.request('setFunctionBreakpoints', { breakpoints: [{ name: 'work' }] });
    const stopped = client.event('stopped');
    await client.request('configurationDone');
    await stopped;
    const first = performance.now() - before;
    console.log(
      `${megabytes.toFixed(0)} MB of DWARF; launch to the first breakpoint ${first.toFixed(0)} ms`,
    );
    console.log(`${'request'.padEnd(10)}   median      95 %   target`);
    for (const command of ['next', 'stepIn']) {
      await client.step(command);
      const times = [];
      for (let i = 0; i < steps; i++) {
        times.push(await timed(() => client.step(command)));
        // As an editor does between steps.
        const { stackFrames } = await client.request('stackTrace', { threadId: 1, levels: 20 });
        await client.request('scopes', { frameId: stackFrames[0].id });
      }
      print(command, times, target);
    }
    const back = [];
    for (let i = 0; i < restarts; i++) back.push(await timed(() => client.step('stepBack')));
    print('stepBack', back);
    const again = [];
    for (let i = 0; i < restarts; i++) again.push(await timed(() => client.step('restart')));
    console.log(`restarts: ${again.map((ms) => ms.toFixed(0)).join(' ')} ms`);
    print('restart', again, restartTarget);
  } finally {
    client.end();
  }
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function print(name, times, most) {
  const sorted = times.toSorted((a, b) => a - b);
  const [median, late] = [0.5, 0.95].map((part) => sorted[Math.floor(times.length * part)]);
  const figures = [median, late].map((ms) => `${ms.toFixed(2)} ms`.padStart(10)).join('');
  const wanted = most === undefined ? '' : `${most} ms`.padStart(9);
  console.log(
    `${name.padEnd(10)}${figures}${wanted}${median > (most ?? Infinity) ? ' missed' : ''}`,
  );
}

/** A client on the adapter's standard input and output. */
class Client {
  constructor(cli) {
    this.process = spawn(process.execPath, [cli, 'debug', '--dap'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.waiting = [];
    this.seq = 1;
    let data = Buffer.alloc(0);
    this.process.stdout.on('data', (chunk) => {
      data = Buffer.concat([data, chunk]);
      for (;;) {
        const head = /^Content-Length: (\d+)\r\n\r\n/.exec(data.toString('latin1'));
        const end = head ? head[0].length + Number(head[1]) : Infinity;
        if (data.length < end) return;
        this.receive(JSON.parse(data.toString('utf8', head[0].length, end)));
        data = data.subarray(end);
      }
    });
  }

  receive(message) {
    const index = this.waiting.findIndex(({ matches }) => matches(message));
    if (index >= 0) this.waiting.splice(index, 1)[0].resolve(message);
  }

  next(matches) {
    return new Promise((resolve) => this.waiting.push({ matches, resolve }));
  }

  event(name) {
    return this.next((m) => m.type === 'event' && m.event === name);
  }

  async request(command, args) {
    const seq = this.seq++;
    const answer = this.next((m) => m.type === 'response' && m.request_seq === seq);
    const body = JSON.stringify({ type: 'request', seq, command, arguments: args });
    this.process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    const { success, message, body: result } = await answer;
    if (!success) throw new BenchError(`step: ${command}: ${message}`);
    return result ?? {};
  }

  async step(command) {
    const stopped = this.event('stopped');
    await this.request(command, { threadId: 1 });
    await stopped;
  }

  end() {
    this.process.kill();
  }
}

function compiled() {
  const folder = path.join(root, '.cache/bench/step');
  const elf = path.join(folder, `step-${units}-${types}.elf`);
  if (existsSync(elf)) return elf;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'types.h'), header());
  writeFileSync(path.join(folder, 'start.S'), startText);
  const flags = ['-march=rv64imac_zicsr', '-mabi=lp64', '-mcmodel=medany', '-O2', '-g'];
  const compile = ['-ffreestanding', '-fno-eliminate-unused-debug-types', '-c', '-o'];
  const gcc = (...args) => execFileSync('riscv64-unknown-elf-gcc', args, { cwd: folder });
  const objects = ['start.o'];
  gcc(...flags, '-c', '-o', 'start.o', 'start.S');
  for (let unit = 0; unit < units; unit++) {
    writeFileSync(path.join(folder, `unit${unit}.c`), unitText(unit));
    gcc(...flags, ...compile, `unit${unit}.o`, `unit${unit}.c`);
    objects.push(`unit${unit}.o`);
  }
  const link = ['-nostdlib', '-static', '-Wl,--no-warn-rwx-segments', '-Wl,-n,-Ttext=0x80000000'];
  gcc(...flags, ...link, '-o', elf, ...objects);
  return elf;
}

const startText = `.globl _start
_start:
  la sp, stack_top
  csrr t0, mhartid
  bnez t0, 2f
  call work
2: wfi
  j 2b
.bss
.balign 16
.space 65536
stack_top:
`;

function header() {
  const structs = Array.from({ length: types }, (_, i) => {
    const other = i === 0 ? 'void' : `struct type${(i * 7919) % i}`;
    return `struct type${i} { struct type${i} *next; ${other} *other; long count; char name[${8 + (i % 24)}]; unsigned flags : 3, kind : 5; int values${i}[${1 + (i % 9)}]; };`;
  });
  return `#pragma once\n${structs.join('\n')}
static inline long mixed(long a, long b) {
  long c = a * 31 + b;
  return c ^ (c >> 7);
}
${Array.from({ length: units }, (_, i) => `long unit${i}(long a, struct type${i} *p);`).join('\n')}
`;
}

function unitText(unit) {
  const own = `__attribute__((noinline)) long unit${unit}(long a, struct type${unit} *p) {
  long sum = a;
  for (int i = 0; i < 5; i++) {
    sum = mixed(sum, p->count + i);
    p->count = sum & 0xff;
    if (sum & 1) sum += p->values${unit}[0];
  }
  return sum;
}
static struct type${unit} object${unit};
struct type${unit} *get${unit}(void) { return &object${unit}; }`;
  if (unit > 0) return `#include "types.h"\n${own}\n`;
  const gets = Array.from({ length: units }, (_, i) => `struct type${i} *get${i}(void);`).join(
    '\n',
  );
  const calls = Array.from({ length: units }, (_, i) => `    sum += unit${i}(sum, get${i}());`);
  return `#include "types.h"
${gets}
volatile long result;
${own}
void work(void) {
  long sum = 1;
  for (;;) {
${calls.join('\n')}
    result = mixed(sum, result);
  }
}
`;
}

/** Bytes of the sections whose names begin with `.debug_`. */
function dwarfBytes(elf) {
  const bytes = readFileSync(elf);
  const table = Number(bytes.readBigUInt64LE(0x28));
  const [size, count, names] = [0x3a, 0x3c, 0x3e].map((at) => bytes.readUInt16LE(at));
  const field = (section, at) => Number(bytes.readBigUInt64LE(table + section * size + at));
  const text = (at) => bytes.toString('latin1', at, bytes.indexOf(0, at));
  let sum = 0;
  for (let section = 0; section < count; section++) {
    const name = text(field(names, 24) + bytes.readUInt32LE(table + section * size));
    if (name.startsWith('.debug_')) sum += field(section, 32);
  }
  return sum;
}
