/**
 * Drives the devices of a QEMU machine whose harts stand still, register by register, over QEMU's
 * qtest protocol: the oracle for our devices. Its virtual clock stands still as well.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { MmioDevice } from '../../../src/core/devices/device.ts';

export class Qtest {
  readonly exit: Promise<number | null>;
  private readonly child: ChildProcess;
  private readonly waiting: ((line: string) => void)[] = [];
  private text = '';
  private errors = '';

  constructor(args: readonly string[] = [], program = 'qemu-system-riscv64') {
    const fixed = ['-S', '-qtest', 'stdio', '-qtest-log', 'none', '-display', 'none'];
    const rest = ['-serial', 'none', '-monitor', 'none', '-rtc', 'base=2025-01-01,clock=vm'];
    const bios = args.includes('-bios') ? [] : ['-bios', 'none'];
    // glibc fills what is allocated with zeros then: QEMU 7.2 does not clear the state of an APLIC.
    const GLIBC_TUNABLES = 'glibc.malloc.tcache_count=0:glibc.malloc.perturb=255';
    const env = { ...process.env, GLIBC_TUNABLES };
    this.child = spawn(program, ['-M', 'virt', ...fixed, ...rest, ...bios, ...args], { env });
    this.child.stdout?.on('data', (data: Buffer) => this.received(data.toString()));
    this.child.stderr?.on('data', (data: Buffer) => (this.errors += data.toString()));
    this.exit = new Promise((resolve) => {
      this.child.on('error', () => resolve(null));
      this.child.on('exit', (code) => {
        for (const waiter of this.waiting.splice(0)) waiter(`GONE ${this.errors}`);
        resolve(code);
      });
    });
  }

  async read(address: number, size: 1 | 2 | 4): Promise<number> {
    return Number((await this.command(`read${'?bw?l'[size]} 0x${address.toString(16)}`)).trim());
  }

  async write(address: number, size: 1 | 2 | 4, value: number): Promise<void> {
    const numbers = [address, value].map((n) => `0x${(n >>> 0).toString(16)}`);
    await this.command(`write${'?bw?l'[size]} ${numbers.join(' ')}`);
  }

  async bytes(address: number, size: number): Promise<number[]> {
    const hex = await this.command(`read 0x${address.toString(16)} 0x${size.toString(16)}`);
    return [...Buffer.from(hex.trim().slice(2), 'hex')];
  }

  /** One line to QEMU, the rest of its line behind OK. */
  async command(line: string): Promise<string> {
    const answer = await new Promise<string>((resolve) => {
      this.waiting.push(resolve);
      this.child.stdin?.write(`${line}\n`);
    });
    if (!answer.startsWith('OK')) throw new Error(`qtest: '${line}' answered '${answer}'`);
    return answer.slice(2);
  }

  close(): void {
    this.child.kill('SIGKILL');
  }

  private received(text: string): void {
    this.text += text;
    const lines = this.text.split('\n');
    this.text = lines.pop() ?? '';
    for (const line of lines) {
      // Interrupt lines that change are reported between answers; nobody asked for them.
      if (!line.startsWith('IRQ')) this.waiting.shift()?.(line);
    }
  }
}

/** One access to a device; a read without `mask` is compared in all bits. */
export type Access =
  | { readonly read: number; readonly size?: 1 | 2 | 4; readonly mask?: number }
  | { readonly write: number; readonly size?: 1 | 2 | 4; readonly value: number };

/** Does `accesses` to our device and to QEMU's at `base`; the first difference as text, or ''. */
export async function firstDifference(
  qemu: Qtest,
  base: number,
  device: MmioDevice,
  accesses: Iterable<Access>,
): Promise<string> {
  const history: string[] = [];
  for (const access of accesses) {
    const size = access.size ?? 4;
    if ('write' in access) {
      await qemu.write(base + access.write, size, access.value);
      device.write(access.write, size, access.value);
      history.push(`write${size} ${access.write.toString(16)} = ${access.value.toString(16)}`);
      continue;
    }
    const mask = access.mask ?? 0xffffffff;
    const theirs = ((await qemu.read(base + access.read, size)) & mask) >>> 0;
    const ours = (device.read(access.read, size) & mask) >>> 0;
    history.push(`read${size} ${access.read.toString(16)}: ${theirs.toString(16)}`);
    if (ours !== theirs) return `${history.slice(-20).join('\n')}\nours: ${ours.toString(16)}`;
  }
  return '';
}

/** Pseudo-random numbers below a limit, the same in every run. */
export function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** An interrupt line that remembers its level and how often it rose. */
export class Line {
  level = false;
  edges = 0;
  set(level: boolean): void {
    if (level && !this.level) this.edges++;
    this.level = level;
  }
}

/** Time that a test moves by hand. */
export class Clock {
  now = 0n;
  ticks(): bigint {
    return this.now;
  }
}
