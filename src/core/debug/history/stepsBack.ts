/**
 * Where steps of one hart begin that lead to where it stands: in a list of what its state was, the
 * last one being now. A call or a trap that it has come back from is found by its return address
 * and the stack pointer. Nothing here runs a machine.
 */
import { defined } from '../../base/assert.ts';
import type { DisassembledInstruction } from '../../isa/isa.ts';
import type { Position } from './journal.ts';

/** A hart between two of its steps, where it came to be so. */
export interface HartMoment {
  readonly at: Position;
  readonly pc: bigint;
  readonly stackPointer: bigint;
  readonly mode: string;
  readonly instructions: number;
  /** The one at pc. */
  readonly instruction: DisassembledInstruction | undefined;
}

/** A moment at which a call or a trap was made whose end is known. */
export interface CallSite {
  /** Where it has come back to. */
  readonly returnedTo: HartMoment;
  readonly isTrap: boolean;
}

export type Predecessor =
  | { readonly kind: 'moment'; readonly index: number }
  /** The list does not go back so far. */
  | { readonly kind: 'unknown' }
  /** It is before this moment of the callee, and not in the list. */
  | { readonly kind: 'call'; readonly site: CallSite; readonly last: HartMoment };

/** The bytes that an instruction which calls or traps may have. */
const callSizes = [2n, 4n];

/** What the hart's state was before the step that led to the moment of that index. */
export function predecessor(
  moments: readonly HartMoment[],
  index: number,
  over: boolean,
): Predecessor {
  if (index <= 0) return { kind: 'unknown' };
  const now = defined(moments[index], 'moment');
  const last = defined(moments[index - 1], 'moment');
  const flow = last.instruction?.flow;
  const retired = now.instructions !== last.instructions;
  const isReturn = flow === 'return' && now.mode === last.mode && isElsewhere(now, last);
  if (!over || !retired || (!isReturn && flow !== 'trapReturn')) {
    return { kind: 'moment', index: index - 1 };
  }
  const site = { returnedTo: now, isTrap: flow === 'trapReturn' };
  for (let i = index - 2; i >= 0; i--) {
    const moment = defined(moments[i], 'moment');
    if (!isSite(moment, site)) continue;
    // An interrupt came before the instruction at which the hart stands: that was no step.
    return moment.pc === now.pc ? predecessor(moments, i, over) : { kind: 'moment', index: i };
  }
  return { kind: 'call', site, last };
}

/** Whether what returned to there began here. */
export function isSite(
  { pc, stackPointer, mode, instruction }: Omit<HartMoment, 'at' | 'instructions'>,
  { returnedTo, isTrap }: CallSite,
): boolean {
  if (stackPointer !== returnedTo.stackPointer || mode !== returnedTo.mode) return false;
  if (isTrap && pc === returnedTo.pc) return true;
  const flow = isTrap ? 'trap' : 'call';
  return instruction?.flow === flow && pc + BigInt(instruction.size) === returnedTo.pc;
}

/** Where it can have begun. */
export function siteAddresses({ returnedTo, isTrap }: CallSite): readonly bigint[] {
  const before = callSizes.map((size) => returnedTo.pc - size);
  return isTrap ? [returnedTo.pc, ...before] : before;
}

function isElsewhere(now: HartMoment, { pc, instruction }: HartMoment): boolean {
  return now.pc !== pc + BigInt(instruction?.size ?? 0);
}
