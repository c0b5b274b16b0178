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

/** A bit for each mode. */
export const modeBit = ({ privilege, virtualized }: Mode): number =>
  1 << (virtualized ? privilege + 4 : privilege);

const modes: readonly Mode[] = [
  { privilege: 3, virtualized: false },
  { privilege: 1, virtualized: false },
  { privilege: 0, virtualized: false },
  { privilege: 1, virtualized: true },
  { privilege: 0, virtualized: true },
];

/** The modes that may access it whatever the hart's state is: no gate is before them. */
export const alwaysAllowed = (register: Guarded, write: boolean): number =>
  modes
    .filter((mode) => refusal(register, write, mode, undefined) === undefined)
    .reduce((bits, mode) => bits | modeBit(mode), 0);

/** Why a mode may not access a CSR, or undefined when it may; without a state all gates are shut. */
export function refusal(
  register: Guarded,
  write: boolean,
  mode: Mode,
  state: HartState | undefined,
): CsrRefusal | undefined {
  const { gates, level } = register;
  const { privilege, virtualized } = mode;
  if (write && register.number >>> 10 === 3) return 'illegal';
  // Reading alone would leave the entropy for the next one (Zkr, the seed CSR).
  if (!write && register.mustWrite) return 'illegal';
  if (!open(gates.always, state)) return 'illegal';
  if (privilege === 3) return undefined;
  if (!open(virtualized ? gates.machineForGuest : gates.machine, state)) return 'illegal';
  const refused = levelRefusal(mode, level);
  if (refused) return refused;
  if (virtualized) {
    if (!open(gates.hypervisor, state)) return 'virtual';
    if (write && !open(gates.hypervisorWrite, state)) return 'virtual';
  }
  if (privilege === 1 || open(gates.supervisor, state)) return undefined;
  return virtualized ? 'virtual' : 'illegal';
}

function open(conditions: readonly Condition[], state: HartState | undefined): boolean {
  if (!state) return conditions.length === 0;
  for (let i = 0; i < conditions.length; i++) if (!conditions[i]!(state)) return false;
  return true;
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
