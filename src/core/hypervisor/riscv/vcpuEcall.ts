/**
 * ECALL from VS-mode: reads the call from the registers, has it decided, and carries the outcome
 * out (SBI 3.0, "Binary Encoding"; Linux kvm_riscv_vcpu_sbi_ecall and _return).
 */
import type { CallExit, VcpuExit } from '../exits.ts';
import type { ExitContext, PendingExit } from './vcpuContext.ts';
import { describeCall, describeResult, explainCall, sbiError } from './sbiNames.ts';
import { RegisterCall } from './registerCall.ts';
import { decideCall, isLegacy } from './vcpuSbi.ts';
import type { SbiCall } from './vcpuSbiCall.ts';

const a0 = 10;
const a1 = 11;
const ecallLength = 4;

export function makeCall(vcpu: ExitContext, stopped?: SbiCall): VcpuExit | undefined {
  const call = new RegisterCall(vcpu.hart);
  vcpu.pmu.count('SBI_CALL');
  if (!vcpu.sbi.allows(call.extension)) {
    finish(vcpu, call, sbiError.NOT_SUPPORTED, 0n);
    return undefined;
  }
  const outcome = decideCall(vcpu.owner.vm, vcpu, call, stopped !== undefined);
  switch (outcome.kind) {
    case 'return':
      finish(vcpu, call, outcome.error, outcome.value);
      return undefined;
    case 'suspend':
      finish(vcpu, call, sbiError.SUCCESS, 0n);
      vcpu.wait(true);
      return undefined;
    case 'sleep':
      vcpu.observe('sbi', () => text(call));
      vcpu.advance(ecallLength);
      vcpu.sleep(outcome.address, outcome.opaque);
      return undefined;
    case 'stop':
      vcpu.observe('sbi', () => text(call));
      vcpu.stop();
      return { kind: 'halted' };
    case 'systemEvent':
      vcpu.observe('sbi', () => text(call));
      // kvm_riscv_vcpu_sbi_system_reset: no vCPU runs on while the VMM makes up its mind.
      for (const peer of vcpu.owner.vcpus) peer.stop();
      return {
        kind: 'systemEvent',
        type: outcome.type,
        reason: outcome.reason,
        text: text(call),
      };
    case 'redirect':
      vcpu.observe('sbi', () => `${text(call)} → fault in reading the hart mask`);
      vcpu.redirect(outcome.trap.cause, outcome.trap.tval);
      return undefined;
    case 'forward': {
      vcpu.pmu.count('SBI_FORWARDED');
      const exit = callExit(call, { stop: false, shown: stopped !== undefined });
      vcpu.pending = { kind: 'call', pc: vcpu.hart.pc, call, exit };
      return exit;
    }
    case 'break': {
      const exit = callExit(call, { stop: true, shown: false });
      vcpu.pending = { kind: 'stoppedCall', pc: vcpu.hart.pc, call, exit };
      return exit;
    }
  }
}

export function completeCall(
  vcpu: ExitContext,
  { call, exit }: PendingExit & { kind: 'call' | 'stoppedCall' },
): void {
  const [error, value] = exit.ret;
  finish(vcpu, call, error, value);
  // What the VMM sets counts more than what every call does: a new pc is one that it wants.
  exit.registers?.forEach((content, name) => vcpu.hart.writeRegister(name, content));
}

/** Legacy calls return in a0 and leave a1 alone. */
function finish(vcpu: ExitContext, call: SbiCall, error: bigint, value: bigint): void {
  const result = BigInt.asUintN(64, error);
  const returned = BigInt.asUintN(64, value);
  vcpu.hart.setX(a0, result);
  if (!isLegacy(call.extension)) vcpu.hart.setX(a1, returned);
  vcpu.observe('sbi', () => `${text(call)} → ${describeResult(call.extension, result, returned)}`);
  vcpu.advance(ecallLength);
}

export function callExit(call: SbiCall, how: Pick<CallExit, 'stop' | 'shown'>): CallExit {
  return {
    kind: 'call',
    extension: call.extension,
    function: call.function,
    args: call.args,
    ret: [sbiError.NOT_SUPPORTED, 0n],
    answered: false,
    ...how,
    describe: () => explainCall(call.extension, call.function, call.args),
  };
}

function text(call: SbiCall): string {
  return describeCall(call.extension, call.function, call.args);
}
