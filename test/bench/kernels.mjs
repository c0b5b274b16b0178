// The kernels, and the copies of their files that run in one world or another.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './process.mjs';

const folder = path.join(root, 'test/bench/kernels');

/** In the order of the numbers in kernels/worlds.h. */
export const worldNames = ['bare', 'sv39', 'guest'];
/** Where in an ELF file the words of start.S lie: the text is at the first page. */
const worldOffset = 0x1004;
const lengthOffset = 0x1008;

/** Names of kernels that contain one of the words; all without a word. */
export function kernelNames(filters) {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.elf') && file !== 'empty.elf')
    .map((file) => file.slice(0, -'.elf'.length))
    .filter((name) => filters.length === 0 || filters.some((part) => name.includes(part)));
}

/** The file of a kernel for one world, and so many hundredths of its whole length. */
export function kernelIn(world, name, length = 100) {
  return patched(path.join(folder, `${name}.elf`), `${world}${length}`, (elf) => {
    elf.writeUInt32LE(worldNames.indexOf(world), worldOffset);
    elf.writeUInt32LE(length, lengthOffset);
  });
}

function patched(original, version, patch) {
  const elf = readFileSync(original);
  patch(elf);
  const copies = path.join(root, '.cache/bench', version);
  mkdirSync(copies, { recursive: true });
  const copy = path.join(copies, path.basename(original));
  // Another bench may be running the very file.
  if (!existsSync(copy) || !readFileSync(copy).equals(elf)) writeFileSync(copy, elf);
  return copy;
}
