/**
 * Builds the program in test/fixtures/dwarf with several compilers, levels and DWARF versions.
 * A missing tool fails the test that needs it.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';

export interface Fixture {
  readonly name: string;
  readonly compiler: 'gcc' | 'clang';
  readonly level: string;
  readonly dwarf: 4 | 5;
  readonly bits: 32 | 64;
}

function fixture(
  compiler: Fixture['compiler'],
  level: string,
  dwarf: Fixture['dwarf'],
  bits: Fixture['bits'] = 64,
): Fixture {
  const suffix = bits === 32 ? ' rv32' : '';
  return { name: `${compiler} -${level} DWARF ${dwarf}${suffix}`, compiler, level, dwarf, bits };
}

export const fixtures: readonly Fixture[] = [
  fixture('gcc', 'O0', 4),
  fixture('gcc', 'O0', 5),
  fixture('gcc', 'O2', 4),
  fixture('gcc', 'O2', 5),
  fixture('clang', 'O0', 4),
  fixture('clang', 'O0', 5),
  fixture('clang', 'O1', 4),
  fixture('clang', 'O1', 5),
  fixture('gcc', 'O0', 5, 32),
  fixture('gcc', 'O2', 4, 32),
];

export const sourceFolder = path.resolve('test/fixtures/dwarf');
const folder = path.resolve('out', `dwarf-${process.pid}`);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const built = new Map<string, string>();

/** Path of the ELF file. */
export function build(fixture: Fixture, extra: readonly string[] = []): string {
  const key = [fixture.name, ...extra].join(' ');
  const known = built.get(key);
  if (known !== undefined) return known;
  const output = path.join(folder, `${built.size}.elf`);
  mkdirSync(folder, { recursive: true });
  const objects = ['start.S', 'main.c', 'other.c'].map((source) => {
    const object = path.join(folder, `${built.size}-${source}.o`);
    compile(fixture, source, object, extra);
    return object;
  });
  const script = path.join(sourceFolder, 'link.ld');
  if (fixture.compiler === 'clang') {
    run('ld.lld', ['--gc-sections', '-T', script, '-o', output, ...objects]);
  } else {
    const machine = `-melf${fixture.bits}lriscv`;
    const flags = [machine, '--gc-sections', '--no-warn-rwx-segments', '-T', script];
    run('riscv64-unknown-elf-ld', [...flags, '-o', output, ...objects]);
  }
  built.set(key, output);
  return output;
}

/** Links one assembly source of the folder by itself, at the start of memory. */
export function buildAlone(source: string): string {
  mkdirSync(folder, { recursive: true });
  const output = path.join(folder, `${source}.elf`);
  const flags = ['-g', '-march=rv64imac_zicsr', '-mabi=lp64', '-nostdlib', '-Wl,-Ttext=0x80000000'];
  run('riscv64-unknown-elf-gcc', [...flags, '-o', output, path.join(sourceFolder, source)]);
  return output;
}

function compile(fixture: Fixture, source: string, output: string, extra: readonly string[]): void {
  const is32 = fixture.bits === 32;
  const flags = [
    `-march=rv${fixture.bits}imac`,
    is32 ? '-mabi=ilp32' : '-mabi=lp64',
    '-mcmodel=medany',
    '-ffreestanding',
    '-ffunction-sections',
    '-fno-common',
    `-${fixture.level}`,
    '-g',
    `-gdwarf-${fixture.dwarf}`,
    `-DREGBYTES=${fixture.bits / 8}`,
    is32 ? '-DLOAD=lw' : '-DLOAD=ld',
    is32 ? '-DSTORE=sw' : '-DSTORE=sd',
    ...extra,
  ];
  const all = [...flags, '-c', '-o', output, path.join(sourceFolder, source)];
  // clang's assembler cannot relax and describe lines at once in this version.
  if (fixture.compiler === 'clang') {
    run('clang', [`--target=riscv${fixture.bits}-unknown-elf`, '-mno-relax', ...all]);
  } else {
    run('riscv64-unknown-elf-gcc', all);
  }
}

/** Standard output of a tool. */
export function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: 'pipe' });
}
