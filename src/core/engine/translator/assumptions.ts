/**
 * What a region takes for granted, tested when it is entered: only TypeScript changes any of it,
 * and no region is running then, or all are left. One that finds it otherwise is left at once, to be interpreted.
 */
import { i32, i64, load, ne, ne32, or, xor, type Expr } from '../../wasm/expression.ts';
import type { FunctionBuilder } from '../../wasm/functionBuilder.ts';
import {
  direct as directWords,
  floatUnit,
  hart,
  regionExit,
  registerBytes,
  tlb,
} from '../layout.ts';
import type { DirectMemory } from './directMemory.ts';
import type { FlowGraph } from './flowGraph.ts';

export interface Assumptions {
  /** The floating-point unit is steady. */
  readonly steady: boolean;
  readonly direct: DirectMemory | undefined;
  /** General registers that hold words. */
  readonly words: number;
  /** The mode that the hart is in. */
  readonly mode: number | undefined;
}

/** What a region needs of what holds at present; `words` are the registers it was told are words. */
export function assumptionsOf(
  { nodes }: FlowGraph,
  present: { steady: boolean; direct?: DirectMemory; mode: number },
  words: number,
): Assumptions {
  const instructions = nodes.flatMap(({ block }) => block.instructions);
  const loads = instructions.some(({ facts }) => facts.access?.kind === 'load');
  return {
    steady: present.steady && instructions.some(({ facts }) => facts.asksFloatUnit),
    direct: loads ? present.direct : undefined,
    words,
    mode: instructions.some((i) => i.controlWord) ? present.mode : undefined,
  };
}

export function checkAssumptions(
  f: FunctionBuilder,
  base: Expr,
  /** Offset of the TLB set in use. */
  set: Expr,
  { steady, direct, words, mode }: Assumptions,
  /** Number of the region, for the translator to hear of what can be had otherwise. */
  region: number,
  returnToCaller: () => void,
): void {
  const leaveIf = (condition: Expr): void => {
    f.if(condition);
    f.store('i32.store', base, i32(regionExit.interpret), hart.regionExit);
    f.store('i32.store', base, i32(region), hart.exitSite);
    returnToCaller();
    f.end();
  };
  if (mode !== undefined) leaveIf(ne32(load('i32.load', base, hart.mode), i32(mode)));
  if (steady) {
    f.if(ne32(load('i32.load', base, hart.floatUnit), i32(floatUnit.steady)));
    f.store('i32.store', base, i32(regionExit.interpret), hart.regionExit);
    returnToCaller();
    f.end();
  }
  if (direct) {
    const number = load('i32.load', set, tlb.direct + directWords.number);
    leaveIf(ne32(number, i32(direct.number)));
  }
  if (words !== 0) {
    const upper: Expr[] = [];
    for (let index = 0; index < 32; index++) {
      if (!((words >>> index) & 1)) continue;
      const register = load('i64.load', base, hart.registers + index * registerBytes);
      upper.push(xor(register, load('i64.load32_s', base, hart.registers + index * registerBytes)));
    }
    leaveIf(ne(upper.reduce(or), i64(0)));
  }
}
