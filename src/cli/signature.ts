/**
 * `--signature`: memory between the symbols `begin_signature` and `end_signature`, one word a line
 * in hexadecimal, lowest address first, as the RISC-V architecture tests' reference models write it
 * (riscv-arch-test, "Test Format Specification", section on signatures).
 */
import { closeSync, writeSync } from 'node:fs';
import { UserError } from '../core/base/userError.ts';
import { ElfFile } from '../core/formats/elf/elf.ts';
import type { Machine } from '../core/machine/machine.ts';
import { openForWriting } from './console.ts';

export function writeSignature(
  path: string,
  granularity: 4 | 8,
  machine: Machine,
  image: Uint8Array | undefined,
  imageName: string,
): void {
  const { begin, end } = signatureRange(image, imageName);
  const host = machine.guestToHost(begin);
  const size = Number(end - begin);
  const bytes = host === undefined ? undefined : machine.memory.view8(host, size);
  if (!bytes) {
    throw new UserError(`--signature: the signature of '${imageName}' does not lie in memory`);
  }
  const file = openForWriting(path, '--signature');
  writeSync(file, signatureText(bytes, granularity));
  closeSync(file);
}

/** A last word that is cut short is filled up with zeros. */
export function signatureText(bytes: Uint8Array, granularity: 4 | 8): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += granularity) {
    let line = '';
    for (let i = granularity - 1; i >= 0; i--) {
      line += (bytes[at + i] ?? 0).toString(16).padStart(2, '0');
    }
    lines.push(`${line}\n`);
  }
  return lines.join('');
}

function signatureRange(
  image: Uint8Array | undefined,
  name: string,
): { begin: bigint; end: bigint } {
  if (!image || !ElfFile.recognises(image)) {
    throw new UserError(`--signature: '${name}' is no ELF file, so it has no symbols`);
  }
  const { symbols } = new ElfFile(image, name);
  const address = (symbol: string) => {
    const found = symbols.find((candidate) => candidate.name === symbol);
    if (found) return found.value;
    throw new UserError(`--signature: '${name}' has no symbol '${symbol}'`);
  };
  const range = { begin: address('begin_signature'), end: address('end_signature') };
  if (range.end > range.begin) return range;
  throw new UserError(`--signature: in '${name}', end_signature is not above begin_signature`);
}
