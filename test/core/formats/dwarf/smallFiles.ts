/**
 * Small ELF files with many features, the seeds of fuzzing: C, C++, Rust and assembly, DWARF 4 and 5,
 * linked and not, compressed, split, with type units and indexes.
 */
import { readFileSync, rmSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { run, sourceFolder } from './fixtures.ts';

export interface SmallFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Files that it names: `.dwo`. */
  readonly others: ReadonlyMap<string, Uint8Array>;
}

const sources = path.join(sourceFolder, 'small');
const folder = path.resolve('out', `small-${process.pid}`);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const riscv = ['-march=rv64imac', '-mabi=lp64', '-mcmodel=medany', '-ffreestanding'];
const plain = ['-fno-exceptions', '-fno-asynchronous-unwind-tables'];

function gcc(name: string, source: string, flags: readonly string[]): string {
  const object = path.join(folder, `${name}.o`);
  const compiler = source.endsWith('.cc') ? 'riscv64-unknown-elf-g++' : 'riscv64-unknown-elf-gcc';
  const all = [...riscv, ...plain, ...(source.endsWith('.cc') ? ['-fno-rtti'] : []), ...flags];
  run(compiler, [...all, '-c', '-o', object, path.join(sources, source)]);
  return object;
}

/** For x86-64, where compilers make whole .dwo files and Rust is at home. */
function clang(name: string, source: string, flags: readonly string[]): string {
  const object = path.join(folder, `${name}.o`);
  const target = ['--target=x86_64-linux-gnu', '-ffreestanding', '-fno-rtti', '-fno-exceptions'];
  run('clang', [...target, ...flags, '-c', '-o', object, path.join(sources, source)]);
  return object;
}

function rust(name: string, flags: readonly string[]): string {
  const object = path.join(folder, `${name}.o`);
  const kind = ['--crate-type=lib', '--emit=obj', '-g', '-Ccodegen-units=1', '-Cpanic=abort'];
  run('rustc', [...kind, ...flags, '-o', object, path.join(sources, 'small.rs')]);
  return object;
}

function linked(object: string, flags: readonly string[] = []): string {
  const output = object.replace(/\.o$/, '.elf');
  const always = ['--unresolved-symbols=ignore-all', '-Ttext=0x400000', '-e', '0', '--gc-sections'];
  run('ld.lld', [...always.filter((f) => f !== '--gc-sections'), ...flags, '-o', output, object]);
  return output;
}

function compressed(file: string, kind: string): string {
  const output = `${file}.${kind}`;
  run('riscv64-unknown-elf-objcopy', [`--compress-debug-sections=${kind}`, file, output]);
  return output;
}

let files: readonly SmallFile[] | undefined;

export function smallFiles(): readonly SmallFile[] {
  files ??= makeFiles();
  return files;
}

function makeFiles(): readonly SmallFile[] {
  mkdirSync(folder, { recursive: true });
  const c4 = gcc('c4', 'small.c', ['-O2', '-gdwarf-4']);
  const c5 = gcc('c5', 'small.c', ['-O2', '-gdwarf-5', '-fasynchronous-unwind-tables']);
  const cc5 = linked(gcc('cc5', 'small.cc', ['-O1', '-gdwarf-5']));
  const split4 = linked(clang('split4', 'small.c', ['-O1', '-gdwarf-4', '-gsplit-dwarf']));
  const split5 = linked(
    clang('split5', 'small.cc', ['-O1', '-gdwarf-5', '-gsplit-dwarf', '-fdebug-types-section']),
  );
  return [
    file('C, DWARF 4, not linked', c4),
    file('C, DWARF 4', linked(c4)),
    file('C, DWARF 5', linked(c5)),
    file(
      'C++, DWARF 4, type units',
      linked(gcc('cc4', 'small.cc', ['-gdwarf-4', '-O1', '-fdebug-types-section'])),
    ),
    file('C++, DWARF 5', cc5),
    file(
      'C, .debug_names',
      linked(clang('names', 'small.c', ['-O1', '-gdwarf-5', '-glldb', '-gpubnames'])),
    ),
    file(
      'C, .gdb_index',
      linked(clang('index', 'small.c', ['-O1', '-gdwarf-5', '-ggnu-pubnames']), ['--gdb-index']),
    ),
    file('Rust', linked(rust('rust', ['-Copt-level=1']))),
    file('C, DWARF 5, zlib', compressed(linked(c5), 'zlib')),
    file('C++, DWARF 5, zstd', compressed(cc5, 'zstd')),
    file('C, DWARF 4, .zdebug', compressed(linked(c4), 'zlib-gnu')),
    file('C, DWARF 4, split', split4, ['split4.dwo']),
    file('C++, DWARF 5, split', split5, ['split5.dwo']),
  ];
}

function file(name: string, at: string, others: readonly string[] = []): SmallFile {
  const read = (other: string): [string, Uint8Array] => {
    const found = path.join(folder, other);
    return [found, new Uint8Array(readFileSync(found))];
  };
  return { name, bytes: new Uint8Array(readFileSync(at)), others: new Map(others.map(read)) };
}
