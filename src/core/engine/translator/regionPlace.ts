/** What those who make a region share of it. */
import type { Expr } from '../../wasm/expression.ts';
import type { LeavingPlace } from '../leavingContext.ts';
import type { Instruction } from './block.ts';
import type { DirectMemory } from './directMemory.ts';
import type { OutsideFunctions } from './outside.ts';

/** What a region under construction gives its instructions. */
export interface RegionPlace extends LeavingPlace {
  /** As in `SemanticContext`. */
  readonly fuses: boolean;
  /** The floating-point unit's state where it is known. */
  readonly floatUnit: number | undefined;
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
  /** As `leave`, because the region assumed too much. */
  leaveSurprised(): void;
}
