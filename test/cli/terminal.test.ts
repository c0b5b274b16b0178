/** The command line at a terminal, which `script` of util-linux makes: what is typed goes to the guest alone. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { assemble, scratchFolder } from './trapline.ts';

const cli = path.resolve('dist/cli.cjs');

/** Says that it is there, then writes each byte with 1 added. */
const guest = `
  li t0, 0x10000000
  li t1, '>'
1: sb t1, 0(t0)
2: lbu t1, 5(t0)
  andi t1, t1, 1
  beqz t1, 2b
  lbu t1, 0(t0)
  addi t1, t1, 1
  j 1b`;

class Terminal {
  private shown = '';
  private readonly child: ChildProcess;

  constructor(args: readonly string[]) {
    const words = [process.execPath, cli, ...args];
    const command = words.map((word) => `'${word}'`).join(' ');
    this.child = spawn('script', ['-qec', command, '/dev/null']);
    this.child.stdout!.on('data', (bytes: Buffer) => (this.shown += bytes.toString('latin1')));
  }

  type(text: string): void {
    this.child.stdin!.write(text);
  }

  /** Until the screen ends with a text. */
  async shows(text: string): Promise<void> {
    while (!this.shown.endsWith(text)) await once(this.child.stdout!, 'data');
  }

  /** Whatever runs there ends with it. */
  close(): void {
    this.child.kill();
  }

  async exitCode(): Promise<number> {
    const [code] = (await once(this.child, 'exit')) as [number];
    return code;
  }
}

describe('cli: at a terminal', function () {
  this.timeout(20_000);
  const folder = scratchFolder();
  let terminal: Terminal | undefined;
  afterEach(() => terminal?.close());

  it('the guest gets what is typed, which is not echoed, and Ctrl-A x quits', async () => {
    const image = assemble(folder, 'next', guest, 0x8000_0000);
    terminal = new Terminal(['run', '--mode', 'machine', image]);
    await terminal.shows('>');
    terminal.type('HAL');
    await terminal.shows('>IBM');
    terminal.type('\x01\x01');
    await terminal.shows('>IBM\x02');
    terminal.type('\x01x');
    assert.equal(await terminal.exitCode(), 130);
  });
});
