/** The parts of an interpreter: what carries out an instruction, or several in a row, by number. */
import { assert, defined } from '../base/assert.ts';
import { record } from './layout.ts';
import type { EngineRow, SemanticContext } from './semantics.ts';
import { mostSteps, type Sequence, type Step } from './sequences.ts';

/** One `case` of the interpreter. */
export interface Handler {
  readonly row: EngineRow;
  readonly rowIndex: number;
  readonly length: number;
  /** The target is in another page. */
  readonly far: boolean;
  /** Carries out what is behind the instruction as well. All else is the first's. */
  readonly sequence?: Sequence;
}

/** Rows that one code can carry out, as an operand that one of them has not is 0 in its record. */
export interface JoinedRows {
  readonly name: string;
  /** Mnemonics; all occur in the same lengths. */
  readonly members: readonly string[];
  readonly execute: (c: SemanticContext) => void;
  /** Which of them says the same as all, given whether registers other than the first are read. */
  readonly memberFor: (rs1: boolean, rs2: boolean) => string;
}

/** The handlers of a set of rows in the order of their numbers, and how to find one. */
export class HandlerTable {
  /** Those of single instructions, of joined rows, and of sequences, which records alone lead to. */
  readonly handlers: readonly Handler[];
  readonly sequences: readonly Sequence[];
  /** From this number on handlers are those of sequences. */
  readonly firstSequence: number;
  private readonly firstNumber: number;
  private readonly made: Handler[] = [];
  /** By `key`; 0 is no handler. */
  private readonly numbers: Uint16Array;
  private readonly rowIndexOf: ReadonlyMap<string, number>;
  private readonly joined = new Map<string, JoinedRows>();

  /**
   * Sequences are as `ld+add`, by mnemonics or names of joined rows; each must fall through to the
   * next. One of three begins with one of two that is listed as well, and so on.
   */
  constructor(
    rows: readonly EngineRow[],
    firstNumber: number,
    sequences: readonly string[] = [],
    joined: readonly JoinedRows[] = [],
  ) {
    this.firstNumber = firstNumber;
    this.numbers = new Uint16Array(rows.length * 16);
    this.rowIndexOf = new Map(rows.map((row, i) => [row.mnemonic, i]));
    rows.forEach((row, rowIndex) => {
      for (const length of row.lengths) {
        for (const far of row.direct ? [false, true] : [false]) {
          this.numbers[key(rowIndex, length, far)] = this.add({ row, rowIndex, length, far });
        }
      }
    });
    const steps = new Map<string, Step>();
    for (const each of joined) {
      this.joined.set(each.name, each);
      steps.set(each.name, this.joinedStep(each, rows));
    }
    this.firstSequence = firstNumber + this.made.length;
    this.sequences = sequences.map((text) => {
      const list = text.split('+').map((name) => {
        const step = steps.get(name) ?? this.step(name, rows);
        steps.set(name, step);
        return step;
      });
      assert(list.length <= mostSteps, `${text}: too long`);
      list.slice(0, -1).forEach(({ row }) => assert(!row.direct, `${text}: a jump inside`));
      const begin = text.slice(0, text.lastIndexOf('+'));
      assert(
        list.length === 2 || sequences.includes(begin),
        `${text}: what it begins with is missing`,
      );
      return this.addSequence({ steps: list, base: firstNumber + this.made.length });
    });
    this.handlers = this.made;
  }

  /** Handler number, undefined when the row does not occur in this length. */
  number(rowIndex: number, length: number, far: boolean): number | undefined {
    const number = this.numbers[key(rowIndex, length, far)];
    return number === 0 ? undefined : number;
  }

  /** The number of the handler that carries out the instruction of a record, and no other. */
  own(view: DataView, rec: number, number: number): number {
    if (number < this.firstSequence) return number;
    const { sequence, length } = this.handlers[number - this.firstNumber]!;
    const { name, alone, perLong } = sequence!.steps[0]!;
    const joined = this.joined.get(name);
    if (!joined) return alone + ((number - sequence!.base) & 1) * perLong;
    const isRead = (field: number): boolean => view.getUint16(rec + field, true) !== 0;
    const member = joined.memberFor(isRead(record.rs1), isRead(record.rs2));
    return defined(this.number(this.indexOf(member), length, false), member);
  }

  private indexOf(mnemonic: string): number {
    return defined(this.rowIndexOf.get(mnemonic), mnemonic);
  }

  private add(handler: Handler): number {
    return this.firstNumber + this.made.push(handler) - 1;
  }

  private step(name: string, rows: readonly EngineRow[]): Step {
    const rowIndex = this.indexOf(name);
    const row = rows[rowIndex]!;
    assert(!row.hostOnly && !row.apart, `${name} is not in the loop`);
    const numbers = row.lengths.map((length) => this.number(rowIndex, length, false)!);
    const [alone = 0, long = alone] = numbers;
    return { name, row, numbers, alone, perLong: long - alone };
  }

  private joinedStep(rows: JoinedRows, all: readonly EngineRow[]): Step {
    const { name, members, execute } = rows;
    const steps = members.map((member) => this.step(member, all));
    const row = { ...steps[0]!.row, mnemonic: name, execute };
    const own = row.lengths.map((length) => this.add({ row, rowIndex: -1, length, far: false }));
    const [alone = 0, long = alone] = own;
    return {
      name,
      row,
      numbers: steps.flatMap((step) => step.numbers),
      alone,
      perLong: long - alone,
    };
  }

  private addSequence(sequence: Sequence): Sequence {
    const { alone, perLong } = sequence.steps[0]!;
    for (let bits = 0; bits < 2 ** sequence.steps.length; bits++) {
      const first = this.made[alone + (bits & 1) * perLong - this.firstNumber]!;
      this.made.push({ ...first, sequence });
    }
    return sequence;
  }
}

function key(rowIndex: number, length: number, far: boolean): number {
  return rowIndex * 16 + length * 2 + (far ? 1 : 0);
}
