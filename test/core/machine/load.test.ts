import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConsoleChannel } from '../../../src/core/base/console.ts';
import { UserError } from '../../../src/core/base/userError.ts';
import { FdtBuilder } from '../../../src/core/formats/fdt/buildFdt.ts';
import { cellsOf, nodeAt, propertyOf, stringsOf } from '../../../src/core/formats/fdt/fdt.ts';
import { readFdt } from '../../../src/core/formats/fdt/readFdt.ts';
import { writeFdt } from '../../../src/core/formats/fdt/writeFdt.ts';
import { virtBoard } from '../../../src/core/machine/boards/virt.ts';
import { TIMEBASE } from '../../../src/core/machine/boards/virtMap.ts';
import type { LaunchConfig, Mode } from '../../../src/core/machine/launchConfig.ts';
import { loadImages } from '../../../src/core/machine/load.ts';
import { parseLaunchConfig } from '../../../src/core/machine/parseLaunchConfig.ts';
import { Clock, Line, Qtest } from '../devices/qtest.ts';

const MiB = 0x100000;
type Files = Readonly<Record<string, Uint8Array>>;

function board(mode: Mode, memory: number, xlen: 32 | 64) {
  const lines = {
    ...{ msip: new Line(), mtip: new Line(), meip: new Line(), seip: new Line() },
    guestExternal: () => new Line(),
  };
  return virtBoard({
    ...{ mode, memory, xlen, harts: [lines], time: new Clock(), timebase: TIMEBASE },
    ...{ console: new ConsoleChannel('uart0'), finish: () => {} },
    ...{ isa: 'rv64imac', mmuType: 'riscv,sv48' },
  });
}

function load(attributes: Partial<LaunchConfig>, files: Files, xlen: 32 | 64 = 64) {
  const config = parseLaunchConfig({ program: 'p', ...attributes });
  const virt = board(config.mode, config.memory, xlen);
  const loaded = loadImages(config, new Map(Object.entries(files)), virt);
  const at = (what: string) => loaded.placements.find((p) => p.what.startsWith(what))!;
  const tree = readFdt(at(config.dtb === undefined ? 'the device tree' : 'dtb').bytes);
  return { ...loaded, virt, at, root: tree.root };
}

function refused(attributes: Partial<LaunchConfig>, files: Files, message: RegExp): void {
  assert.throws(
    () => load(attributes, files),
    (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, message);
      return true;
    },
  );
}

const raw = (size: number, first = 0x13) => new Uint8Array(size).fill(first, 0, 1);

/** An ELF file made by the real assembler and linker. */
const built = new Map<string, Uint8Array>();
function elf(
  flags: readonly string[],
  source: string,
  prefix = 'riscv64-unknown-elf-',
): Uint8Array {
  const key = JSON.stringify([flags, source, prefix]);
  const known = built.get(key);
  if (known) return known.slice();
  const folder = mkdtempSync(path.join(tmpdir(), 'load-'));
  try {
    const [input, output] = [path.join(folder, 'a.s'), path.join(folder, 'a.elf')];
    writeFileSync(input, source);
    const args = ['-nostdlib', '-static', '-o', output, ...flags, input];
    const result = spawnSync(`${prefix}gcc`, args);
    assert.equal(result.status, 0, result.stderr?.toString());
    const bytes = new Uint8Array(readFileSync(output));
    built.set(key, bytes);
    return bytes.slice();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const START = '.globl _start\n nop\n_start: j _start\n .data\n .word 42\n .bss\n .zero 4096\n';
const elfAt = (address: string) =>
  elf(
    ['-Wl,--no-relax', `-Wl,-Ttext=${address}`, '-Wl,-n', '-march=rv64imac', '-mabi=lp64'],
    START,
  );

/** A kernel `Image`: the header of Documentation/arch/riscv/boot-image-header.rst. */
function linuxImage(fileSize: number, imageSize: number, magic2 = 'RSC\x05'): Uint8Array {
  const bytes = raw(fileSize);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, 0x200000n, true);
  view.setBigUint64(16, BigInt(imageSize), true);
  view.setUint32(32, 2, true);
  [...magic2].forEach((c, i) => view.setUint8(56 + i, c.charCodeAt(0)));
  return bytes;
}

describe('loading', () => {
  it('places firmware, kernel, initrd and tree where QEMU does, and tells the firmware', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'load-'));
    const files = { fw: raw(0x210000, 1), p: raw(5000, 2), i: raw(9000, 3) };
    for (const [name, bytes] of Object.entries(files))
      writeFileSync(path.join(folder, name), bytes);
    const file = (name: string) => path.join(folder, name);
    const images = ['-bios', file('fw'), '-kernel', file('p'), '-initrd', file('i')];
    try {
      for (const [program, xlen, memory] of [
        ['qemu-system-riscv64', 64, 128],
        ['qemu-system-riscv64', 64, 1024],
        ['qemu-system-riscv64', 64, 2048],
        ['qemu-system-riscv32', 32, 256],
      ] as const) {
        const qemu = new Qtest(['-m', `${memory}M`, ...images], program);
        try {
          const ours = load(
            { mode: 'machine', firmware: 'fw', initrd: 'i', memory: memory * MiB },
            files,
            xlen,
          );
          const rom = ours.virt.resetVector(ours.start, ours.deviceTree, ours.nextAddress);
          const what = `${program} ${memory}M`;
          assert.deepEqual([...rom], await qemu.bytes(ours.virt.rom.base, rom.length), what);
          for (const name of ['firmware', 'program', 'initrd']) {
            const { address, bytes } = ours.at(name);
            const theirs = await qemu.bytes(address, bytes.length);
            assert.deepEqual(theirs, [...bytes], `${what} ${name}`);
          }
          const magic = await qemu.bytes(ours.deviceTree, 4);
          assert.deepEqual(magic, [0xd0, 0x0d, 0xfe, 0xed], what);
        } finally {
          qemu.close();
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }).timeout(20000);

  it('puts a kernel behind all of an ELF firmware’s memory, as QEMU does', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'load-'));
    const source = '.globl _start\n_start: j _start\n .bss\n .zero 0x345678\n';
    const flags = ['-Wl,-Ttext=0x80000000', '-march=rv64imac', '-mabi=lp64', '-Wl,-n'];
    const files = { fw: elf(flags, source), p: raw(100) };
    for (const [name, bytes] of Object.entries(files))
      writeFileSync(path.join(folder, name), bytes);
    const args = ['-bios', path.join(folder, 'fw'), '-kernel', path.join(folder, 'p')];
    const qemu = new Qtest(['-m', '64M', ...args]);
    try {
      const ours = load({ mode: 'machine', firmware: 'fw', memory: 64 * MiB }, files);
      assert.equal(ours.nextAddress, 0x80400000n);
      const rom = ours.virt.resetVector(ours.start, ours.deviceTree, ours.nextAddress);
      assert.deepEqual([...rom], await qemu.bytes(ours.virt.rom.base, rom.length));
    } finally {
      qemu.close();
      rmSync(folder, { recursive: true });
    }
  }).timeout(10000);

  it('starts a program without firmware at the start of a bare machine’s RAM', () => {
    const { start, entry, nextAddress, at, elfFiles } = load({ mode: 'machine' }, { p: raw(100) });
    assert.deepEqual([start, entry, nextAddress], [0x80000000n, 0x80000000n, 0n]);
    assert.equal(at('program').address, 0x80000000);
    assert.deepEqual(elfFiles, []);
  });

  it('places a guest’s raw image behind the first 2 MiB, 4 MiB with 32 bits', () => {
    assert.equal(load({}, { p: raw(100) }).entry, 0x80200000n);
    assert.equal(load({}, { p: raw(100) }, 32).entry, 0x80400000n);
  });

  it('loads an ELF file’s segments to their physical addresses and enters at its entry', () => {
    const { entry, start, placements, elfFiles } = load({}, { p: elfAt('0x80300000') });
    // `_start` stands behind a compressed nop.
    assert.deepEqual([entry, start], [0x80300002n, 0x80300002n]);
    assert.deepEqual(elfFiles, ['p']);
    const parts = placements.filter((p) => p.what === "program 'p'");
    assert.equal(Math.min(...parts.map((p) => p.address)), 0x80300000);
    const last = parts.at(-1)!;
    assert.ok(last.size >= last.bytes.length + 4096, '.bss takes memory and no bytes');
  });

  it('enters an ELF file that is linked high at the physical copy of its entry', () => {
    const script =
      'SECTIONS { . = 0xffffffff80000000; .text : AT(0x80400000) { *(.text) } /DISCARD/ : { *(*) } }';
    const folder = mkdtempSync(path.join(tmpdir(), 'load-'));
    try {
      const file = path.join(folder, 'high.ld');
      writeFileSync(file, script);
      const flags = ['-T', file, '-march=rv64imac', '-mabi=lp64', '-Wl,-e,_start'];
      const { entry, at } = load({}, { p: elf(flags, '.globl _start\n nop\n_start: j _start\n') });
      assert.equal(entry, 0x80400002n);
      assert.equal(at('program').address, 0x80400000);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('tells ELF firmware to go on in an ELF kernel', () => {
    const { start, entry, nextAddress, elfFiles } = load(
      { mode: 'machine', firmware: 'fw' },
      { p: elfAt('0x80600000'), fw: elfAt('0x80000000') },
    );
    assert.deepEqual([start, entry, nextAddress], [0x80000002n, 0x80600002n, 0x80600002n]);
    assert.deepEqual(elfFiles, ['p', 'fw']);
  });

  it('keeps room for what a Linux Image says it needs', () => {
    const { at, entry } = load({}, { p: linuxImage(1000, 3 * MiB) });
    assert.equal(entry, 0x80200000n);
    assert.equal(at('program').size, 3 * MiB);
    refused(
      { initrd: 'i', memory: 16 * MiB },
      { p: linuxImage(1000, 9 * MiB), i: raw(10) },
      /overlap/,
    );
  });

  it('describes initrd and bootargs in the generated tree and in the user’s', () => {
    const own = new FdtBuilder();
    own.root.strings('model', 'mine').child('chosen').strings('bootargs', 'old').flag('kept');
    const attributes = { initrd: 'i', bootargs: 'new args' };
    const files = { p: raw(100), i: raw(0x3000), d: writeFdt(own.tree()) };
    for (const dtb of [undefined, 'd']) {
      const { root, at } = load({ ...attributes, ...(dtb ? { dtb } : {}) }, files);
      const chosen = nodeAt(root, '/chosen')!;
      assert.deepEqual(stringsOf(propertyOf(chosen, 'bootargs')!), ['new args']);
      const start = cellsOf(propertyOf(chosen, 'linux,initrd-start')!)![0]!;
      assert.equal(start, at('initrd').address);
      assert.deepEqual(cellsOf(propertyOf(chosen, 'linux,initrd-end')!), [start + 0x3000]);
      assert.equal(propertyOf(chosen, 'kept') !== undefined, dtb !== undefined);
      assert.equal(stringsOf(propertyOf(root, 'model')!)![0], dtb ? 'mine' : 'riscv-virtio,qemu');
    }
  });

  it('leaves a user’s tree alone when nothing is to be said', () => {
    const own = new FdtBuilder();
    own.root.strings('model', 'mine');
    const { root } = load({ dtb: 'd' }, { p: raw(100), d: writeFdt(own.tree()) });
    assert.equal(nodeAt(root, '/chosen'), undefined);
  });

  it('places further files where it is told', () => {
    const { at } = load(
      { loadFiles: [{ file: 'x', address: 0x81000000 }] },
      { p: raw(9), x: raw(7) },
    );
    assert.equal(at('loadFiles').address, 0x81000000);
  });

  describe('refuses', () => {
    const p = raw(100);
    const sourceElf = (flags: string[]) => elf([...flags, '-Wl,-n'], START);
    const check = (name: string, a: Partial<LaunchConfig>, f: () => Files, message: RegExp) =>
      it(name, () => refused(a, f(), message));

    check('a missing file', {}, () => ({}), /^program: there is no file 'p'$/);
    check('an empty file', {}, () => ({ p: raw(0) }), /^program: 'p' is empty$/);
    check('a missing initrd', { initrd: 'i' }, () => ({ p }), /^initrd: there is no file 'i'$/);
    check(
      'a program of another machine',
      {},
      () => ({ p: elf([], '.globl _start\n_start: nop\n', '') }),
      /^program 'p' is built for x86-64, not for RISC-V$/,
    );
    check(
      'a program of another width',
      {},
      () => ({ p: sourceElf(['-march=rv32imac', '-mabi=ilp32', '-Wl,-Ttext=0x80300000']) }),
      /^program 'p' is a 32-bit ELF file, the machine has 64 bits$/,
    );
    check(
      'an object file',
      {},
      () => ({ p: elf(['-r', '-march=rv64imac', '-mabi=lp64'], START) }),
      /^program 'p' has nothing to load: link it into an executable first/,
    );
    check(
      'a truncated ELF file',
      {},
      () => ({ p: elfAt('0x80300000').subarray(0, 200) }),
      /^program 'p'.*truncated/,
    );
    check(
      'a segment outside memory, naming both ranges',
      {},
      () => ({ p: elfAt('0x10000') }),
      /^program 'p' at 0x10000-0x1[0-9a-f]+ lies outside memory \(0x80000000-0x8fffffff\)$/,
    );
    check(
      'an image larger than memory',
      { memory: 8 * MiB },
      () => ({ p: raw(9 * MiB) }),
      /^program 'p' needs 9 MiB, the machine has 8 MiB of memory$/,
    );
    check(
      'an image that ends behind memory',
      { memory: 8 * MiB },
      () => ({ p: raw(7 * MiB) }),
      /^program 'p' at 0x80200000-0x808fffff lies outside memory \(0x80000000-0x807fffff\)$/,
    );
    check(
      'images that overlap, naming both',
      { loadFiles: [{ file: 'x', address: 0x80200010 }] },
      () => ({ p, x: raw(10) }),
      /^program 'p' at 0x80200000-0x80200063 and loadFiles 'x' at 0x80200010-0x80200019 overlap$/,
    );
    check(
      'a program under the device tree',
      { memory: 8 * MiB },
      () => ({ p: raw(5 * MiB) }),
      /^program 'p' at .* and the device tree at 0x80600000-.* overlap$/,
    );
    check(
      'a dtb that is none',
      { dtb: 'd' },
      () => ({ p, d: raw(100) }),
      /^dtb 'd': magic number is missing \(at offset 0x0\)$/,
    );
    check(
      'a kernel for another architecture',
      {},
      () => ({ p: linuxImage(100, 4096, 'ARM\x64') }),
      /^program 'p' is a Linux kernel for arm64, not for riscv$/,
    );
    check(
      'compressed kernels',
      {},
      () => ({ p: Uint8Array.of(0x1f, 0x8b, 8, 0) }),
      /^program 'p': gzip-compressed; decompress it first/,
    );
    check(
      'EFI zboot kernels',
      {},
      () => ({ p: new Uint8Array([...'MZ\0\0zimg'].map((c) => c.charCodeAt(0))) }),
      /^program 'p' is a compressed EFI kernel/,
    );
    check(
      'a device tree as the program',
      {},
      () => ({ p: writeFdt(new FdtBuilder().tree()) }),
      /^program 'p' is a flattened device tree/,
    );
  });
});
