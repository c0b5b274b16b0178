/** SBI 3.0, "Base Extension" (Linux arch/riscv/kvm/vcpu_sbi_base.c). Its functions never fail. */
import { sbiError, sbiExtension } from './sbiNames.ts';
import { low32, returned, type SbiCall, type SbiOutcome, type SbiVcpu } from './vcpuSbiCall.ts';

/** Major in bits 30:24, minor in 23:0. */
const specVersion = 3n << 24n;
const implKvm = 3n;
/** KVM answers with the kernel's version code; this is the release whose behaviour is modelled. */
const implVersion = (6n << 16n) | (13n << 8n);

export const sbiBase = { id: sbiExtension.base, handle };

function handle(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  switch (call.function) {
    case 0:
      return returned(sbiError.SUCCESS, specVersion);
    case 1:
      return returned(sbiError.SUCCESS, implKvm);
    case 2:
      return returned(sbiError.SUCCESS, implVersion);
    case 3:
      return returned(sbiError.SUCCESS, vcpu.offers(low32(call.args[0])) ? 1n : 0n);
    case 4:
      return returned(sbiError.SUCCESS, vcpu.ids.mvendorid);
    case 5:
      return returned(sbiError.SUCCESS, vcpu.ids.marchid);
    case 6:
      return returned(sbiError.SUCCESS, vcpu.ids.mimpid);
    default:
      return returned(sbiError.NOT_SUPPORTED);
  }
}
