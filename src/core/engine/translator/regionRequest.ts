/** What a region is made of and for. */
import type { HostFeatures } from '../../wasm/hostFeatures.ts';
import type { RegisterWidth } from '../semantics.ts';
import type { Instruction } from './block.ts';
import type { DirectMemory } from './directMemory.ts';
import type { Discovered } from './discover.ts';
import type { ModuleIndices } from './outside.ts';

export interface RegionRequest extends ModuleIndices {
  readonly discovered: Discovered;
  /** Place of the entry. */
  readonly entry: number;
  /** Number that the region's exits are known by. */
  readonly number: number;
  readonly xlen: RegisterWidth;
  readonly features: HostFeatures;
  /** The floating-point unit is steady at present, and expected to stay so. */
  readonly steady: boolean;
  /** Memory that loads reach without the TLB at present, and which of them do. */
  readonly direct?: DirectMemory;
  readonly isDirect: (load: Instruction) => boolean;
  /** The area of the hart where there is one: a constant in the code. */
  readonly onlyHart?: number;
  /** The mode that the hart is in. */
  readonly mode: number;
  /** General registers that may be taken for words on entry. */
  readonly words: number;
}
