/**
 * Which modes may access a CSR (privileged manual, CSR address mapping conventions; hypervisor,
 * virtual-instruction exceptions).
 */
import type { HartState } from '../hartState.ts';

export type CsrRefusal = 'illegal' | 'virtual';

export type Condition = (state: HartState) => boolean;

export interface Gates {
  readonly always: readonly Condition[];
  readonly machine: readonly Condition[];
  /**
   * What `machine` is when V=1. For an upper half "the same CSR instruction for the corresponding
   * low-half CSR" decides what is HS-qualified.
   */
  readonly machineForGuest: readonly Condition[];
  readonly hypervisor: readonly Condition[];
  readonly hypervisorWrite: readonly Condition[];
  readonly supervisor: readonly Condition[];
}

export interface Guarded {
  readonly number: number;
  /** Lowest privilege that may access it: 0 for U, 1 for S, 2 for HS, 3 for M. */
  readonly level: number;
  readonly mustWrite: boolean;
  readonly gates: Gates;
}

type Mode = Pick<HartState, 'privilege' | 'virtualized'>;

interface Check {
  readonly holds: Condition;
  readonly refusal: CsrRefusal;
}

/** What decides for one mode: the first check that does not hold, else the verdict. */
interface Checks {
  readonly list: readonly Check[];
  readonly verdict: CsrRefusal | undefined;
}

/** By mode, what decides about accesses to a register: what never changes is asked once. */
export class Refusals {
  private readonly checks: Checks[] = [];

  constructor(register: Guarded, write: boolean) {
    for (const virtualized of [false, true]) {
      for (const privilege of [0, 1, 3] as const) {
        const mode = { privilege, virtualized };
        this.checks[indexOf(mode)] = checksFor(register, write, mode);
      }
    }
  }

  /** Why the hart's present mode may not, or undefined when it may. */
  now(state: HartState): CsrRefusal | undefined {
    const { list, verdict } = this.checks[indexOf(state)]!;
    for (let i = 0; i < list.length; i++) {
      if (!list[i]!.holds(state)) return list[i]!.refusal;
    }
    return verdict;
  }

  /** Whether the mode may whatever registers say. */
  areNone(mode: Mode): boolean {
    const { list, verdict } = this.checks[indexOf(mode)]!;
    return list.length === 0 && verdict === undefined;
  }
}

const indexOf = ({ privilege, virtualized }: Mode): number =>
  virtualized ? privilege + 4 : privilege;

function checksFor(register: Guarded, write: boolean, mode: Mode): Checks {
  const { number, level, mustWrite, gates } = register;
  const { privilege, virtualized } = mode;
  const list: Check[] = [];
  const ask = (conditions: readonly Condition[], refusal: CsrRefusal): void => {
    for (const holds of conditions) list.push({ holds, refusal });
  };
  // Reading alone would leave the entropy for the next one (Zkr, the seed CSR).
  const isMissing = write ? number >>> 10 === 3 : mustWrite;
  if (isMissing) return { list, verdict: 'illegal' };
  ask(gates.always, 'illegal');
  if (privilege === 3) return { list, verdict: undefined };
  ask(virtualized ? gates.machineForGuest : gates.machine, 'illegal');
  const verdict = levelRefusal(mode, level);
  if (verdict) return { list, verdict };
  if (virtualized) {
    ask(gates.hypervisor, 'virtual');
    if (write) ask(gates.hypervisorWrite, 'virtual');
  }
  if (privilege === 0) ask(gates.supervisor, virtualized ? 'virtual' : 'illegal');
  return { list, verdict };
}

function levelRefusal({ privilege, virtualized }: Mode, level: number): CsrRefusal | undefined {
  if (!virtualized) {
    // HS-mode is S-mode with V=0, and reaches level 2.
    return (privilege === 1 ? 2 : 0) < level ? 'illegal' : undefined;
  }
  if (level === 3) return 'illegal';
  if (level === 2) return 'virtual';
  return level === 1 && privilege === 0 ? 'virtual' : undefined;
}
