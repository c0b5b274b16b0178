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

/** All sequences, in the program's order; sequences of discarded code included. */
export function runLineProgram(
  sections: DwarfSections,
  header: LineHeader,
): readonly LineSequence[] {
  const reader = sections
    .reader('line', header.programOffset)
    .slice(header.programOffset, header.end);
  return new LineMachine(reader, header).run();
}

class LineMachine {
  private readonly reader: ByteReader;
  private readonly header: LineHeader;
  private readonly sequences: LineSequence[] = [];
  private rows: LineRow[] = [];

  // Registers of the state machine.
  private address = 0n;
  private operation = 0;
  private file = 1;
  private line = 1;
  private column = 0;
  private isStmt = false;
  private prologueEnd = false;

  constructor(reader: ByteReader, header: LineHeader) {
    this.reader = reader;
    this.header = header;
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
    this.address = 0n;
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
        this.address = BigInt.asUintN(64, this.address + BigInt(reader.u16()));
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
        this.address = reader.unsigned(length - 1);
        this.operation = 0;
        break;
      default:
        // DW_LNE_set_discriminator, DW_LNE_define_file (which no compiler emits), vendors' opcodes.
        break;
    }
    reader.seek(next);
  }

  private emit(endSequence: boolean): void {
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
    const first = this.rows[0];
    if (first) this.sequences.push({ low: first.address, high: this.address, rows: this.rows });
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
    const bytes = BigInt(minimumInstructionLength) * BigInt(instructions);
    this.address = BigInt.asUintN(64, this.address + bytes);
  }
}
