/** The rows of a processor, sorted by what a random program has to put around them. */
import { Decoder, inWidth } from '../../../src/core/isa/riscv/decode.ts';
import { parseIsaString } from '../../../src/core/isa/riscv/isaString.ts';
import {
  matches,
  parsePattern,
  type Field,
  type Pattern,
} from '../../../src/core/isa/riscv/pattern.ts';
import { allRowsOf, place, type Values } from '../encode.ts';
import { floatFields } from '../floats.ts';
import { rowsOf } from '../instructions.ts';
import type { Random } from '../random.ts';
import { role } from './layout.ts';
import type { LockstepProcessor, Xlen } from './processors.ts';

type Row = ReturnType<typeof allRowsOf>[number];

interface Shape {
  readonly pattern: Pattern;
  readonly fields: readonly Field[];
}

const kept = new Set<number>([role.far, role.data, role.supervisorTraps]);
const all = Array.from({ length: 32 }, (_, i) => i);
export const writable = all.filter((i) => !kept.has(i));
export const nonzero = writable.filter((i) => i !== 0);

const special = /^(c\.)?(ebreak|ecall|wrs|fence|lr|sc)\b/;

/** Bytes that a load or store of a row has, by its mnemonic. */
const sizes: Readonly<Record<string, number>> = { b: 1, h: 2, w: 4, d: 8, q: 16 };
export function accessSize(mnemonic: string): number {
  const width =
    /^(?:amo\w+|lr|sc)\.([bhwdq])/.exec(mnemonic)?.[1] ??
    /(?:\.|^c\.f?|^f?)[ls]?([bhwd])u?(?:sp)?$/.exec(mnemonic)?.[1] ??
    'd';
  return sizes[width]!;
}

export class Rows {
  readonly xlen: Xlen;
  readonly extensions: ReadonlySet<string>;
  readonly memory: readonly Row[];
  readonly jumps: readonly Row[];
  private readonly computations: readonly Row[];
  private readonly decoder: Decoder;
  private readonly shapes = new Map<Row, Shape>();

  constructor(processor: LockstepProcessor, without: readonly string[] = []) {
    this.xlen = processor.xlen;
    this.extensions = parseIsaString(processor.isa).extensions;
    const rows = rowsOf(processor.isa).filter((row) => !without.includes(row.mnemonic));
    const isJump = ({ flow }: Row): boolean => ['branch', 'jump', 'call'].includes(flow);
    const isMemory = (row: Row): boolean => row.operands.includes('(') && !isJump(row);
    const ordinary = rows.filter(
      (row) => !special.test(row.mnemonic) && !['S', 'H', 'Zicsr'].includes(row.extension),
    );
    this.jumps = ordinary.filter(isJump);
    this.memory = ordinary.filter(isMemory);
    this.computations = ordinary.filter((row) => !isJump(row) && !isMemory(row));
    this.decoder = new Decoder(undefined, this.xlen);
  }

  /** An instruction that only computes. */
  computation(random: Random): number {
    return this.word(random, random.pick(this.computations));
  }

  /** Operands at random, but for those given. */
  word(random: Random, row: Row, given: Values = {}): number {
    const { pattern, fields } = this.shape(row);
    for (;;) {
      let word = pattern.match;
      let rd = 0;
      for (const field of fields) {
        const value = given[field.name] ?? operand(random, field);
        if (field.name === 'rd') rd = value;
        word |= place(field, value);
      }
      word >>>= 0;
      if (kept.has(rd) || !matches(pattern, word)) continue;
      // Hints among the others write nothing.
      if (pattern.length === 4 && rd !== 0) return word;
      if (this.decoder.decode(word)?.written === row) return word;
    }
  }

  private shape(row: Row): Shape {
    let shape = this.shapes.get(row);
    if (!shape) {
      const pattern = inWidth(this.xlen, parsePattern(row.pattern));
      shape = { pattern, fields: [...pattern.fields.values()] };
      this.shapes.set(row, shape);
    }
    return shape;
  }

  /** Whether bits are an instruction of any extension. */
  known(word: number): boolean {
    return this.decoder.decode(word) !== undefined;
  }
}

function operand(random: Random, field: Field): number {
  const float = floatFields[field.name];
  // Rounding modes that are reserved come now and then.
  if (field.name === 'rm') return random.chance(0.95) ? random.pick([0, 1, 2, 3, 4, 7]) : 5;
  if (float) return random.between(...float);
  switch (field.name) {
    case 'rd':
      return random.pick(writable);
    case "rd'":
    case "rs1'":
    case "rs2'":
      return random.between(8, 15);
    case 'rs1':
    case 'rs2':
      return random.below(32);
    default:
      return field.signed && random.chance(0.2)
        ? random.pick([0, -1, 2 ** (field.bits - 1) - 1, -(2 ** (field.bits - 1))])
        : random.bits32() | 0;
  }
}
