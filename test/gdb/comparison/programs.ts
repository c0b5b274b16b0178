/**
 * The programs that gdb and we are asked about, built by compilers of Debian's when tests need
 * them. A missing tool fails the test with what to install.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { debianPackage, debianRoot, programOfRoot } from '../../tools/debian.mjs';

export interface Program {
  readonly name: string;
  readonly source: string;
  readonly level: string;
  readonly dwarf: 4 | 5;
  readonly compiler: 'gcc' | 'clang' | 'rustc';
  /** Instructions from one stop to the next, so that about 200 stops go through all of it. */
  readonly stride: number;
  /** How many there are at least before the program ends. */
  readonly stops: number;
}

export const programs: readonly Program[] = [
  {
    name: 'C -O0',
    source: 'program.c',
    level: '0',
    dwarf: 5,
    compiler: 'gcc',
    stride: 20,
    stops: 200,
  },
  {
    name: 'C -O2',
    source: 'program.c',
    level: '2',
    dwarf: 5,
    compiler: 'gcc',
    stride: 5,
    stops: 200,
  },
  {
    name: 'C -O2 DWARF 4',
    source: 'program.c',
    level: '2',
    dwarf: 4,
    compiler: 'gcc',
    stride: 5,
    stops: 200,
  },
  {
    name: 'C -O1 clang',
    source: 'program.c',
    level: '1',
    dwarf: 5,
    compiler: 'clang',
    stride: 5,
    stops: 200,
  },
  {
    name: 'C++ -O0',
    source: 'program.cpp',
    level: '0',
    dwarf: 5,
    compiler: 'gcc',
    stride: 6,
    stops: 200,
  },
  {
    name: 'C++ -O2',
    source: 'program.cpp',
    level: '2',
    dwarf: 5,
    compiler: 'gcc',
    stride: 1,
    stops: 200,
  },
  {
    name: 'Rust -O0',
    source: 'program.rs',
    level: '0',
    dwarf: 4,
    compiler: 'rustc',
    stride: 10,
    stops: 200,
  },
  {
    name: 'Rust -O2',
    source: 'program.rs',
    level: '2',
    dwarf: 4,
    compiler: 'rustc',
    stride: 1,
    stops: 200,
  },
  {
    name: 'assembly',
    source: 'program.S',
    level: '0',
    dwarf: 5,
    compiler: 'gcc',
    stride: 7,
    stops: 200,
  },
];

const guests = path.resolve('test/gdb/comparison/guests');
const folder = path.resolve('out', `comparison-${process.pid}`);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const forTarget = ['-march=rv64gc', '-mabi=lp64d', '-mcmodel=medany', '-ffreestanding', '-g'];
const forCxx = ['-std=c++17', '-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics'];

/** Path of the ELF file. */
export function buildProgram(program: Program): string {
  mkdirSync(folder, { recursive: true });
  const file = (ending: string) => path.join(folder, program.name.replaceAll(' ', '-') + ending);
  const startCode = file('-start.o');
  const ownCode = file('.o');
  run('riscv64-unknown-elf-gcc', [...forTarget, ...from('start.S'), '-o', startCode]);
  compile(program, ownCode);
  const flags = ['-melf64lriscv', '--gc-sections', '--no-warn-rwx-segments'];
  const script = ['-T', path.join(guests, 'link.ld')];
  run('riscv64-unknown-elf-ld', [...flags, ...script, '-o', file('.elf'), startCode, ownCode]);
  return file('.elf');
}

const from = (source: string) => ['-c', path.join(guests, source)];

/** With the headers of the C++ library and what little of it is code. */
export function buildLibraryProgram(dwarf: 4 | 5): string {
  mkdirSync(folder, { recursive: true });
  const [startCode, program] = ['library-start.o', `library-${dwarf}.elf`].map((name) =>
    path.join(folder, name),
  ) as [string, string];
  run('riscv64-unknown-elf-gcc', [...forTarget, ...from('start.S'), '-o', startCode]);
  // Templates that the library has ready are made here: the library's own would need all of it.
  const made = ['-D_GLIBCXX_EXTERN_TEMPLATE=0', '-fno-asynchronous-unwind-tables'];
  const code = [
    ...forTarget,
    ...forCxx,
    '-std=c++20',
    '-fno-pie',
    '-O0',
    `-gdwarf-${dwarf}`,
    ...made,
  ];
  const script = ['-T', path.join(guests, 'link.ld')];
  const linking = ['-no-pie', '-static', '-nostdlib', ...script, '-Wl,--gc-sections'];
  run('riscv64-linux-gnu-g++', [
    ...[...code, ...linking, '-Wl,--build-id=none', '-Wl,--no-warn-rwx-segments'],
    ...[startCode, path.join(guests, 'library.cpp'), '-lstdc++', '-lgcc', '-o', program],
  ]);
  return program;
}

function compile({ source, level, dwarf, compiler }: Program, output: string): void {
  const choice = [`-O${level}`, `-gdwarf-${dwarf}`];
  switch (compiler) {
    case 'gcc': {
      const isCxx = source.endsWith('.cpp');
      const driver = isCxx ? 'riscv64-unknown-elf-g++' : 'riscv64-unknown-elf-gcc';
      const flags = isCxx ? forCxx : [];
      return run(driver, [...forTarget, ...choice, ...flags, ...from(source), '-o', output]);
    }
    case 'clang': {
      // This version's assembler cannot relax and describe lines at once.
      const flags = ['--target=riscv64-unknown-elf', '-mno-relax', ...forTarget, ...choice];
      return run('clang', [...flags, ...from(source), '-o', output]);
    }
    case 'rustc':
      return compileRust(source, level, output);
  }
}

/** Debian's compiler of a later release with its library for riscv64: nothing is installed. */
function compileRust(source: string, level: string, output: string): void {
  const words = programOfRoot(debianRoot('trixie', 'rustc'), 'usr/bin/rustc');
  const library = path.join(debianPackage('trixie', 'libstd-rust-dev', 'riscv64'), 'usr');
  const [command = '', ...args] = words;
  const code = ['panic=abort', 'relocation-model=static', 'code-model=medium', 'debuginfo=2'];
  run(command, [
    ...args,
    ...['--edition', '2021', '--target', 'riscv64gc-unknown-linux-gnu', '--sysroot', library],
    ...[...code, `opt-level=${level}`].flatMap((option) => ['-C', option]),
    ...['--crate-type=staticlib', '-o', output, path.join(guests, source)],
  ]);
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'pipe' });
}
