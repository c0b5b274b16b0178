/**
 * The firmware that the tests boot: Debian's U-Boot and OpenSBI of two releases, fetched at test
 * time. Nothing here is ours.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { debianPackage, firmwareReleases } from '../tools/debian.mjs';

export interface FirmwareImages {
  readonly release: string;
  /** U-Boot for supervisor mode, linked at 0x80200000. */
  readonly ubootS: string;
  /** U-Boot for machine mode, linked at 0x80000000. */
  readonly ubootM: string;
  readonly fwDynamic: string;
  readonly fwJump: string;
}

export const releases: readonly string[] = firmwareReleases;

/** Paths of the images of one release; downloads them the first time. */
export function firmwareImages(release: string): FirmwareImages {
  const uboot = path.join(debianPackage(release, 'u-boot-qemu'), 'usr/lib/u-boot');
  const opensbi = path.join(
    debianPackage(release, 'opensbi'),
    'usr/lib/riscv64-linux-gnu/opensbi/generic',
  );
  return {
    release,
    ubootS: path.join(uboot, 'qemu-riscv64_smode/u-boot.bin'),
    ubootM: path.join(uboot, 'qemu-riscv64/u-boot.bin'),
    fwDynamic: path.join(opensbi, 'fw_dynamic.bin'),
    fwJump: path.join(opensbi, 'fw_jump.bin'),
  };
}

/** What U-Boot's `md.l address count` prints for the first bytes of an image. */
export function memoryDump(file: string, address: number, words: number): string {
  const bytes = readFileSync(file);
  let text = '';
  for (let at = 0; at < words * 4; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const hex = [0, 4, 8, 12].map((i) => row.readUInt32LE(i).toString(16).padStart(8, '0'));
    const ascii = [...row].map((b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '.'));
    text += `${(address + at).toString(16)}: ${hex.join(' ')}  ${ascii.join('')}\n`;
  }
  return text;
}
