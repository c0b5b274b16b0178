/**
 * The gates of CSRs: what each level lets those below it access (privileged manual, counter-enable
 * registers, mstatus.TVM, menvcfg.STCE, Smstateen; unprivileged, Zkr).
 */
import { hstatusBits, status, type HartState } from '../hartState.ts';
import { floatUnitIsOn } from './floatStatus.ts';
import { CSR } from './numbers.ts';
import type { GateFor } from './row.ts';

const bitOf =
  (register: number, bit: number) =>
  (state: HartState): boolean =>
    ((bit < 32 ? state.low(register) : state.high(register)) & (1 << (bit & 31))) !== 0;

/** Counter `bit` of mcounteren, hcounteren and scounteren. */
export const counterGate =
  (bit: number): GateFor =>
  ({ has }) => ({
    machine: bitOf(CSR.mcounteren, bit),
    hypervisor: bitOf(CSR.hcounteren, bit),
    ...(has('s') ? { supervisor: bitOf(CSR.scounteren, bit) } : {}),
  });

/** stimecmp and vstimecmp: STCE and TM at both levels. */
export const timerGate: GateFor = () => {
  const [TM, STCE] = [1, 63];
  const open = (envcfg: number, counteren: number) => {
    const [isCompared, isSeen] = [bitOf(envcfg, STCE), bitOf(counteren, TM)];
    return (state: HartState) => isCompared(state) && isSeen(state);
  };
  return {
    machine: open(CSR.menvcfg, CSR.mcounteren),
    hypervisor: open(CSR.henvcfg, CSR.hcounteren),
  };
};

const VTI = 1 << 30;
const isNotInjected = (state: HartState): boolean => (state.low(CSR.hvictl) & VTI) === 0;
/** sip, sie and their upper halves: in a guest that hvictl.VTI gives its interrupts, they trap. */
export const virtualInterruptGate: GateFor = ({ has }) =>
  has('ssaia') && has('h') ? { hypervisor: isNotInjected } : undefined;
/** stimecmp: "attempts from VS-mode to write to stimecmp cause a virtual instruction exception". */
export const virtualTimerGate: GateFor = ({ has }) =>
  has('ssaia') && has('h') ? { hypervisorWrite: isNotInjected } : undefined;

/** satp: in a guest "mstatus.TVM taken as 0", and hstatus.VTVM counts. */
export const rootGate: GateFor = () => ({
  machine: (state) => state.virtualized || (state.low(CSR.mstatus) & status.TVM) === 0,
  hypervisor: (state) => (state.low(CSR.hstatus) & hstatusBits.VTVM) === 0,
});

/** Registers of the floating-point unit: never a virtual instruction. */
export const floatGate: GateFor = () => ({ always: floatUnitIsOn });

/** seed: mseccfg.SSEED and USEED; a guest has the one of its hypervisor emulated. */
export const seedGate: GateFor = () => ({
  machine: (state) => {
    const [USEED, SSEED] = [1 << 8, 1 << 9];
    const user = state.privilege === 0 && !state.virtualized;
    return (state.low(CSR.mseccfg) & (user ? USEED : SSEED)) !== 0;
  },
  hypervisor: () => false,
});

/** Bits of mstateen0 and hstateen0. */
export const stateenBit = {
  C: 0,
  P1P13: 56,
  CONTEXT: 57,
  IMSIC: 58,
  AIA: 59,
  CSRIND: 60,
  ENVCFG: 62,
  SE: 63,
} as const;

/** State that bit `bit` of the state-enable registers of number `index` controls. */
export const stateenGate =
  (bit: number, index = 0): GateFor =>
  ({ has }) => ({
    ...(has('smstateen') ? { machine: bitOf(CSR.mstateen0 + index, bit) } : {}),
    ...(has('ssstateen') ? { hypervisor: bitOf(CSR.hstateen0 + index, bit) } : {}),
    // Bits above 31 have none in sstateen: user level never reaches what they control.
    ...(has('ssstateen') && bit < 32 ? { supervisor: bitOf(CSR.sstateen0 + index, bit) } : {}),
  });
