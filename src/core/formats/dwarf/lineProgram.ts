/**
 * The state machine of `.debug_line` (DWARF 5, section 6.2.5): from a program to rows, grouped by
 * sequence. Paths, and which rows matter to a debugger, are for others.
 */
import { ByteReader } from '../../base/byteReader.ts';
import { DW_LNE, DW_LNS } from './constants.ts';
import type { LineHeader } from './lineHeader.ts';
import type { DwarfSections } from './sections.ts';

export interface LineRow {
  readonly address: bigint;
  /** Number of the file in the header. */
  readonly file: number;
  readonly line: number;
  readonly column: number;
  readonly isStmt: boolean;
  readonly prologueEnd: boolean;
  readonly endSequence: boolean;
}

/** Rows with ascending addresses; the last one has `endSequence` and describes no code. */
export interface LineSequence {
  readonly low: bigint;
  readonly high: bigint;
  readonly rows: readonly LineRow[];
}

/** Which rows are kept; all by default. */
export type RowFilter = (file: number, line: number) => boolean;

/**
 * All sequences, in the program's order; sequences of discarded code included. With a filter they
 * have only the rows that it takes, and those without any are left out.
 */
export function runLineProgram(
  sections: DwarfSections,
  header: LineHeader,
  filter?: RowFilter,
): readonly LineSequence[] {
  const reader = sections
    .reader('line', header.programOffset)
    .slice(header.programOffset, header.end)
    .prefetch();
  return new LineMachine(reader, header, filter).run();
}

class LineMachine {
  private readonly reader: ByteReader;
  private readonly header: LineHeader;
  private readonly sequences: LineSequence[] = [];
  private readonly filter: RowFilter | undefined;
  private rows: LineRow[] = [];
  private low: bigint | undefined;

  // Registers of the state machine. The address is the sum of two: numbers add faster.
  private base = 0n;
  private advanced = 0;
  private operation = 0;
  private file = 1;
  private line = 1;
  private column = 0;
  private isStmt = false;
  private prologueEnd = false;

  constructor(reader: ByteReader, header: LineHeader, filter: RowFilter | undefined) {
    this.reader = reader;
    this.header = header;
    this.filter = filter;
  }

  run(): readonly LineSequence[] {
    this.reset();
    const { reader, header } = this;
    while (!reader.atEnd) {
      const opcode = reader.u8();
      if (opcode >= header.opcodeBase) this.special(opcode);
      else if (opcode === 0) this.extended();
      else this.standard(opcode);
    }
    return this.sequences;
  }

  private reset(): void {
    this.rows = [];
    this.low = undefined;
    this.base = 0n;
    this.advanced = 0;
    this.operation = 0;
    this.file = 1;
    this.line = 1;
    this.column = 0;
    this.isStmt = this.header.defaultIsStmt;
    this.prologueEnd = false;
  }

  private special(opcode: number): void {
    const { opcodeBase, lineBase, lineRange } = this.header;
    const adjusted = opcode - opcodeBase;
    this.advance(Math.floor(adjusted / lineRange));
    this.advanceLine(lineBase + (adjusted % lineRange));
    this.emit(false);
  }

  private standard(opcode: number): void {
    const { reader, header } = this;
    switch (opcode) {
      case DW_LNS.copy:
        this.emit(false);
        return;
      case DW_LNS.advance_pc:
        this.advance(reader.uleb());
        return;
      case DW_LNS.advance_line:
        this.advanceLine(reader.sleb());
        return;
      case DW_LNS.set_file:
        this.file = reader.uleb();
        return;
      case DW_LNS.set_column:
        this.column = reader.uleb();
        return;
      case DW_LNS.negate_stmt:
        this.isStmt = !this.isStmt;
        return;
      case DW_LNS.const_add_pc:
        this.advance(Math.floor((255 - header.opcodeBase) / header.lineRange));
        return;
      case DW_LNS.fixed_advance_pc:
        this.move(reader.u16());
        this.operation = 0;
        return;
      case DW_LNS.set_prologue_end:
        this.prologueEnd = true;
        return;
      case DW_LNS.set_basic_block:
      case DW_LNS.set_epilogue_begin:
        return;
      default: {
        // DW_LNS_set_isa and opcodes of later versions: the header says how many operands to skip.
        const operands = header.standardOpcodeLengths[opcode - 1] ?? 0;
        for (let i = 0; i < operands; i++) reader.ulebBig();
      }
    }
  }

  private extended(): void {
    const { reader } = this;
    const length = reader.uleb();
    if (length === 0) return;
    const next = reader.offset + length;
    if (next > reader.end) throw reader.error('an extended opcode is truncated');
    const opcode = reader.u8();
    switch (opcode) {
      case DW_LNE.end_sequence:
        this.emit(true);
        this.endSequence();
        break;
      case DW_LNE.set_address:
        this.base = reader.unsigned(length - 1);
        this.advanced = 0;
        this.operation = 0;
        break;
      default:
        // DW_LNE_set_discriminator, DW_LNE_define_file (which no compiler emits), vendors' opcodes.
        break;
    }
    reader.seek(next);
  }

  private get address(): bigint {
    return BigInt.asUintN(64, this.base + BigInt(this.advanced));
  }

  private emit(endSequence: boolean): void {
    this.low ??= this.address;
    if (this.filter && (endSequence || !this.filter(this.file, this.line))) {
      this.prologueEnd = false;
      return;
    }
    this.rows.push({
      address: this.address,
      file: this.file,
      line: this.line,
      column: this.column,
      isStmt: this.isStmt,
      prologueEnd: this.prologueEnd,
      endSequence,
    });
    this.prologueEnd = false;
  }

  private endSequence(): void {
    const { low, rows } = this;
    if (low !== undefined && rows.length > 0) {
      this.sequences.push({ low, high: this.address, rows });
    }
    this.reset();
  }

  /** Line numbers are unsigned; a program that goes below 0 is broken, but only there. */
  private advanceLine(delta: number): void {
    this.line = Math.max(0, this.line + delta);
  }

  /** DWARF 5, section 6.2.5.1: with several operations in an instruction, only whole ones move. */
  private advance(operations: number): void {
    const { minimumInstructionLength, maximumOperationsPerInstruction } = this.header;
    let instructions = operations;
    if (maximumOperationsPerInstruction > 1) {
      const total = this.operation + operations;
      instructions = Math.floor(total / maximumOperationsPerInstruction);
      this.operation = total % maximumOperationsPerInstruction;
    }
    this.move(minimumInstructionLength * instructions);
  }

  /** What is too much for a number goes to the other part of the address. */
  private move(bytes: number): void {
    this.advanced += bytes;
    if (this.advanced <= 0xffff_ffff) return;
    this.base = BigInt.asUintN(64, this.base + BigInt(this.advanced));
    this.advanced = 0;
  }
}
