// Builds every guest in the repository from its sources, in a copy, and compares or installs.
//   node test/guests/build.mjs          installs the ELF files and what they were built from
//   node test/guests/build.mjs --check  says which committed ELF files the sources do not give
// Beside each group of ELF files lies elf.json with the compiler and a hash of the sources. With the
// same compiler a build must give the same bytes; with another one the hash still tells whether
// somebody changed a source and forgot to build.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const compiler = 'riscv64-unknown-elf-gcc';

/** Folders that are copied and built as a whole: sources in `folder`, `make` in `makeIn`. */
export const groups = [
  { folder: 'media/samples', makeIn: '.' },
  { folder: 'test/bench/kernels', makeIn: '.' },
  { folder: 'test/guests', makeIn: 'src' },
];

export function compilerVersion() {
  return execFileSync(compiler, ['--version'], { encoding: 'utf8' }).split('\n')[0];
}

/** What was recorded when the ELF files of a group were built. */
export function recorded(group) {
  return JSON.parse(readFileSync(path.join(group.folder, 'elf.json'), 'utf8'));
}

/** Hash over names and contents of all sources of a group. */
export function sourcesHash(group) {
  const hash = createHash('sha256');
  for (const file of filesOf(group.folder)) {
    if (!/(\.(c|h|S|asm|ld|mk)|Makefile)$/.test(file)) continue;
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(group.folder, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

export function elfFiles(group) {
  return filesOf(group.folder).filter((f) => f.endsWith('.elf'));
}

/** Builds a group in a temporary folder; returns the ELF files by their path in the group. */
export function buildGroup(group) {
  const copy = mkdtempSync(path.join(os.tmpdir(), 'trapline-guests-'));
  try {
    cpSync(group.folder, copy, {
      recursive: true,
      filter: (file) => !file.endsWith('.elf') && path.basename(file) !== 'build',
    });
    const folder = path.join(copy, group.makeIn);
    execFileSync('make', ['--no-print-directory', '-C', folder, 'all'], { stdio: 'pipe' });
    const built = filesOf(copy).filter((f) => f.endsWith('.elf'));
    return new Map(built.map((f) => [f, readFileSync(path.join(copy, f))]));
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** What is wrong with the committed ELF files of a group; empty when nothing is. */
export function problems(group) {
  const record = recorded(group);
  if (record.sources !== sourcesHash(group)) {
    return [`${group.folder}: sources changed since the ELF files were built`];
  }
  if (record.compiler !== compilerVersion()) return [];
  const built = buildGroup(group);
  const committed = elfFiles(group);
  const missing = [...built.keys()].filter((f) => !committed.includes(f));
  const different = committed.filter(
    (f) => !built.get(f)?.equals(readFileSync(path.join(group.folder, f))),
  );
  return [
    ...missing.map((f) => `${group.folder}/${f} is built, but not there`),
    ...different.map((f) => `${group.folder}/${f} is not what its sources give`),
  ];
}

function install(group) {
  for (const [file, bytes] of buildGroup(group)) {
    writeFileSync(path.join(group.folder, file), bytes, { mode: 0o644 });
    console.log(`${path.join(group.folder, file)}  ${bytes.length} bytes`);
  }
  const record = { compiler: compilerVersion(), sources: sourcesHash(group) };
  writeFileSync(path.join(group.folder, 'elf.json'), `${JSON.stringify(record, null, 2)}\n`);
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter((file) => !file.includes('build/'))
    .sort();
}

if (/(^|[\\/])guests[\\/]build\.mjs$/.test(process.argv[1] ?? '')) {
  if (process.argv[2] === '--check') {
    const found = groups.flatMap(problems);
    for (const problem of found) console.error(problem);
    process.exit(found.length === 0 ? 0 : 1);
  }
  groups.forEach(install);
}
