/**
 * The body of a draft as bytes: templates with their holes filled, and blocks around them. General
 * registers that a piece of straight code has met are in locals up to its end.
 */
import { Bug } from '../../base/assert.ts';
import { loadTable, op, storeTable } from '../../wasm/opcodes.ts';
import { hart, registerBytes, zeroSink } from '../layout.ts';
import { draftLocals, hole, type Template } from './holes.ts';

/** What goes into the holes of a template: registers as offsets in the register file. */
export class Fillings {
  rd = 0;
  rs1 = 0;
  rs2 = 0;
  imm = 0;
  target = 0;
  next = 0;
  place = 0;
  done = 0;
  counter = 0;
  count = 0;
  entry = 0;
  region = 0;
}

const sinkOffset = zeroSink * registerBytes;

export class DraftCode {
  readonly fillings = new Fillings();
  private depth = 0;
  private bytes = new Uint8Array(1 << 16);
  private used = 0;
  /** Bits of general registers: those that are in locals, and of these what memory does not have. */
  private known = 0;
  private dirty = 0;
  /** Area of the hart, where there is but one. */
  private readonly onlyHart: number | undefined;

  constructor(onlyHart: number | undefined) {
    this.onlyHart = onlyHart;
  }

  begin(): void {
    this.used = 0;
    this.depth = 0;
    this.known = 0;
    this.dirty = 0;
  }

  result(): Uint8Array {
    return this.bytes.slice(0, this.used);
  }

  /** What branches name the block by. */
  block(): number {
    return this.open(op.block);
  }
  loop(): number {
    return this.open(op.loop);
  }
  /** Takes the condition from the stack. */
  if(): void {
    this.open(op.if);
  }
  end(): void {
    this.byte(op.end);
    this.depth--;
  }
  unreachable(): void {
    this.byte(op.unreachable);
  }

  branch(label: number): void {
    this.byte(op.br);
    this.unsigned(this.depth - label);
  }
  branchIf(label: number): void {
    this.byte(op.brIf);
    this.unsigned(this.depth - label);
  }

  subtract(local: number, value: number): void {
    this.byte(op.localGet);
    this.byte(local);
    this.byte(op.i32Const);
    this.signed(-value);
    this.byte(i32Add);
    this.byte(op.localSet);
    this.byte(local);
  }

  /** All registers are in memory from here on. */
  writeBack(): void {
    for (; this.dirty !== 0;) {
      const register = 31 - Math.clz32(this.dirty);
      this.dirty &= ~(1 << register);
      const offset = register * registerBytes;
      this.base();
      this.byte(op.localGet);
      this.byte(localOf(offset));
      this.store('i64.store', offset);
    }
  }

  /** Other code may lead here, or have run in between. */
  forget(): void {
    this.known = 0;
  }

  append({ bytes, holes, needsMemory }: Template): void {
    this.reserve(bytes.length + holes.length * 16);
    if (needsMemory) this.writeBack();
    let from = 0;
    for (let i = 0; i < holes.length; i += 3) {
      const to = holes[i]!;
      for (; from < to; from++) this.bytes[this.used++] = bytes[from]!;
      this.fill(holes[i + 1]!, holes[i + 2]!);
    }
    for (; from < bytes.length; from++) this.bytes[this.used++] = bytes[from]!;
  }

  private fill(kind: number, around: number): void {
    const { fillings: f } = this;
    switch (kind) {
      case hole.rs1:
        return this.read(f.rs1, around);
      case hole.rs2:
        return this.read(f.rs2, around);
      // The number lies above the rounding mode's three bits, which makes it an offset.
      case hole.rs3:
        return this.load('i64.load', thirdOf(f.imm));
      // Rows of floating point ask for its unit, so that memory has all registers by now.
      case hole.rs1Float:
        return this.load('f64.load', f.rs1);
      case hole.rs2Float:
        return this.load('f64.load', f.rs2);
      case hole.rs3Float:
        return this.load('f64.load', thirdOf(f.imm));
      case hole.writes:
        if (isFloat(f.rd) || (around > 0 && f.rd !== sinkOffset)) this.base();
        return;
      case hole.written:
        return this.write(f.rd, around);
      case hole.writesFloat:
        if (f.rd !== sinkOffset) this.base();
        return;
      case hole.writtenFloat:
        return this.writeFloat(f.rd);
      case hole.imm:
        return this.signed(f.imm);
      case hole.rounding:
        return this.signed(f.imm & 7);
      case hole.target:
        return this.signed(f.target);
      case hole.next:
        return this.signed(f.next);
      case hole.place:
        return this.signed(f.place);
      case hole.done:
        return this.signed(f.done);
      case hole.counter:
        return this.signed(f.counter);
      case hole.count:
        return this.signed(f.count);
      case hole.entry:
        return this.signed(f.entry);
      case hole.region:
        return this.signed(f.region);
      default:
        throw new Bug(`hole ${kind}`);
    }
  }

  /** The value of a register; on one of several ways it is not kept. */
  private read(offset: number, around: number): void {
    if (isFloat(offset)) return this.load('i64.load', offset);
    if (offset === 0) {
      this.byte(op.i64Const);
      return this.byte(0);
    }
    const bit = 1 << (offset >> 3);
    if (this.known & bit) {
      this.byte(op.localGet);
      return this.byte(localOf(offset));
    }
    this.load('i64.load', offset);
    if (around > 0) return;
    this.byte(op.localTee);
    this.byte(localOf(offset));
    this.known |= bit;
  }

  /** A general register, or the bits of a float; on one of several ways it goes to memory. */
  private write(offset: number, around: number): void {
    if (isFloat(offset)) return this.store('i64.store', offset);
    if (offset === sinkOffset) return this.byte(op.drop);
    const bit = 1 << (offset >> 3);
    if (around > 0) {
      this.known &= ~bit;
      return this.store('i64.store', offset);
    }
    this.byte(op.localSet);
    this.byte(localOf(offset));
    this.known |= bit;
    this.dirty |= bit;
  }

  /** A double, which may be the bits of a general register. */
  private writeFloat(offset: number): void {
    if (offset === sinkOffset) return this.byte(op.drop);
    if (!isFloat(offset)) {
      const bit = 1 << (offset >> 3);
      this.known &= ~bit;
      this.dirty &= ~bit;
    }
    this.store('f64.store', offset);
  }

  /** Before an access to the hart's area; a constant in bounds costs the host's compiler least. */
  private base(): void {
    this.byte(this.onlyHart === undefined ? op.localGet : op.i32Const);
    this.byte(this.onlyHart === undefined ? draftLocals.base : 0);
  }

  private load(name: 'i64.load' | 'f64.load', offset: number): void {
    this.base();
    this.byte(loadTable[name].code);
    this.byte(0);
    this.unsigned((this.onlyHart ?? 0) + hart.registers + offset);
  }

  private store(name: 'i64.store' | 'f64.store', offset: number): void {
    this.byte(storeTable[name].code);
    this.byte(0);
    this.unsigned((this.onlyHart ?? 0) + hart.registers + offset);
  }

  private open(opcode: number): number {
    this.byte(opcode);
    this.byte(op.voidBlock);
    return ++this.depth;
  }

  private unsigned(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  private signed(value: number): void {
    let rest = value;
    for (; rest < -0x40 || rest >= 0x40; rest >>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest & 0x7f);
  }

  private byte(value: number): void {
    if (this.used === this.bytes.length) this.reserve(1);
    this.bytes[this.used++] = value;
  }

  private reserve(room: number): void {
    if (this.used + room <= this.bytes.length) return;
    const larger = new Uint8Array(this.bytes.length * 2);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

const i32Add = 0x6a;

/** Of a general register, by its offset. */
const localOf = (offset: number): number => draftLocals.register1 - 1 + (offset >> 3);

const isFloat = (offset: number): boolean => offset > sinkOffset;

const thirdOf = (immediate: number): number =>
  hart.floats - hart.registers + (immediate & -registerBytes);
