/**
 * Memory-management fences, at once or in parts (privileged manual, SFENCE.VMA and Svinval;
 * hypervisor, memory-management fence instructions). An invalidation is carried out where it
 * stands, so there is nothing left for SFENCE.W.INVAL and SFENCE.INVAL.IR to order.
 */
import { event } from './csr/counters.ts';
import type { CsrRefusal } from './csr/refusal.ts';
import { CSR } from './csr/numbers.ts';
import { hstatusBits, status } from './hartState.ts';
import { lower, upper } from './memoryPath.ts';
import type { Fence } from './regimes.ts';
import { next, refused, type Execute, type Operands, type SystemHart } from './system.ts';

const supervisorFence: Execute = (h, o) => {
  const { state, regimes } = h;
  const refusal = supervisorRefusal(h) ?? virtualMemoryRefusal(h);
  if (refusal) return refused(refusal, h);
  const fence = fenceOf(h, o);
  const current = state.virtualized ? regimes.fenceGuest(fence) : regimes.fenceSupervisor(fence);
  return lookAgain(h, current);
};

const guestFence: Execute = (h, o) => {
  const refusal = hypervisorRefusal(h);
  return refusal ? refused(refusal, h) : lookAgain(h, h.regimes.fenceGuest(fenceOf(h, o)));
};

const guestPhysicalFence: Execute = (h, o) => {
  const { state } = h;
  const withheld = state.privilege === 1 && (state.low(CSR.mstatus) & status.TVM) !== 0;
  const refusal = hypervisorRefusal(h) ?? (withheld ? 'illegal' : undefined);
  if (refusal) return refused(refusal, h);
  return lookAgain(h, h.regimes.fenceGuestPhysical(fenceOf(h, o)));
};

const ordering: Execute = (h) => {
  const refusal = supervisorRefusal(h);
  return refusal ? refused(refusal, h) : next;
};

export const fenceInstructions: Readonly<Record<string, Execute>> = {
  'sfence.vma': supervisorFence,
  'sinval.vma': supervisorFence,
  'sfence.w.inval': ordering,
  'sfence.inval.ir': ordering,
  'hfence.vvma': guestFence,
  'hinval.vvma': guestFence,
  'hfence.gvma': guestPhysicalFence,
  'hinval.gvma': guestPhysicalFence,
};

/** x0 as an operand means all addresses or all address spaces. */
function fenceOf({ state }: SystemHart, o: Operands): Fence {
  const address = state.getX(o.rs1);
  return {
    ...(o.rs1 === 0 ? {} : { address: { low: lower(address), high: upper(address) } }),
    ...(o.rs2 === 0 ? {} : { space: lower(state.getX(o.rs2)) }),
  };
}

/** The page being executed was looked up before: after its entry went, it is to be again. */
function lookAgain(h: SystemHart, current: boolean): typeof next {
  h.csrs.counters.count(event.fence);
  if (current) h.csrs.translationChanged = true;
  return next;
}

function supervisorRefusal({ state }: SystemHart): CsrRefusal | undefined {
  if (state.privilege !== 0) return undefined;
  return state.virtualized ? 'virtual' : 'illegal';
}

/** TVM is about HS-mode alone, VTVM about VS-mode. */
function virtualMemoryRefusal({ state }: SystemHart): CsrRefusal | undefined {
  if (state.virtualized) {
    return state.low(CSR.hstatus) & hstatusBits.VTVM ? 'virtual' : undefined;
  }
  return state.privilege === 1 && state.low(CSR.mstatus) & status.TVM ? 'illegal' : undefined;
}

function hypervisorRefusal({ state }: SystemHart): CsrRefusal | undefined {
  if (state.virtualized) return 'virtual';
  return state.privilege === 0 ? 'illegal' : undefined;
}
