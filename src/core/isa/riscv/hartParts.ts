/** What a hart is given by whoever builds a machine. */
import type { TimeCounter, VirtualClock } from '../../base/virtualClock.ts';
import type { CodePages } from '../../engine/codePages.ts';
import type { EngineMemory } from '../../engine/engineMemory.ts';
import type { Interpreter } from '../../engine/interpreter.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import type { ExternalInterrupts } from './csr/externalInterrupts.ts';
import type { Decoder } from './decode.ts';
import type { TrapInstructionValue } from './trapInstruction.ts';

/** What harts of one machine share. */
export interface HartParts {
  readonly engine: EngineMemory;
  readonly memory: PhysicalMemory;
  readonly interpreter: Interpreter;
  readonly code: CodePages;
  readonly clock: VirtualClock;
  /** What the `time` counter shows. */
  readonly time: TimeCounter;
  readonly xlen: RegisterWidth;
  readonly decoder: Decoder;
  /** Lower-case names of the extensions that exist. */
  readonly extensions: ReadonlySet<string>;
  readonly trapInstruction: TrapInstructionValue;
  /** A page at this memory offset now has records: no hart may store to it inline. */
  readonly codePageAdded: (offset: number) => void;
  /** Asks for all records to be dropped as soon as no hart is in generated code. */
  readonly recordsExhausted: () => void;
  readonly dropRecordsIfAsked: () => void;
  /** A hart stops elsewhere from now on: pages must be looked up again before they are executed. */
  readonly watchesChanged: () => void;
  /** By hart, what CSRs reach of the external interrupt controllers. */
  readonly external: readonly ExternalInterrupts[];
}
