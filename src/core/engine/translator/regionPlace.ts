/** What those who make a region share of it. */
import type { Expr } from '../../wasm/expression.ts';
import type { FunctionBuilder } from '../../wasm/functionBuilder.ts';
import type { RegisterWidth } from '../semantics.ts';
import type { Instruction } from './block.ts';
import type { DirectMemory } from './directMemory.ts';
import type { OutsideFunctions } from './outside.ts';

/** What a region under construction gives its instructions. */
export interface RegionPlace {
  readonly xlen: RegisterWidth;
  /** As in `SemanticContext`. */
  readonly fuses: boolean;
  readonly f: FunctionBuilder;
  readonly base: Expr;
  /** The floating-point unit's state where it is known. */
  readonly floatUnit: number | undefined;
  /** Offset of the TLB set in use. */
  readonly set: Expr;
  /** The address of a place in the code. */
  address(at: number): Expr;
  /** Local of a register. */
  register(index: number): number;
  /** Local of a general register that is a word. */
  word(index: number): number;
  /** Memory that loads reach without the TLB, and which of them do. */
  readonly direct: DirectMemory | undefined;
  isDirect(load: Instruction): boolean;
  readonly functions: OutsideFunctions;
  /** Local. */
  readonly budget: number;
  /** Leaves the region; the present instruction is to be interpreted. */
  leave(): void;
  /** As `leave`, because the region assumed too much. */
  leaveSurprised(): void;
}
