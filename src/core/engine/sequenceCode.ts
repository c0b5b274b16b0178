/** What the interpreter has for sequences of instructions (`sequences.ts`), inside its loop. */
import { assert } from '../base/assert.ts';
import {
  add32,
  and32,
  i32,
  local,
  ltS32,
  mul32,
  shl32,
  shrU32,
  sub32,
  type Expr,
} from '../wasm/expression.ts';
import type { FunctionBuilder, Label } from '../wasm/functionBuilder.ts';
import type { Handler } from './handlers.ts';
import { special } from './layout.ts';
import type { LoopState } from './loopState.ts';
import type { Sequence, Step } from './sequences.ts';

export interface SequenceSurroundings {
  readonly f: FunctionBuilder;
  readonly state: LoopState;
  /** A local: the number of the handler that runs. */
  readonly handler: number;
  readonly handlers: readonly Handler[];
}

export interface SequenceExits {
  /** Carries out an instruction by a handler; its length where that is not the handler's. */
  readonly carryOut: (h: Handler, goOn: (bytes: Expr) => void, length?: Expr) => void;
  /** Goes on so many bytes of records ahead. */
  readonly ahead: (bytes: Expr) => void;
}

/** The end of one or more sequences: code for its first step, behind which comes a shorter one. */
interface Tail {
  readonly steps: readonly Step[];
  readonly label: Label;
}

/** What sequences have in common at their ends is there once. */
export class SequenceCode {
  private readonly surroundings: SequenceSurroundings;
  /** By names of steps, the longest first. */
  private readonly tails = new Map<string, Tail>();
  /** A local: of what is left of the sequence, bit n says that the n-th instruction is long. */
  private readonly lengthBits: number;
  private readonly lengths: Expr;

  /** Opens a block for each tail. */
  constructor(surroundings: SequenceSurroundings, sequences: readonly Sequence[]) {
    this.surroundings = surroundings;
    const { f } = surroundings;
    this.lengthBits = f.newLocal('i32');
    this.lengths = local('i32', this.lengthBits);
    const all = sequences.flatMap(({ steps }) => steps.map((_, n) => steps.slice(n)));
    all.sort((a, b) => a.length - b.length);
    const distinct = new Map(all.map((steps) => [nameOf(steps), steps]));
    const opened = [...distinct].map(([name, steps]) => ({ name, steps, label: f.block() }));
    for (const { name, ...tail } of opened.reverse()) this.tails.set(name, tail);
  }

  /** `alone`: runs the handler whose number is set, for an instruction that began. */
  enter({ steps, base }: Sequence, alone: Label): void {
    const { f, state, handler } = this.surroundings;
    f.set(this.lengthBits, sub32(local('i32', handler), i32(base)));
    // The budget is enough for all, so that it need not be looked at in between.
    f.if(ltS32(state.retired, i32(steps.length - 1)));
    f.set(handler, this.numberOf(steps[0]!));
    f.branch(alone);
    f.end();
    f.branch(this.labelOf(steps));
  }

  /** Ends the blocks. */
  emit(exits: SequenceExits): void {
    for (const { steps } of this.tails.values()) {
      this.surroundings.f.end();
      this.emitTail(steps, exits);
    }
  }

  private emitTail([step, ...others]: readonly Step[], { carryOut, ahead }: SequenceExits): void {
    const { f, state, handler, handlers } = this.surroundings;
    const { alone, perLong, name } = step!;
    // What it leaves to the function apart is that instruction alone.
    f.set(handler, this.numberOf(step!));
    let goesOn = false;
    const goOn = (bytes: Expr): void => {
      goesOn = true;
      if (others.length === 0) return ahead(bytes);
      state.setRecord(add32(state.record, bytes));
      state.begins();
      f.set(this.lengthBits, shrU32(this.lengths, i32(1)));
      f.branch(this.labelOf(others));
    };
    const length = perLong === 0 ? undefined : add32(this.ifLong(2), i32(2));
    carryOut(handlers[alone - special.first]!, goOn, length);
    assert(goesOn || others.length === 0, `${name} does not go on`);
  }

  private labelOf(steps: readonly Step[]): Label {
    return this.tails.get(nameOf(steps))!.label;
  }

  /** Of the handler for the instruction that is next, alone. */
  private numberOf({ alone, perLong }: Step): Expr {
    return add32(mul32(this.ifLong(1), i32(perLong)), i32(alone));
  }

  /** A power of two where the instruction that is next is long, else 0. */
  private ifLong(power: 1 | 2): Expr {
    return shl32(and32(this.lengths, i32(1)), i32(power - 1));
  }
}

const nameOf = (steps: readonly Step[]): string => steps.map(({ name }) => name).join('+');
