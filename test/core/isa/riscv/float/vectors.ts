/**
 * A guest that executes floating-point rows on operands and compares results and flags with those
 * it was given, so that a run on QEMU judges our arithmetic, and a run on our hart the rows.
 */
import { floatArithmeticRows } from '../../../../../src/core/isa/riscv/instructions/f.ts';
import type { FloatRow } from '../../../../../src/core/isa/riscv/instructions/floatRow.ts';
import { additionalFloatRows } from '../../../../../src/core/isa/riscv/instructions/zfa.ts';
import {
  dynamicRounding,
  type FloatEnvironment,
  type RoundingMode,
} from '../../../../../src/core/isa/riscv/float/environment.ts';
import { box, unbox } from '../../../../../src/core/isa/riscv/float/format.ts';
import { assemble } from '../../../../differential/assemble.ts';
import { encodePattern } from '../../../../differential/encode.ts';
import { registersFor, type Random } from './operands.ts';
import { sizes } from './reference.ts';
import { toBigInt } from './words.ts';

const base = 0x8000_0000;
const at = { routines: 0x1000, groups: 0x10000, vectors: 0x20000 } as const;
const routineBytes = 16;
const groupBytes = 24;
const vectorBytes = 40;

/** What one group of vectors executes: a row with one rounding mode field. */
interface Group {
  readonly row: FloatRow;
  readonly rm: number;
}

/** One instruction with its operands, and what should come of it. */
export interface Vector {
  readonly group: Group;
  readonly registers: readonly [bigint, bigint, bigint];
  readonly frm: RoundingMode;
  readonly result: bigint;
  readonly flags: number;
}

export const baseRows: readonly FloatRow[] = floatArithmeticRows;
export const newerRows: readonly FloatRow[] = additionalFloatRows;

/** Each row with the dynamic mode and with each static one, on `count` vectors. */
export function makeVectors(rows: readonly FloatRow[], count: number, random: Random): Vector[] {
  return rows.flatMap((row) => {
    const fields = row.pattern.includes('rm:3') ? [0, 1, 2, 3, 4, dynamicRounding] : [0];
    return fields.flatMap((rm) => {
      const group = { row, rm };
      return Array.from({ length: count }, () => vector(group, random));
    });
  });
}

function vector(group: Group, random: Random): Vector {
  const { row, rm } = group;
  const { source, result, operate } = row.float;
  const size = source && sizes[source.suffix as keyof typeof sizes];
  const registers = registersFor(size, random).map(toBigInt) as [bigint, bigint, bigint];
  const frm = random.below(5) as RoundingMode;
  const e: FloatEnvironment = {
    rounding: rm === dynamicRounding ? frm : (rm as RoundingMode),
    flags: 0,
  };
  const [a, b, c] = registers.map((r) => (source ? unbox(source, r) : r)) as [
    bigint,
    bigint,
    bigint,
  ];
  const value = operate({ a, b, c, index: constantOf(row) }, e);
  return {
    group,
    registers,
    frm,
    result: BigInt.asUintN(64, result ? box(result, value) : value),
    flags: e.flags,
  };
}

/** FLI's constant is part of the instruction: one per format is enough here. */
const constantOf = (row: FloatRow): number => (row.pattern.includes('constant') ? 29 : 0);

/** Mismatches are sent as a 1, the vector's address, the result and the flags; the end is a 2. */
const program = `
  .option arch, +d
  la t0, trapped
  csrw mtvec, t0
  li t0, 0x6000
  csrs mstatus, t0
  li s0, ${base + at.groups}
  li s4, 0x10000000
  li s5, 0
group:
  ld s1, 0(s0)
  beqz s1, done
  ld s2, 8(s0)
  ld s3, 16(s0)
  addi s0, s0, ${groupBytes}
vector:
  bgeu s2, s3, group
  fld fa1, 0(s2)
  fld fa2, 8(s2)
  fld fa3, 16(s2)
  ld a1, 0(s2)
  lbu t0, 33(s2)
  fsrm t0
  fsflags zero
  jalr s1
  frflags a1
  ld t2, 24(s2)
  lbu t3, 32(s2)
  bne a0, t2, different
  bne a1, t3, different
  addi s2, s2, ${vectorBytes}
  j vector
different:
  li t0, 1
  sb t0, 0(s4)
  mv t0, s2
  call send
  mv t0, a0
  call send
  mv t0, a1
  call send
  addi s2, s2, ${vectorBytes}
  addi s5, s5, 1
  li t0, 100
  blt s5, t0, vector
done:
  li t0, 2
  sb t0, 0(s4)
  j finish
trapped:
  li t0, 3
  sb t0, 0(s4)
  csrr t0, mepc
  call send
  csrr t0, mcause
  call send
finish:
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
1: j 1b
send:
  li t2, 8
1: sb t0, 0(s4)
  srli t0, t0, 8
  addi t2, t2, -1
  bnez t2, 1b
  ret
`;

/** The image that both machines start from its first byte. */
export function image(vectors: readonly Vector[]): Uint8Array {
  const bytes = new Uint8Array(at.vectors + vectors.length * vectorBytes);
  bytes.set(assemble(program, base), 0);
  const view = new DataView(bytes.buffer);
  const groups = [...new Set(vectors.map((v) => v.group))];
  let first = 0;
  groups.forEach((group, i) => {
    const routine = at.routines + i * routineBytes;
    routineOf(group).forEach((word, j) => view.setUint32(routine + 4 * j, word, true));
    const past = vectors.findLastIndex((v) => v.group === group) + 1;
    const entry = at.groups + i * groupBytes;
    view.setBigUint64(entry, BigInt(base + routine), true);
    view.setBigUint64(entry + 8, BigInt(addressOf(first)), true);
    view.setBigUint64(entry + 16, BigInt(addressOf(past)), true);
    first = past;
  });
  vectors.forEach((v, i) => {
    const place = at.vectors + i * vectorBytes;
    v.registers.forEach((r, j) => view.setBigUint64(place + 8 * j, r, true));
    view.setBigUint64(place + 24, v.result, true);
    view.setUint8(place + 32, v.flags);
    view.setUint8(place + 33, v.frm);
  });
  return bytes;
}

/** The instruction, its result as bits in a0, and back. */
function routineOf({ row, rm }: Group): number[] {
  const values = {
    frd: 10,
    rd: 10,
    frs1: 11,
    rs1: 11,
    frs2: 12,
    frs3: 13,
    rm,
    constant: constantOf(row),
  };
  const moveResult = row.float.result ? 0xe205_0553 : 0x0000_0013;
  return [encodePattern(row.pattern, values), moveResult, 0x0000_8067];
}

/** What the guest sent, as a list of complaints; empty when all was as expected. */
export function complaintsOf(sent: Buffer, vectors: readonly Vector[]): string[] {
  const found: string[] = [];
  let place = 0;
  for (; sent[place] === 1; place += 25) {
    const index = (Number(sent.readBigUInt64LE(place + 1)) - addressOf(0)) / vectorBytes;
    const result = sent.readBigUInt64LE(place + 9);
    found.push(`${describeVector(vectors[index]!)}: ${hex(result)} flags ${sent[place + 17]}`);
  }
  if (sent[place] === 3) {
    const pc = hex(sent.readBigUInt64LE(place + 1));
    found.push(`trap at ${pc}, cause ${sent.readBigUInt64LE(place + 9)}`);
  } else if (sent[place] !== 2) found.push('the guest did not come to its end');
  return found;
}

function describeVector({ group, registers, frm, result, flags }: Vector): string {
  const given = registers.map(hex).join(' ');
  const { mnemonic } = group.row;
  return `${mnemonic} rm ${group.rm} frm ${frm} ${given}, expected ${hex(result)} flags ${flags}`;
}

const hex = (x: bigint): string => `0x${x.toString(16)}`;
const addressOf = (index: number): number => base + at.vectors + index * vectorBytes;
