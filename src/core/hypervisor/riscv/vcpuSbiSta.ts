/** SBI 3.0, "Steal-time Accounting Extension" (Linux arch/riscv/kvm/vcpu_sbi_sta.c). */
import { sbiError, sbiExtension } from './sbiNames.ts';
import { returned, type SbiCall, type SbiOutcome, type SbiVcpu } from './vcpuSbiCall.ts';
import { isNoMemory, sharedMemory } from './vcpuSbiShmem.ts';
import { stealTimeSize } from './vcpuSteal.ts';

export const sbiSta = { id: sbiExtension.sta, handle };

function handle(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  if (call.function !== 0) return returned(sbiError.NOT_SUPPORTED);
  const [low, high, flags] = call.args;
  if (flags !== 0n) return returned(sbiError.INVALID_PARAM);
  if (isNoMemory(vcpu, low, high)) {
    vcpu.steal.report(undefined);
    return returned(sbiError.SUCCESS);
  }
  const size = BigInt(stealTimeSize);
  if (low % size !== 0n) return returned(sbiError.INVALID_PARAM);
  const address = sharedMemory(vcpu, low, high, size, 'write');
  if (address === undefined || !vcpu.steal.report(address)) {
    return returned(sbiError.INVALID_ADDRESS);
  }
  return returned(sbiError.SUCCESS);
}
