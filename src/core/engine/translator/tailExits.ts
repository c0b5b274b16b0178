/** What the ways out at the end of a loop of one block compute again, from registers in memory. */
import { load, local, type Expr } from '../../wasm/expression.ts';
import { zeroSink } from '../layout.ts';
import type { Finish } from './exits.ts';
import type { Source, Tail } from './loopTails.ts';
import type { Written } from './narrow.ts';
import { placeOf } from './registerLocals.ts';
import { bitOf } from './registerMasks.ts';
import { RegionContext } from './regionContext.ts';
import type { RegionPlace } from './regionPlace.ts';

/** What is written back where a block is left before it begins, and done besides. */
export interface WaysOut {
  readonly dirty: Written;
  readonly finish?: Finish;
}

export class TailExits {
  private readonly place: RegionPlace;
  private readonly context: RegionContext;
  /** By register: what an instruction reads and writes. */
  private readonly operands = new Map<number, number>();

  constructor(place: RegionPlace, target: number) {
    this.place = place;
    const register = (index: number): number => this.operand(index);
    this.context = new RegionContext({ ...place, register }, target);
  }

  /**
   * Registers are read from memory, where they are by now: the machine's compiler would find that
   * it has computed all of this before, and keep it for the case that it comes here.
   */
  emit({ steps, results }: Tail): void {
    const { f, base } = this.place;
    const made: number[] = [];
    const valueOf = (source: Source): Expr =>
      'step' in source
        ? local('i64', made[source.step]!)
        : load('i64.load', base, placeOf(source.register));
    for (const { instruction, rs1, rs2 } of steps) {
      if (rs1 && !isZero(instruction.rs1)) f.set(this.operand(instruction.rs1), valueOf(rs1));
      if (rs2 && !isZero(instruction.rs2)) f.set(this.operand(instruction.rs2), valueOf(rs2));
      this.context.translate(instruction, undefined, 0, false);
      const result = f.newLocal('i64');
      f.set(result, local('i64', this.operand(instruction.rd)));
      made.push(result);
    }
    for (const [register, source] of results) {
      f.store('i64.store', base, valueOf(source), placeOf(register));
    }
  }

  private operand(register: number): number {
    let index = this.operands.get(register);
    if (index === undefined) {
      this.operands.set(register, (index = this.place.f.newLocal('i64')));
    }
    return index;
  }
}

/** Registers that must be in memory before. */
export function readBy({ steps, results }: Tail): number {
  const sources = [...steps.flatMap(({ rs1, rs2 }) => [rs1, rs2]), ...results.values()];
  return sources.reduce(
    (mask, source) => (source && 'register' in source ? mask | bitOf(source.register) : mask),
    0,
  );
}

const isZero = (register: number): boolean => register === 0 || register === zeroSink;
