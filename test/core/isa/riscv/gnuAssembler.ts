/** The GNU assembler as an oracle: what it says of each line, and the bytes it makes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const known =
  'gcvh_svinval_zicbom_zicbop_zicboz_zihintpause_zawrs_zba_zbb_zbc_zbs_zbkb_zbkc_zbkx_zk_zks_zfh';

/** Everything that the tables have and binutils 2.40 knows. */
export const fullIsa = `rv64${known}`;
/** The same for registers of 32 bits. */
export const fullIsa32 = `rv32${known}`;

/** Extensions that it learned later: what their rows say has other oracles. */
export const newerExtensions: ReadonlySet<string> = new Set(
  'Zicond Zimop Zcmop Zcb Zacas Zabha Zihintntl Zfa'.split(' '),
);

/** Errors and warnings by line, counted from zero. */
export function complaints(lines: readonly string[], isa = fullIsa): Map<number, string> {
  return inFolder((folder) => {
    const { stderr } = assemble(folder, lines, isa);
    const found = new Map<number, string>();
    for (const [, line, text] of stderr.matchAll(/^\S*:(\d+): (.*)$/gm)) {
      found.set(Number(line) - 1, text!);
    }
    // A message that is not about a line, such as a wrong option, would make all of this void.
    assert.ok(found.size > 0 || stderr === '', stderr);
    return found;
  });
}

/** Names that the assembler does not know, whatever extensions are on. */
export function unknownMnemonics(names: readonly string[]): string[] {
  const unknown = (isa: string): Set<string> =>
    new Set(
      [...complaints(names, isa)]
        .filter(([, text]) => /unrecognized opcode `[^']*'$/.test(text))
        .map(([i]) => names[i]!),
    );
  const [rv64, rv32] = [unknown('rv64i'), unknown('rv32i')];
  return names.filter((n) => rv64.has(n) && rv32.has(n));
}

/** The bytes of section .text; the lines must assemble. */
export function machineCode(lines: readonly string[], isa = fullIsa): Buffer {
  return inFolder((folder) => {
    const { stderr } = assemble(folder, lines, isa);
    assert.equal(stderr, '');
    const out = path.join(folder, 'text.bin');
    const object = path.join(folder, 'a.o');
    run('riscv64-unknown-elf-objcopy', ['-O', 'binary', '-j', '.text', object, out]);
    return readFileSync(out);
  });
}

function assemble(folder: string, lines: readonly string[], isa: string): { stderr: string } {
  const source = path.join(folder, 'a.s');
  writeFileSync(source, lines.join('\n') + '\n');
  return run('riscv64-unknown-elf-as', [
    `-march=${isa}`,
    ...(isa.startsWith('rv32') ? ['-mabi=ilp32'] : []),
    '-o',
    path.join(folder, 'a.o'),
    source,
  ]);
}

function run(program: string, args: readonly string[]): { stderr: string } {
  const result = spawnSync(program, args, { encoding: 'utf8' });
  assert.equal(result.error, undefined, `${program} is needed`);
  return result;
}

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-as-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
