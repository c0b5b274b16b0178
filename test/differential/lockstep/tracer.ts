/** Runs an image on QEMU with the plugin tracer.c and reads what it wrote. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newerQemu } from '../../tools/debian.mjs';
import { layout } from './layout.ts';
import type { LockstepProcessor } from './processors.ts';

/** Memory of a program as it left it: a sum of each page, or the bytes. */
export interface MemorySums {
  readonly sums: Uint32Array;
  readonly bytes: Uint8Array | undefined;
}

/** Marks of the file, as in tracer.c. */
const absent = 0x8000;
const completeMark = 0x8000;
const memoryMark = 0xffff;

/**
 * What QEMU did, instruction by instruction. `next` moves on; the other members then say how things
 * stood before the instruction at `pc`.
 */
export class Trace {
  readonly names: readonly string[];
  /** Registers by their index in `names`, as QEMU has them. */
  readonly values: BigUint64Array;
  readonly present: Uint8Array;
  pc = 0n;
  /** Indices of the registers that are not as they were one instruction ago. */
  changed: Uint16Array = new Uint16Array(0);
  /** All registers were read here; else those that the instruction may change (tracer.c). */
  complete = false;
  /** Instructions since the last such one. */
  unread = 0;
  memory: MemorySums | undefined;
  private readonly bytes: Buffer;
  private readonly raw: boolean;
  private left: number;
  private readonly all: Uint16Array;
  private at = 4;

  /** `limit`: instructions after which the plugin stops QEMU. */
  constructor(bytes: Buffer, raw: boolean, limit: number) {
    this.left = limit;
    this.bytes = bytes;
    this.raw = raw;
    const names: string[] = [];
    for (let left = bytes.readUInt32LE(0); left > 0; left--) {
      const end = bytes.indexOf(10, this.at);
      names.push(bytes.toString('latin1', this.at, end));
      this.at = end + 1;
    }
    this.names = names;
    this.values = new BigUint64Array(names.length);
    this.present = new Uint8Array(names.length);
    this.all = new Uint16Array(names.length);
  }

  /** The trace ends here because QEMU was stopped, not because it ended or hung. */
  get stopped(): boolean {
    return this.left <= 0;
  }

  /** False where the file ends. */
  next(): boolean {
    const { bytes } = this;
    this.memory = undefined;
    if (this.at + 10 > bytes.length) return false;
    this.pc = bytes.readBigUInt64LE(this.at);
    const mark = bytes.readUInt16LE(this.at + 8);
    const count = mark & (completeMark - 1);
    this.unread = this.complete ? 0 : this.unread + 1;
    this.complete = (mark & completeMark) !== 0;
    if (this.at + 10 + count * 10 > bytes.length) return false;
    this.at += 10;
    this.left--;
    for (let i = 0; i < count; i++, this.at += 10) {
      const index = bytes.readUInt16LE(this.at);
      const register = index & (absent - 1);
      this.all[i] = register;
      this.present[register] = index & absent ? 0 : 1;
      this.values[register] = bytes.readBigUInt64LE(this.at + 2);
    }
    this.changed = this.all.subarray(0, count);
    if (this.pc === BigInt(layout.end)) this.readMemory();
    return true;
  }

  private readMemory(): void {
    const { bytes, at } = this;
    if (at + 14 > bytes.length || bytes.readUInt16LE(at + 8) !== memoryMark) return;
    const length = bytes.readUInt32LE(at + 10);
    const size = this.raw ? length : length / 1024;
    const own = Uint8Array.from(bytes.subarray(at + 14, at + 14 + size));
    this.at += 14 + size;
    this.memory = this.raw
      ? { sums: pageSums(own), bytes: own }
      : { sums: new Uint32Array(own.buffer), bytes: undefined };
  }
}

/** The sum that tracer.c makes of each page. */
export function pageSums(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const sums = new Uint32Array(bytes.byteLength / 4096);
  for (let page = 0; page < sums.length; page++) {
    let sum = 0;
    for (let i = page * 1024; i < (page + 1) * 1024; i++) {
      sum = (Math.imul(sum ^ words[i]!, 0x01000193) + (sum >>> 15)) >>> 0;
    }
    sums[page] = sum;
  }
  return sums;
}

export interface TraceOptions {
  /** Memory as it is, not only as sums. */
  readonly raw?: boolean;
  /** Instructions after which QEMU is stopped. */
  readonly limit?: number;
  /** At least every so many instructions all registers are read (tracer.c). */
  readonly every?: number;
}

/** QEMU counts as stuck when its file does not grow for so long; what it wrote is compared. */
const patience = 8_000;

/** Builds the plugin and runs images with it; `remove` when done. */
export class Tracer {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'trapline-lockstep-'));
  private readonly plugin: string;
  private runs = 0;

  constructor(source: string) {
    this.plugin = path.join(this.folder, 'tracer.so');
    const options = '-O2 -Wall -Werror -shared -fPIC -fvisibility=hidden'.split(' ');
    execFileSync('gcc', [...options, '-o', this.plugin, source], { stdio: 'pipe' });
  }

  async run(
    processor: LockstepProcessor,
    image: Uint8Array,
    { raw = false, limit = 600_000, every = 32 }: TraceOptions = {},
  ): Promise<Trace> {
    const name = path.join(this.folder, String(this.runs++));
    const [program, out] = [`${name}.bin`, `${name}.out`];
    writeFileSync(program, image);
    const [command, ...first] = newerQemu(`qemu-system-riscv${processor.xlen}`);
    const quiet = `boot=${layout.bootEnd},quiet=${layout.base}-${layout.quietEnd}`;
    const plugin = [
      `${this.plugin},out=${out},${quiet},end=${layout.end},limit=${limit}`,
      `raw=${raw ? 'on' : 'off'},every=${every}`,
    ].join();
    const args = [
      ...['-M', 'virt', '-m', `${layout.memoryBytes >> 20}M`, '-bios', program],
      ...['-cpu', [`rv${processor.xlen}i`, ...processor.qemu].join()],
      ...['-display', 'none', '-monitor', 'none', '-serial', 'none'],
      ...['-accel', 'tcg,thread=single,one-insn-per-tb=on', '-plugin', plugin],
    ];
    await new Promise<void>((resolve, reject) => {
      const qemu = spawn(command, [...first, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
      let errors = '';
      qemu.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
      let size = -1;
      let asked = false;
      const timer = setInterval(() => {
        const now = statSync(out, { throwIfNoEntry: false })?.size ?? 0;
        // First so that it writes what it has.
        if (now === size) qemu.kill(asked ? 'SIGKILL' : 'SIGTERM');
        asked ||= now === size;
        size = now;
      }, patience);
      qemu.on('error', reject);
      qemu.on('close', (code) => {
        clearInterval(timer);
        if (code === 0 || code === null) resolve();
        else reject(new Error(`QEMU ended with code ${code}\n${errors}`));
      });
    });
    const bytes = readFileSync(out);
    assert.ok(bytes.length > 4, 'the plugin wrote nothing');
    rmSync(program);
    rmSync(out);
    return new Trace(bytes, raw, limit);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
