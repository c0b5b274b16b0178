/**
 * Dispatch of SBI calls (Linux arch/riscv/kvm/vcpu_sbi.c; SBI 3.0, "Binary Encoding"): the policy
 * table says who answers, the extension's own file says what. An outcome is a value; the vCPU
 * carries it out.
 */
import type { CallAction, CallRule } from '../callPolicy.ts';
import type { Vm } from '../vm.ts';
import { sbiError, sbiExtension } from './sbiNames.ts';
import { sbiBase } from './vcpuSbiBase.ts';
import {
  returned,
  type SbiCall,
  type SbiExtension,
  type SbiOutcome,
  type SbiVcpu,
} from './vcpuSbiCall.ts';
import { forwardedRanges } from './vcpuSbiForward.ts';
import { sbiFwft } from './vcpuSbiFwft.ts';
import { sbiHsm } from './vcpuSbiHsm.ts';
import { sbiPmu } from './vcpuSbiPmu.ts';
import { sbiIpi, sbiRfence, sbiTime } from './vcpuSbiReplace.ts';
import { sbiSta } from './vcpuSbiSta.ts';
import { sbiSusp } from './vcpuSbiSusp.ts';
import { sbiSystemReset } from './vcpuSbiSystem.ts';
import { sbiV01 } from './vcpuSbiV01.ts';

const extensions: readonly SbiExtension[] = [
  ...sbiV01,
  sbiBase,
  sbiTime,
  sbiIpi,
  sbiRfence,
  sbiHsm,
  sbiSystemReset,
  sbiPmu,
  sbiSusp,
  sbiSta,
  sbiFwft,
];

const byId: ReadonlyMap<number, SbiExtension> = new Map(extensions.map((e) => [e.id, e]));

/** What the hypervisor answers by itself, and what it knows that it does not. */
export const defaultCalls: readonly CallRule[] = [
  ...extensions.map(({ id }) => rule(id, id, 'handle')),
  ...forwardedRanges.map(([first, last]) => rule(first, last, 'forward')),
];

export type SbiDecision = SbiOutcome | { readonly kind: 'break' };

/** `resumed`: the debugger has stopped for this call already and now wants it made. */
export function decideCall(vm: Vm, vcpu: SbiVcpu, call: SbiCall, resumed: boolean): SbiDecision {
  const own = byId.get(call.extension);
  const action = vm.policy.actionFor(call.extension, call.function);
  switch (action) {
    case 'deny':
      return returned(sbiError.NOT_SUPPORTED);
    case 'forward':
      return { kind: 'forward' };
    case 'handle':
      return own ? own.handle(vcpu, call) : returned(sbiError.NOT_SUPPORTED);
    case 'break':
      if (!resumed) return { kind: 'break' };
      return own ? own.handle(vcpu, call) : { kind: 'forward' };
  }
}

/** Whether a call of this extension would find somebody: what a probe must say. */
export function isOffered(vm: Vm, id: number): boolean {
  const actions = vm.policy.actionsOf(id);
  // Who asks to stop at calls wants them made, and may answer them.
  if (actions.has('break')) return true;
  if (actions.has('handle') && byId.has(id)) return true;
  return actions.has('forward') && vm.answers(id);
}

export function isLegacy(id: number): boolean {
  return id <= sbiExtension.legacyLast;
}

function rule(first: number, last: number, action: CallAction): CallRule {
  return { extension: [first, last], action };
}
