/**
 * `.debug_frame` and `.eh_frame` (DWARF 5, section 6.4; Linux Standard Base, "Exception Frames"):
 * finds the entry that covers an address. callFrameProgram.ts runs what the entry says.
 */
import { FormatError, type ByteReader } from '../../base/byteReader.ts';
import { DW_EH_PE } from './constants.ts';
import type { DwarfSections } from './sections.ts';

/** Common information entry. */
export interface Cie {
  readonly offset: number;
  readonly addressSize: number;
  readonly codeAlignment: number;
  readonly dataAlignment: number;
  readonly returnAddressRegister: number;
  /** Augmentation 'S': frames of this kind were interrupted, not called from. */
  readonly signalFrame: boolean;
  readonly pointerEncoding: number;
  readonly hasAugmentationData: boolean;
  readonly instructions: ByteReader;
}

/** Frame description entry: how frames of the code in [low, high) are unwound. */
export interface Fde {
  readonly offset: number;
  readonly cie: Cie;
  readonly low: bigint;
  readonly high: bigint;
  readonly instructions: ByteReader;
}

export class CallFrames {
  /** Ascending by `low`. */
  readonly entries: readonly Fde[];
  readonly problems: string[] = [];

  constructor(sections: DwarfSections) {
    const entries = [
      ...this.readSection(sections, '.debug_frame'),
      ...this.readSection(sections, '.eh_frame'),
    ];
    entries.sort((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0));
    this.entries = entries;
  }

  find(address: bigint): Fde | undefined {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.entries[middle]?.low ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    const candidate = this.entries[low - 1];
    return candidate && address < candidate.high ? candidate : undefined;
  }

  private readSection(sections: DwarfSections, name: '.debug_frame' | '.eh_frame'): Fde[] {
    if (name === '.eh_frame' ? !sections.hasEhFrame : !sections.has('frame')) return [];
    const section = new FrameSection(sections, name === '.eh_frame');
    try {
      section.readAll();
    } catch (error) {
      // What came before the broken entry still unwinds.
      if (!(error instanceof FormatError)) throw error;
      this.problems.push(`${error.message}.`);
    }
    return section.entries;
  }
}

class FrameSection {
  readonly entries: Fde[] = [];
  private readonly sections: DwarfSections;
  private readonly isEh: boolean;
  private readonly reader: ByteReader;
  private readonly cies = new Map<number, Cie>();

  constructor(sections: DwarfSections, isEh: boolean) {
    this.sections = sections;
    this.isEh = isEh;
    this.reader = isEh ? sections.ehFrame() : sections.reader('frame');
  }

  readAll(): void {
    let offset = 0;
    while (offset < this.reader.end) {
      const entry = this.entryAt(offset);
      if (!entry) {
        // A length of 0 ends .eh_frame; linkers put one between the parts of several files.
        offset += 4;
        continue;
      }
      if (!this.isCie(entry)) this.addFde(entry);
      offset = entry.end;
    }
  }

  private addFde(entry: Entry): void {
    const cieOffset = this.isEh ? entry.idOffset - entry.id : entry.id;
    const cie = this.cieAt(cieOffset, entry.offset);
    const { body } = entry;
    const low = this.pointer(body, cie.pointerEncoding, cie.addressSize);
    // The length has the pointer's format but is not relative to anything.
    const length = this.pointer(body, cie.pointerEncoding & 0x0f, cie.addressSize);
    if (cie.hasAugmentationData) body.skip(body.uleb());
    if (length === 0n || !this.sections.covers(low)) return;
    this.entries.push({
      offset: entry.offset,
      cie,
      low,
      high: low + length,
      instructions: body.slice(body.offset),
    });
  }

  private isCie(entry: Entry): boolean {
    if (this.isEh) return entry.id === 0;
    return entry.id === (entry.is64 ? Number.MAX_SAFE_INTEGER : 0xffff_ffff);
  }

  private entryAt(offset: number): Entry | undefined {
    const reader = this.reader.slice(offset);
    const first = reader.u32();
    if (first === 0) return undefined;
    const is64 = first === 0xffff_ffff;
    const length = is64 ? reader.u64Number() : first;
    const idOffset = reader.offset;
    const end = idOffset + length;
    if (end > this.reader.end) throw reader.error('a frame entry is truncated', offset);
    const body = reader.slice(idOffset, end);
    return { offset, idOffset, id: readId(body, is64 && !this.isEh), is64, end, body };
  }

  private cieAt(offset: number, user: number): Cie {
    let cie = this.cies.get(offset);
    if (cie) return cie;
    if (offset < 0 || offset >= this.reader.end) {
      throw this.reader.error('a frame entry names a CIE outside of the section', user);
    }
    const entry = this.entryAt(offset);
    if (!entry || !this.isCie(entry)) {
      throw this.reader.error('a frame entry names a CIE that is none', user);
    }
    cie = this.readCie(entry);
    this.cies.set(offset, cie);
    return cie;
  }

  private readCie(entry: Entry): Cie {
    const { body } = entry;
    const version = body.u8();
    if (version !== 1 && version !== 3 && version !== 4) {
      throw body.error(`CIE version ${version} is not supported`, entry.offset);
    }
    const augmentation = body.cstring();
    let addressSize: number = this.sections.addressSize;
    if (version >= 4) {
      addressSize = body.u8();
      if (body.u8() !== 0) throw body.error('segmented addresses are not supported', entry.offset);
    }
    const codeAlignment = body.uleb();
    const dataAlignment = body.sleb();
    const returnAddressRegister = version === 1 ? body.u8() : body.uleb();
    const hasAugmentationData = augmentation.startsWith('z');
    if (augmentation !== '' && !hasAugmentationData) {
      throw body.error(`CIE augmentation "${augmentation}" is not known here`, entry.offset);
    }
    let pointerEncoding: number = DW_EH_PE.absptr;
    if (hasAugmentationData) {
      const length = body.uleb();
      const after = body.offset + length;
      pointerEncoding = this.readAugmentation(body, augmentation, addressSize);
      body.seek(after);
    }
    return {
      offset: entry.offset,
      addressSize,
      codeAlignment,
      dataAlignment,
      returnAddressRegister,
      signalFrame: augmentation.includes('S'),
      pointerEncoding,
      hasAugmentationData,
      instructions: body.slice(body.offset),
    };
  }

  /** Encoding of the pointers in the CIE's FDEs. */
  private readAugmentation(body: ByteReader, augmentation: string, addressSize: number): number {
    let encoding: number = DW_EH_PE.absptr;
    for (const letter of augmentation.slice(1)) {
      if (letter === 'R') encoding = body.u8();
      else if (letter === 'P') this.pointer(body, body.u8() & ~DW_EH_PE.indirect, addressSize);
      else if (letter === 'L') body.u8();
      // 'S' and 'B' have no data. Others may have, but the data's length says where it all ends.
      else if (letter !== 'S' && letter !== 'B') break;
    }
    return encoding;
  }

  private pointer(reader: ByteReader, encoding: number, addressSize: number): bigint {
    const place = this.sections.ehFrameAddress + BigInt(reader.offset);
    const value = this.pointerValue(reader, encoding & 0x0f, addressSize);
    const application = encoding & 0x70;
    if (application === 0) return BigInt.asUintN(addressSize * 8, value);
    if (application === DW_EH_PE.pcrel) return BigInt.asUintN(addressSize * 8, place + value);
    throw reader.error(`pointer encoding 0x${encoding.toString(16)} is not supported`);
  }

  private pointerValue(reader: ByteReader, format: number, addressSize: number): bigint {
    switch (format) {
      case DW_EH_PE.absptr:
        return reader.unsigned(addressSize);
      case DW_EH_PE.uleb128:
        return reader.ulebBig();
      case DW_EH_PE.udata2:
        return BigInt(reader.u16());
      case DW_EH_PE.udata4:
        return BigInt(reader.u32());
      case DW_EH_PE.udata8:
        return reader.u64();
      case DW_EH_PE.sleb128:
        return reader.slebBig();
      case DW_EH_PE.sdata2:
        return BigInt(reader.i16());
      case DW_EH_PE.sdata4:
        return BigInt(reader.i32());
      case DW_EH_PE.sdata8:
        return reader.i64();
      default:
        throw reader.error(`pointer format ${format} is not known here`);
    }
  }
}

/** An entry of either kind, read up to and including its id. */
interface Entry {
  readonly offset: number;
  readonly idOffset: number;
  readonly id: number;
  readonly is64: boolean;
  readonly end: number;
  readonly body: ByteReader;
}

/** The 64-bit id of a CIE is all ones, more than a number holds. */
function readId(reader: ByteReader, is64: boolean): number {
  if (!is64) return reader.u32();
  const id = reader.u64();
  return id === 0xffff_ffff_ffff_ffffn ? Number.MAX_SAFE_INTEGER : Number(id);
}
