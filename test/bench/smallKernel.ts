/** Kernels of the bench with few repetitions, built in a folder of their own. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export class SmallKernels {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'trapline-'));

  constructor() {
    cpSync('test/bench/kernels', this.folder, { recursive: true });
  }

  /** Path of an ELF file of the kernel, for the world of that number. */
  build(name: string, repetitions: number, world = 0): string {
    const elf = path.join(this.folder, `${name}.elf`);
    rmSync(elf);
    rmSync(path.join(this.folder, 'build'), { recursive: true, force: true });
    const make = ['-s', '-C', this.folder, `${name}.elf`, 'CC=riscv64-unknown-elf-gcc'];
    execFileSync('make', [...make, `EXTRA=-DREPS=${repetitions}`], { stdio: 'pipe' });
    const bytes = readFileSync(elf);
    bytes.writeUInt32LE(world, worldOffset);
    writeFileSync(elf, bytes);
    return elf;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Of the word `world` of start.S in the file, as in kernels.mjs. */
const worldOffset = 0x1004;
