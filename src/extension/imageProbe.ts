/**
 * Tells from the first bytes of a file whether it is an image that Trapline can run: an ELF
 * executable for RISC-V. The name says nothing: kernels are called `vmlinux`, `u-boot`, `a.out`.
 * It does not check the file further; the loader does, and names what is wrong.
 *
 * Specification: System V ABI, chapter 4 "ELF Header"; RISC-V ELF psABI, "ELF Object Files".
 */

/** Bytes of a file that `probeImage` looks at. */
export const probeSize = 64;

export interface ImageKind {
  readonly bits: 32 | 64;
  readonly entry: bigint;
}

const ELFCLASS32 = 1;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const ET_EXEC = 2;
const ET_DYN = 3;
const EM_RISCV = 243;

/** What the image is, or undefined when it is none. `bytes` is the start of the file. */
export function probeImage(bytes: Uint8Array): ImageKind | undefined {
  if (bytes.length < 52) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== 0x7f454c46) return undefined;
  const elfClass = view.getUint8(4);
  if (elfClass !== ELFCLASS32 && elfClass !== ELFCLASS64) return undefined;
  if (view.getUint8(5) !== ELFDATA2LSB) return undefined;
  if (view.getUint16(18, true) !== EM_RISCV) return undefined;
  const bits = elfClass === ELFCLASS64 ? 64 : 32;
  const entry = bits === 64 ? view.getBigUint64(24, true) : BigInt(view.getUint32(24, true));
  const type = view.getUint16(16, true);
  // A shared library is ET_DYN as a position-independent kernel is, but nothing starts it.
  const runs = type === ET_EXEC || (type === ET_DYN && entry !== 0n);
  return runs ? { bits, entry } : undefined;
}

/**
 * Whether a file of this name is worth opening: sources, documents and object files are not, and
 * a folder has thousands of them.
 */
export function mayBeImage(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const dot = name.lastIndexOf('.');
  return dot <= 0 || !skippedExtensions.has(name.slice(dot + 1));
}

const skippedExtensions = new Set(
  (
    'a adoc asm bat bib bin bmp c cc cfg cjs cmake cmd cpp css csv cxx d dtb dts dtsi gif gz h hh ' +
    'hpp htm html hxx ico inc ini ipynb java jpeg jpg js json jsonc jsx ld lds lock log lst lua ' +
    'map md mjs mk mod o pdf pl png ps1 py rs rst s sh svg tar tex toml ts tsx txt vsix wasm xml ' +
    'xz yaml yml zip zst'
  ).split(' '),
);
