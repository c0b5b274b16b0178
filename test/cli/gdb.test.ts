/** `trapline gdb` with gdb itself: where it listens, the guest's console, how it ends. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { gdb, sample } from '../gdb/serving.ts';
import { trapline } from './trapline.ts';

const elf = sample('hello-dbcn');

interface Waiting {
  readonly child: ChildProcess;
  readonly port: number;
  stdout(): string;
}

async function start(args: readonly string[]): Promise<Waiting> {
  const child = spawn(process.execPath, [path.resolve('dist/cli.cjs'), 'gdb', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  let stderr = '';
  const port = await new Promise<number>((resolve, reject) => {
    child.stderr.on('data', (bytes: Buffer) => {
      stderr += bytes.toString();
      const found = /waiting for a debugger on 127\.0\.0\.1:(\d+)/.exec(stderr);
      if (found) resolve(Number(found[1]));
    });
    child.on('exit', () => reject(new Error(`it ended: ${stderr}`)));
  });
  return { child, port, stdout: () => stdout };
}

async function exitCode({ child }: Waiting): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}

describe('trapline gdb', () => {
  let waiting: Waiting | undefined;
  afterEach(() => waiting?.child.kill());

  it('runs the guest with its console once gdb lets it, and ends with its exit code', async () => {
    waiting = await start(['--port', '0', elf]);
    waiting.child.stdin?.write('Ada\r');
    const text = await gdb(elf, [
      `target remote :${waiting.port}`,
      'print $pc',
      'break factorial',
      'continue',
      'detach',
    ]);
    // What gdb says of the missing source may come in between: it is on its other stream.
    assert.match(text, /\$1 = [^]*0x80200000 <_start>[^]*Breakpoint 1, factorial \(n=.*5\)/);
    assert.equal(await exitCode(waiting), 0);
    assert.match(waiting.stdout(), /Nice to meet you, Ada!/);
    assert.match(waiting.stdout(), /5! = 120[^]*Goodbye\./);
  });

  it('waits for the next debugger, and ends when one kills the guest', async () => {
    waiting = await start(['--port', '0', '--harts', '2', elf]);
    const first = await gdb(elf, [`target remote :${waiting.port}`, 'stepi', 'disconnect']);
    assert.match(first, /0x0*80200004|start\.S:/);
    const second = await gdb(elf, [`target remote :${waiting.port}`, 'print $pc', 'kill']);
    assert.doesNotMatch(second, /80200000 <_start>/);
    assert.equal(await exitCode(waiting), 0);
  });

  it('says what is wrong with its options', () => {
    assert.match(trapline(['gdb']).stderr, /no image given/);
    const { code, stderr } = trapline(['gdb', '--port', '99999', elf]);
    assert.equal(code, 2);
    assert.match(stderr, /--port wants a port number, not '99999'/);
    assert.match(trapline(['gdb', '--help']).stdout, /target remote :1234/);
  });
});
