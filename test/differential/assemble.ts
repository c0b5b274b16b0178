/** Assembly to bytes, through GNU as and ld. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The program's bytes, linked to run at `address`. */
export function assemble(source: string, address: number, xlen: 32 | 64 = 64): Uint8Array {
  return inFolder((folder) => {
    const file = (name: string): string => path.join(folder, name);
    writeFileSync(file('a.S'), `.globl _start\n${source}\n`);
    const base = `rv${xlen}imac_zicsr_zifencei`;
    const abi = xlen === 64 ? 'lp64' : 'ilp32';
    const options = `-march=${base} -mabi=${abi} -nostdlib -static -Wl,--build-id=none`;
    // The compiler knows no H, and no F without its own way of passing arguments.
    const extended = `-Wa,-march=${base.replace('ac_', 'afdch_')}`;
    const at = `-Wl,-Ttext=0x${address.toString(16)}`;
    const all = [...options.split(' '), extended, at, '-o', file('a.elf'), file('a.S')];
    execFileSync('riscv64-unknown-elf-gcc', all, { stdio: 'pipe' });
    execFileSync('riscv64-unknown-elf-objcopy', ['-O', 'binary', file('a.elf'), file('a.bin')]);
    return new Uint8Array(readFileSync(file('a.bin')));
  });
}

export function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-diff-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
