/**
 * Who may access which CSR (privileged manual, CSR address mapping; hypervisor, virtual
 * instruction exceptions). A guest's S-mode CSRs are those of VS-mode.
 */
import { hstatusBits, status, type HartState } from '../hartState.ts';
import type { CsrFile } from './csrFile.ts';
import { floatUnitIsOn } from './floatStatus.ts';
import { CSR } from './numbers.ts';

export type CsrRefusal = 'illegal' | 'virtual';

const redirected = new Set<number>([
  CSR.sstatus,
  CSR.sie,
  CSR.stvec,
  CSR.sscratch,
  CSR.sepc,
  CSR.scause,
  CSR.stval,
  CSR.sip,
  CSR.stimecmp,
  CSR.satp,
]);

/** The CSR that is accessed under a number: with V=1 a supervisor CSR is the guest's own. */
export function effectiveCsr(state: HartState, number: number): number {
  return state.virtualized && redirected.has(number) ? number + 0x100 : number;
}

/** Why the hart's present mode may not access a CSR, or undefined when it may. */
export function csrRefusal(
  state: HartState,
  csrs: CsrFile,
  number: number,
  write: boolean,
): CsrRefusal | undefined {
  if (!csrs.exists(number)) return 'illegal';
  if (write && number >>> 10 === 3) return 'illegal';
  // Reading alone would leave the entropy for the next one (Zkr, the seed CSR).
  if (!write && number === CSR.seed) return 'illegal';
  // Never a virtual instruction: V=1 changes only which status registers count.
  if (number <= CSR.fcsr && !floatUnitIsOn(state)) return 'illegal';
  return levelRefusal(state, (number >>> 8) & 3) ?? particularRefusal(state, number);
}

function levelRefusal(state: HartState, level: number): CsrRefusal | undefined {
  const { privilege, virtualized } = state;
  if (privilege === 3) return undefined;
  if (!virtualized) {
    // HS-mode is S-mode with V=0, and reaches level 2.
    return (privilege === 1 ? 2 : 0) < level ? 'illegal' : undefined;
  }
  if (level === 3) return 'illegal';
  if (level === 2) return 'virtual';
  return level === 1 && privilege === 0 ? 'virtual' : undefined;
}

function particularRefusal(state: HartState, number: number): CsrRefusal | undefined {
  if (state.privilege === 3) return undefined;
  switch (number) {
    case CSR.satp:
      if (state.virtualized) {
        return state.low(CSR.hstatus) & hstatusBits.VTVM ? 'virtual' : undefined;
      }
      return state.low(CSR.mstatus) & status.TVM ? 'illegal' : undefined;
    case CSR.hgatp:
      return state.low(CSR.mstatus) & status.TVM ? 'illegal' : undefined;
    case CSR.seed:
      return seedRefusal(state);
    case CSR.stimecmp:
    case CSR.vstimecmp:
      return timerRefusal(state);
    default:
      return number >= CSR.cycle && number < CSR.cycle + 32
        ? counterRefusal(state, number & 31)
        : undefined;
  }
}

function seedRefusal(state: HartState): CsrRefusal | undefined {
  const [USEED, SSEED] = [1 << 8, 1 << 9];
  const mseccfg = state.low(CSR.mseccfg);
  if (state.virtualized) return mseccfg & SSEED ? 'virtual' : 'illegal';
  return mseccfg & (state.privilege === 1 ? SSEED : USEED) ? undefined : 'illegal';
}

function timerRefusal(state: HartState): CsrRefusal | undefined {
  const enabled = (register: number): boolean => state.high(register) >>> 31 === 1;
  const timeBit = 2;
  if (!enabled(CSR.menvcfg) || !(state.low(CSR.mcounteren) & timeBit)) return 'illegal';
  if (!state.virtualized) return undefined;
  return enabled(CSR.henvcfg) && state.low(CSR.hcounteren) & timeBit ? undefined : 'virtual';
}

function counterRefusal(state: HartState, counter: number): CsrRefusal | undefined {
  const allowed = (register: number): boolean => ((state.low(register) >>> counter) & 1) === 1;
  if (!allowed(CSR.mcounteren)) return 'illegal';
  if (state.virtualized && !allowed(CSR.hcounteren)) return 'virtual';
  if (state.privilege === 0 && !allowed(CSR.scounteren)) {
    return state.virtualized ? 'virtual' : 'illegal';
  }
  return undefined;
}
