// Debian packages for tests: real guests (unpacked under .cache/, never installed, never
// committed) and the tools and oracles that tests call (installed when root on Debian).
//   node test/tools/debian.mjs tools             installs the tools, or says what is missing
//   node test/tools/debian.mjs firmware          fetches the firmware of both generations
//   node test/tools/debian.mjs qemu              fetches the newer QEMU and says how to call it
// The mirror is the one this machine's own apt uses. Off Debian nothing is guessed: the error says
// which packages to get and where their files belong.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const libraryFolder = 'usr/lib/x86_64-linux-gnu';
const cache = () => path.resolve('.cache/debian');

/** Debian packages of amd64 that tests call, each with a command that shows that it is there. */
export const tools = [
  { package: 'qemu-system-misc', command: 'qemu-system-riscv64' },
  { package: 'gcc-riscv64-unknown-elf', command: 'riscv64-unknown-elf-gcc' },
  { package: 'binutils-riscv64-unknown-elf', command: 'riscv64-unknown-elf-objdump' },
  {
    package: 'picolibc-riscv64-unknown-elf',
    file: '/usr/lib/picolibc/riscv64-unknown-elf/include/stdio.h',
  },
  { package: 'gcc-riscv64-linux-gnu', command: 'riscv64-linux-gnu-gcc' },
  { package: 'g++-riscv64-linux-gnu', command: 'riscv64-linux-gnu-g++' },
  { package: 'device-tree-compiler', command: 'dtc' },
  { package: 'llvm', command: 'llvm-dwarfdump' },
  { package: 'clang', command: 'clang' },
  { package: 'lld', command: 'ld.lld' },
  { package: 'rustc', command: 'rustc' },
  { package: 'zstd', command: 'zstd' },
  { package: 'gdb-multiarch', command: 'gdb-multiarch' },
  // The release's plain lldb is too old for RISC-V.
  { package: 'lldb-19', command: 'lldb-19' },
  { package: 'chromium', command: 'chromium' },
  // Two small modules of code-server are compiled when it is installed.
  { package: 'python3', command: 'python3' },
  { package: 'make', command: 'make' },
  { package: 'g++', command: 'g++' },
];

/** Firmware that the tests in test/firmware boot, by release. */
export const firmwarePackages = ['u-boot-qemu', 'opensbi'];
export const firmwareReleases = ['bookworm', 'trixie'];

/**
 * Folder with the unpacked files of a package. Downloads on first use; afterwards the network is
 * not needed.
 */
export function debianPackage(release, name, architecture = 'amd64') {
  return unpacked(release, name, name, architecture, (apt, work) => {
    run('apt-get', [...apt, 'download', name], { cwd: work });
    const file = readdirSync(work).find((f) => f.endsWith('.deb'));
    if (!file) throw new Error(`apt-get download ${name} left no .deb file`);
    return [file];
  });
}

/**
 * The debug file of Debian's kernel for RISC-V, `vmlinux` with DWARF and nothing else: about 1 GB to
 * fetch, of which this file is a small part.
 */
export function kernelDebugFile() {
  const meta = 'linux-image-riscv64-dbg';
  const folder = unpacked('trixie', 'linux-dbg', meta, 'riscv64', (apt, work) => {
    const text = output('apt-cache', [...apt, 'depends', meta], { cwd: work });
    const name = /Depends: (linux-image-\S+-dbg)/.exec(text)?.[1];
    if (!name) throw new Error(`${meta} depends on no kernel:\n${text}`);
    run('apt-get', [...apt, 'download', name], { cwd: work });
    const file = readdirSync(work).find((f) => f.endsWith('.deb'));
    const pick = `dpkg --fsys-tarfile ${file} | tar x -C files --wildcards './usr/lib/debug/boot/vmlinux*'`;
    mkdirSync(path.join(work, 'files'));
    run('sh', ['-c', pick], { cwd: work });
    return [];
  });
  const boot = path.join(folder, 'usr/lib/debug/boot');
  return path.join(boot, readdirSync(boot).find((f) => f.startsWith('vmlinux')) ?? 'vmlinux');
}

/**
 * Folder with the unpacked files of a package and of all that it depends on: a root in which the
 * programs of another release find their own libraries. Nothing of it is installed.
 */
export function debianRoot(release, name, architecture = 'amd64') {
  return unpacked(release, `${name}-root`, name, architecture, (apt, work) => {
    const archives = path.join(work, 'archives');
    mkdirSync(path.join(archives, 'partial'), { recursive: true });
    const install = ['install', '--download-only', '--no-install-recommends', '--yes', name];
    run('apt-get', [...apt, '-o', `Dir::Cache::Archives=${archives}`, ...install], { cwd: work });
    const files = readdirSync(archives).filter((f) => f.endsWith('.deb'));
    // The package that was asked for names the root.
    const own = files.filter((f) => f.startsWith(`${name}_`));
    if (own.length !== 1) throw new Error(`apt-get left ${own.length} files of ${name}`);
    const others = files.filter((f) => f !== own[0]);
    return [...own, ...others].map((f) => path.join('archives', f));
  });
}

/**
 * How to start a program of such a root, as a list of words: through its own dynamic loader, with its
 * own libraries.
 */
export function programOfRoot(root, program, environment = {}) {
  const loader = path.join(root, 'usr/lib64/ld-linux-x86-64.so.2');
  const libraries = path.join(root, libraryFolder);
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const load = [loader, '--inhibit-cache', '--library-path', libraries];
  return ['env', ...variables, ...load, path.join(root, program)];
}

/**
 * `fetch` leaves .deb files in a work folder and names them, the first one is what was asked for; or it
 * unpacks them into `files` itself.
 */
function unpacked(release, folderName, name, architecture, fetch) {
  const folder = path.join(cache(), release, folderName);
  if (existsSync(path.join(folder, '.complete'))) return folder;
  const needed = `Debian package '${name}' of ${release}`;
  for (const command of ['apt-get', 'dpkg']) {
    if (!commandExists(command)) throw new Error(offDebian(needed, folder, `no ${command} here`));
  }
  if (!existsSync(keyring)) {
    throw new Error(offDebian(needed, folder, `no ${keyring}: install debian-archive-keyring`));
  }
  const mirror = debianMirror();
  if (!mirror) throw new Error(offDebian(needed, folder, 'no Debian mirror in /etc/apt'));

  const work = path.join(cache(), `${release}-${folderName}-${process.pid}`);
  mkdirSync(work, { recursive: true });
  const unlock = lock(path.join(cache(), 'lock'));
  try {
    // Another run may have fetched it while this one waited.
    if (existsSync(path.join(folder, '.complete'))) return folder;
    const apt = aptState(release, architecture, mirror);
    let files;
    try {
      files = fetch(apt, work);
    } catch {
      // The mirror may have a newer version than the lists say.
      run('apt-get', [...apt, 'update']);
      files = fetch(apt, work);
    }
    for (const file of files) run('dpkg', ['-x', file, 'files'], { cwd: work });
    writeFileSync(path.join(work, 'files/.complete'), `${path.basename(files[0] ?? name)}\n`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(path.dirname(folder), { recursive: true });
    renameSync(path.join(work, 'files'), folder);
  } finally {
    unlock();
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** Two runs of the tests must not use one apt state at once: apt's own lock does not wait. */
function lock(folder) {
  const staleMilliseconds = 300_000;
  for (;;) {
    try {
      mkdirSync(folder);
      return () => rmdirSync(folder);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > staleMilliseconds) rmSync(folder, { recursive: true, force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

/** Name and version of an unpacked package, as its .deb file was named. */
export function packageVersion(folder) {
  return readFileSync(path.join(folder, '.complete'), 'utf8').trim();
}

/** Tools not found on this machine. */
export function missingTools() {
  return tools.filter((t) => !(t.command ? commandExists(t.command) : existsSync(t.file)));
}

/** Installs what is missing, or throws with the list of what to install. */
export function installTools(log = console.error) {
  const missing = missingTools();
  if (missing.length === 0) return;
  const names = missing.map((t) => t.package).join(' ');
  const isDebian = existsSync('/etc/debian_version') && commandExists('apt-get');
  if (!isDebian || process.getuid?.() !== 0) {
    const wanted = missing.map((t) => `  ${t.command ?? t.file}  (Debian: ${t.package})`);
    const how = isDebian ? `as root: apt-get install ${names}` : 'from your system or its makers';
    throw new Error(`the tests need tools that are not here; install ${how}\n${wanted.join('\n')}`);
  }
  log(`installing from Debian: ${names}`);
  run('apt-get', ['update'], { stdio: 'inherit' });
  run('apt-get', ['install', '-y', '--no-install-recommends', ...names.split(' ')], {
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  const still = missingTools();
  if (still.length > 0) {
    throw new Error(`apt-get installed, yet missing: ${still.map((t) => t.package).join(' ')}`);
  }
}

/** Fetches everything that test/firmware boots, for a machine that is about to go offline. */
export function fetchFirmware(log = console.error) {
  for (const release of firmwareReleases) {
    for (const name of firmwarePackages) {
      log(`${release}: ${packageVersion(debianPackage(release, name))}`);
    }
  }
}

/**
 * QEMU of a later release than the one installed, which has extensions that the installed one lacks:
 * the words that start it.
 */
export function newerQemu(program = 'qemu-system-riscv64') {
  const root = debianRoot('trixie', 'qemu-system-riscv');
  // Its own modules, not those of the installed one.
  const environment = { QEMU_MODULE_DIR: path.join(root, libraryFolder, 'qemu') };
  return programOfRoot(root, path.join('usr/bin', program), environment);
}

/** Fetches the newer QEMU, for a machine that is about to go offline. */
export function fetchQemu(log = console.log) {
  log(newerQemu().join(' '));
}

/** Options for an apt of another release with a state of its own; its lists are fetched once. */
function aptState(release, architecture, mirror) {
  const state = path.join(cache(), `apt-${release}-${architecture}`);
  mkdirSync(path.join(state, 'lists/partial'), { recursive: true });
  mkdirSync(path.join(state, 'cache/archives/partial'), { recursive: true });
  const list = path.join(state, 'sources.list');
  const line = `deb [arch=${architecture} signed-by=${keyring}] ${mirror} ${release} main\n`;
  const fresh = existsSync(list) && readFileSync(list, 'utf8') === line;
  const options = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    // The lists lie in the working tree, where apt's own user may not write.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Dir::State::Lists': path.join(state, 'lists'),
    'Dir::Cache': path.join(state, 'cache'),
    'Dir::Etc::SourceList': list,
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::status': '/dev/null',
  };
  const apt = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  if (!fresh) {
    writeFileSync(list, line);
    try {
      run('apt-get', [...apt, 'update']);
    } catch (error) {
      rmSync(list, { force: true });
      throw error;
    }
  }
  return apt;
}

/** The archive that this machine's apt uses, from deb822 files or one-line lists. */
function debianMirror() {
  for (const file of aptSourceFiles()) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const uri = /^URIs:\s*(\S+)/.exec(line) ?? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line);
      if (uri && !/security/.test(uri[1]) && /debian\/?$/.test(uri[1])) return uri[1];
    }
  }
  return undefined;
}

function aptSourceFiles() {
  const parts = '/etc/apt/sources.list.d';
  const files = existsSync(parts) ? readdirSync(parts).sort() : [];
  return [
    ...files.filter((f) => /\.(sources|list)$/.test(f)).map((f) => path.join(parts, f)),
    '/etc/apt/sources.list',
  ].filter((f) => existsSync(f));
}

function offDebian(needed, folder, why) {
  const all = folder.endsWith('-root') ? ' and those of all that it depends on' : '';
  return (
    `tests need the ${needed}: ${why}. ` +
    `Take its .deb${all} from a Debian mirror, unpack it into ${folder} ` +
    `('dpkg -x', or 'ar x' and 'tar xf data.tar.xz'), and write the .deb's name into ` +
    `${path.join(folder, '.complete')}.`
  );
}

function commandExists(name) {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.some((f) => f !== '' && existsSync(path.join(f, name)));
}

function run(command, args, options = {}) {
  output(command, args, options);
}

/** What a command writes to its standard output; an error when it fails. */
function output(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (result.status === 0) return result.stdout;
  const text = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim();
  const tail = text.split('\n').slice(-15).join('\n');
  const why = result.error ? result.error.message : `exit code ${result.status}`;
  throw new Error(`${command} ${args.slice(-2).join(' ')} failed (${why})\n${tail}`);
}

if (/(^|[\\/])debian\.mjs$/.test(process.argv[1] ?? '')) {
  const actions = { tools: installTools, firmware: fetchFirmware, qemu: fetchQemu };
  const action = actions[process.argv[2]];
  if (!action) {
    console.error(`usage: node test/tools/debian.mjs ${Object.keys(actions).join('|')}`);
    process.exit(2);
  }
  try {
    action();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
