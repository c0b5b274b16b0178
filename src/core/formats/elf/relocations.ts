/**
 * Relocations of sections that are not loaded, in files that were not linked (RISC-V ELF psABI,
 * "Relocations"): sums, differences and the pairs that describe lengths of relaxed code. Allocated
 * sections of such a file are given addresses one after another, so that code has one address each.
 */
import { ByteReader } from '../../base/byteReader.ts';
import { EM_RISCV, SHF_ALLOC, SHT_RELA } from './constants.ts';
import type { ElfFile, ElfSection } from './elf.ts';

/** R_RISCV_* */
const R = {
  NONE: 0,
  WORD32: 1,
  WORD64: 2,
  ADD8: 33,
  ADD16: 34,
  ADD32: 35,
  ADD64: 36,
  SUB8: 37,
  SUB16: 38,
  SUB32: 39,
  SUB64: 40,
  RELAX: 51,
  SUB6: 52,
  SET6: 53,
  SET8: 54,
  SET16: 55,
  SET32: 56,
  PCREL32: 57,
  SET_ULEB128: 60,
  SUB_ULEB128: 61,
} as const;

/** Addresses of the sections of a file that was not linked; by section index. */
export function layOut(sections: readonly ElfSection[]): readonly bigint[] {
  let next = 0n;
  return sections.map((section) => {
    if ((section.flags & SHF_ALLOC) === 0 || section.size === 0) return section.address;
    const alignment = section.alignment > 0 ? BigInt(section.alignment) : 1n;
    const address = ((next + alignment - 1n) / alignment) * alignment;
    next = address + BigInt(section.size);
    return address;
  });
}

/** A section's bytes with its relocations applied; the very bytes when it has none. */
export function relocated(elf: ElfFile, section: ElfSection, bytes: Uint8Array): Uint8Array {
  const tables = elf.sections.filter((s) => s.type === SHT_RELA && s.info === section.index);
  if (tables.length === 0) return bytes;
  const copy = Uint8Array.from(bytes);
  for (const table of tables) applyTable(elf, section, table, copy);
  return copy;
}

function applyTable(elf: ElfFile, section: ElfSection, table: ElfSection, bytes: Uint8Array): void {
  const reader = new ByteReader(elf.sectionBytes(table), `${elf.name}: ${table.name}`);
  if (elf.machine !== EM_RISCV) throw reader.error('relocations of this machine are not known', 0);
  const { symbols } = elf;
  const place = new RelocatedBytes(bytes, reader);
  const entrySize = elf.is64 ? 24 : 12;
  while (reader.remaining >= entrySize) {
    const offset = elf.is64 ? reader.u64Number() : reader.u32();
    const info = elf.is64 ? reader.u64() : BigInt(reader.u32());
    const type = Number(info & (elf.is64 ? 0xffff_ffffn : 0xffn));
    const index = Number(info >> (elf.is64 ? 32n : 8n));
    const addend = elf.is64 ? reader.i64() : BigInt(reader.i32());
    const symbol = symbols[index];
    if (!symbol) throw reader.error(`a relocation names symbol ${index}, which does not exist`);
    place.apply(type, offset, symbol.value + addend, section.address);
  }
}

class RelocatedBytes {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly reader: ByteReader;

  constructor(bytes: Uint8Array, reader: ByteReader) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.reader = reader;
  }

  apply(type: number, at: number, value: bigint, sectionAddress: bigint): void {
    switch (type) {
      case R.NONE:
      case R.RELAX:
        return;
      case R.WORD32:
      case R.SET32:
        return this.put(at, 4, value);
      case R.WORD64:
        return this.put(at, 8, value);
      case R.PCREL32:
        return this.put(at, 4, value - sectionAddress - BigInt(at));
      case R.SET8:
        return this.put(at, 1, value);
      case R.SET16:
        return this.put(at, 2, value);
      case R.SET6:
      case R.SUB6:
        return this.put6(at, type === R.SET6 ? value : this.get(at, 1) - value);
      case R.ADD8:
      case R.ADD16:
      case R.ADD32:
      case R.ADD64: {
        const size = 1 << (type - R.ADD8);
        return this.put(at, size, this.get(at, size) + value);
      }
      case R.SUB8:
      case R.SUB16:
      case R.SUB32:
      case R.SUB64: {
        const size = 1 << (type - R.SUB8);
        return this.put(at, size, this.get(at, size) - value);
      }
      case R.SET_ULEB128:
        return this.putUleb(at, value);
      case R.SUB_ULEB128:
        return this.putUleb(at, this.getUleb(at) - value);
      default:
        throw this.reader.error(`relocation type ${type} is not known in debug information`);
    }
  }

  private check(at: number, size: number): void {
    if (at + size <= this.bytes.length) return;
    throw this.reader.error(`a relocation at 0x${at.toString(16)} is outside of its section`);
  }

  private get(at: number, size: number): bigint {
    this.check(at, size);
    if (size === 8) return this.view.getBigUint64(at, true);
    if (size === 4) return BigInt(this.view.getUint32(at, true));
    return BigInt(size === 2 ? this.view.getUint16(at, true) : this.view.getUint8(at));
  }

  private put(at: number, size: number, value: bigint): void {
    this.check(at, size);
    if (size === 8) this.view.setBigUint64(at, BigInt.asUintN(64, value), true);
    else if (size === 4) this.view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
    else if (size === 2) this.view.setUint16(at, Number(BigInt.asUintN(16, value)), true);
    else this.view.setUint8(at, Number(BigInt.asUintN(8, value)));
  }

  /** The low 6 bits alone: the others are the opcode of a call-frame instruction. */
  private put6(at: number, value: bigint): void {
    this.check(at, 1);
    const kept = this.view.getUint8(at) & 0xc0;
    this.view.setUint8(at, kept | Number(BigInt.asUintN(6, value)));
  }

  private getUleb(at: number): bigint {
    return new ByteReader(this.bytes, this.reader.what, Math.min(at, this.bytes.length)).ulebBig();
  }

  /** The number keeps its length: padding stays padding. */
  private putUleb(at: number, value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    for (let i = at; ; i++) {
      this.check(i, 1);
      const more = this.view.getUint8(i) & 0x80;
      this.view.setUint8(i, Number(rest & 0x7fn) | more);
      rest >>= 7n;
      if (more === 0) return;
    }
  }
}
