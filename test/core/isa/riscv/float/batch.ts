/**
 * Executes one floating-point row on many operands: a loop in a guest that sets fcsr, executes the
 * instruction and stores what it gave, so that what is tested is the code that guests run.
 */
import assert from 'node:assert/strict';
import type { InstructionRow } from '../../../../../src/core/isa/riscv/instructions/row.ts';
import type { RegisterWidth } from '../../../../../src/core/engine/semantics.ts';
import type { TranslatorOptions } from '../../../../../src/core/engine/translator/translator.ts';
import { assemble } from '../../../../differential/assemble.ts';
import { encodePattern } from '../../../../differential/encode.ts';
import { ramBase, rig, type Rig } from '../rig.ts';

/** 64-bit words of a vector: three registers and fcsr; and of what came of it: rd and fcsr. */
export const inputWords = 4;
export const outputWords = 2;

/** `rm` is the instruction's own field; ignored where it has none. */
export interface Variant {
  readonly row: InstructionRow;
  readonly rm: number;
}

export interface BatchOptions {
  readonly xlen?: RegisterWidth;
  readonly translate?: TranslatorOptions;
  /** fcsr is set before the first vector alone, and not looked at after each. */
  readonly flagsTogether?: boolean;
}

export class Batch {
  readonly capacity: number;
  readonly rig: Rig;
  private readonly variants: readonly Variant[];
  private readonly inputs: number;
  private readonly outputs: number;
  /** Instructions of a loop. */
  private readonly length: number;

  constructor(variants: readonly Variant[], capacity: number, options: BatchOptions = {}) {
    const { xlen = 64, translate, flagsTogether = false } = options;
    const loops = variants.map((variant) => loopOf(variant, xlen, flagsTogether));
    this.variants = variants;
    this.capacity = capacity;
    this.length = loops[0]!.length;
    this.inputs = page(ramBase + variants.length * this.length * 4);
    this.outputs = page(this.inputs + capacity * inputWords * 8);
    const end = page(this.outputs + capacity * outputWords * 8);
    const isa = `rv${xlen}gc_zfh_zfa`;
    this.rig = rig('', { isa, ramBytes: end - ramBase, ...(translate ? { translate } : {}) });
    const program = ['.option arch, +d', '.option norvc', ...loops.flat()].join('\n');
    this.rig.memory.load(ramBase, assemble(program, ramBase, xlen));
    this.rig.setCsr('mstatus', this.rig.csr('mstatus') | 0x6000n);
  }

  /** Runs vectors, in halves of words; gives what came of them, to be read before the next. */
  run(variant: number, inputs: Int32Array): Int32Array {
    const count = inputs.length / (inputWords * 2);
    assert.ok(variant < this.variants.length && count <= this.capacity && count > 0);
    const { hart, memory } = this.rig;
    memory.load(this.inputs, new Uint8Array(inputs.buffer, inputs.byteOffset, inputs.byteLength));
    const start = BigInt(ramBase + variant * this.length * 4);
    hart.pc = start;
    hart.writeRegister('s0', BigInt(this.inputs));
    hart.writeRegister('s1', BigInt(this.inputs + inputs.byteLength));
    hart.writeRegister('s2', BigInt(this.outputs));
    const { retired } = hart.run(count * this.length);
    assert.equal(retired, count * this.length);
    assert.equal(hart.pc, start + BigInt(this.length * 4), 'the loop did not end');
    const { buffer, byteOffset } = memory.view8(this.outputs, count * outputWords * 8)!;
    return new Int32Array(buffer, byteOffset, count * outputWords * 2);
  }
}

const page = (address: number): number => Math.ceil(address / 4096) * 4096;

/** On RV32 the upper half of what an integer register gives is what lay in memory before. */
function loopOf({ row, rm }: Variant, xlen: RegisterWidth, flagsTogether: boolean): string[] {
  const values = { frd: 10, rd: 10, frs1: 11, rs1: 11, frs2: 12, rs2: 12, frs3: 13, rm };
  const [load, store] = xlen === 64 ? ['ld', 'sd'] : ['lw', 'sw'];
  const setFlags = [`${load} t0, 24(s0)`, 'fscsr t0'];
  const takeFlags = ['frcsr t0', `${store} t0, 8(s2)`];
  return [
    '1: fld fa1, 0(s0)',
    'fld fa2, 8(s0)',
    'fld fa3, 16(s0)',
    `${load} a1, 0(s0)`,
    `${load} a2, 8(s0)`,
    ...(flagsTogether ? [] : setFlags),
    `.word ${encodePattern(row.pattern, values)}`,
    `${row.pattern.includes('frd:') ? 'fsd fa0' : `${store} a0`}, 0(s2)`,
    ...(flagsTogether ? [] : takeFlags),
    `addi s0, s0, ${inputWords * 8}`,
    `addi s2, s2, ${outputWords * 8}`,
    'bne s0, s1, 1b',
  ];
}
