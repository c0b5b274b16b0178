/**
 * Debian's U-Boot for supervisor mode at a console that is a file and a TCP port at once, and SBI
 * debug console calls made from its prompt. Its own console is the UART that its device tree names;
 * DBCN is its debug UART, on which it says nothing while all is well. So a few instructions of ours,
 * typed in with `mw` and run with `go`, print U-Boot's image through DBCN, or as a kernel does where
 * a probe finds none, by legacy putchar.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { testEngine } from '../engine.ts';
import { assemble } from '../core/hypervisor/riscv/realGuest.ts';
import { firmwareImages, releases } from './images.ts';
import { commandOutput, ScriptRunner, ubootSession, type Step } from './script.ts';

const program = 0x8400_0000;
/** Of the image, where it was loaded; U-Boot itself has moved away. */
const printed = { address: 0x8020_0000, size: 5000 };

/** Returns which console it used: 1 for DBCN, 2 for legacy putchar. */
const source = `
    li a7, 0x10
    li a6, 3
    li a0, 0x4442434e
    ecall
    li t0, ${printed.address}
    li t1, ${printed.size}
    beqz a1, legacy
  again:
    mv a0, t1
    mv a1, t0
    li a2, 0
    li a7, 0x4442434e
    li a6, 0
    ecall
    bnez a0, done
    add t0, t0, a1
    sub t1, t1, a1
    bnez t1, again
    li a0, 1
    ret
  legacy:
    lbu a0, 0(t0)
    li a7, 1
    ecall
    addi t0, t0, 1
    addi t1, t1, -1
    bnez t1, legacy
    li a0, 2
  done:
    ret
`;

interface Session {
  readonly file: Buffer;
  readonly tcp: Buffer;
  readonly transcript: string;
  readonly code: number | null;
}

for (const release of releases) {
  describe(`U-Boot of ${release} at a file and a TCP port`, function () {
    this.timeout(300_000);
    let image = Buffer.alloc(0);
    let commands: readonly string[] = [];

    before(() => {
      image = readFileSync(firmwareImages(release).ubootS);
      const words = new Uint32Array(padded(assemble(source, program)).buffer);
      commands = [
        'sbi',
        ...[...words].map((word, i) => `mw.l ${hex(program + i * 4)} ${hex(word)}`),
        `go ${hex(program)}`,
      ];
    });

    for (const [name, calls, used] of [
      ['with DBCN forwarded', ['DBCN=forward'], 1],
      ['with DBCN denied, which falls back as on KVM', ['DBCN=deny'], 2],
    ] as const) {
      it(`${name}: both have the same bytes, all of them`, async () => {
        const { file, tcp, transcript, code } = await session(
          firmwareImages(release).ubootS,
          calls,
          ubootSession(commands),
        );
        assert.equal(code, 0);
        assert(file.equals(tcp), `${file.length} bytes in the file, ${tcp.length} by TCP`);
        const wanted = image.subarray(0, printed.size);
        assert(file.includes(wanted), 'the image, byte for byte');
        assert.match(transcript, new RegExp(`## Application terminated, rc = 0x${used}\\b`));
        const listed = /Debug Console Extension|Extension 0x4442434e/i;
        const answer = commandOutput(transcript, 'sbi');
        // The older U-Boot does not know the name.
        if (release !== 'bookworm') assert.equal(listed.test(answer), used === 1, answer);
      });
    }
  });
}

/** Runs the command line, types at its port what the script says, and waits for its end. */
async function session(
  uboot: string,
  calls: readonly string[],
  script: readonly Step[],
): Promise<Session> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trapline-uboot-'));
  const file = path.join(folder, 'console.log');
  const rules = calls.flatMap((rule) => ['--calls', rule]);
  const engine = testEngine === 'auto' ? [] : ['--engine', testEngine];
  const args = ['run', ...engine, ...rules, '--console', `file:${file}`, '--console', 'tcp:0'];
  const child = spawn(process.execPath, [path.resolve('dist/cli.cjs'), ...args, uboot], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const runner = new ScriptRunner(script);
    const chunks: Buffer[] = [];
    const port = await portOf(child.stderr);
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (data) => {
      chunks.push(data);
      const { send } = runner.output(data);
      if (send !== '') socket.write(send, 'latin1');
    });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    await closed;
    assert(runner.finished, `${runner.waitingFor}\n${runner.text.slice(-1000)}`);
    const transcript = runner.text;
    return { file: readFileSync(file), tcp: Buffer.concat(chunks), transcript, code };
  } finally {
    child.kill();
    rmSync(folder, { recursive: true });
  }
}

function portOf(stderr: NodeJS.ReadableStream): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    stderr.on('data', (data: Buffer) => {
      text += data.toString();
      const found = /console on [^ ]*:(\d+)/.exec(text)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    stderr.on('end', () => reject(new Error(`no port: ${text}`)));
  });
}

function padded(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  all.set(bytes);
  return all;
}

function hex(value: number): string {
  return value.toString(16);
}
