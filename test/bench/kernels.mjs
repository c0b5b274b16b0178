// The kernels, and the copies of their files that run in one world or another.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './process.mjs';

const folder = path.join(root, 'test/bench/kernels');

/** In the order of the numbers in kernels/worlds.h. */
export const worldNames = ['bare', 'sv39', 'guest'];
/** Where in an ELF file the word `world` of start.S lies: the text is at the first page. */
const worldOffset = 0x1004;

/** Names of kernels that contain one of the words; all without a word. */
export function kernelNames(filters) {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.elf') && file !== 'empty.elf')
    .map((file) => file.slice(0, -'.elf'.length))
    .filter((name) => filters.length === 0 || filters.some((part) => name.includes(part)));
}

/** The file of a kernel for one world. */
export function kernelIn(world, name) {
  const original = path.join(folder, `${name}.elf`);
  if (world === 'bare') return original;
  const elf = readFileSync(original);
  elf.writeUInt32LE(worldNames.indexOf(world), worldOffset);
  const copies = path.join(root, '.cache/bench', world);
  mkdirSync(copies, { recursive: true });
  const copy = path.join(copies, `${name}.elf`);
  writeFileSync(copy, elf);
  return copy;
}
