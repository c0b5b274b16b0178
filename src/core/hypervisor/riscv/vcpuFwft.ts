/**
 * The firmware features of one vCPU (SBI 3.0, "SBI Firmware Features Extension", for the values;
 * Linux arch/riscv/kvm/vcpu_sbi_fwft.c). Two can be controlled, as on KVM: whether misaligned loads
 * and stores go to the guest without passing the hypervisor, and with Ssnpm how many upper bits of
 * a pointer the guest's addresses do without. What the SBI functions answer is in vcpuSbiFwft.
 */
import { fields, flag, mustFit, oneOf, type Persist } from '../../base/persist.ts';
import { cause, csr, envcfgPmm } from './csrs.ts';
import type { OnHart } from './vcpuSwitch.ts';

/** The specification's ids. */
export const firmwareFeature = { MISALIGNED_EXC_DELEG: 0, POINTER_MASKING_PMLEN: 5 } as const;

const misaligned = (1n << BigInt(cause.loadMisaligned)) | (1n << BigInt(cause.storeMisaligned));

/** PMLEN by henvcfg.PMM ("Pointer Masking Extensions", PMM encodings); 1 is reserved. */
const pmlen: ReadonlyMap<bigint, bigint> = new Map([
  [0n, 0n],
  [2n, 7n],
  [3n, 16n],
]);
const pmmShift = 32n;

export interface FirmwareFeaturesState {
  readonly misalignedDelegation: FeatureState;
  readonly pointerMasking: FeatureState;
  /** Of pointer masking; what misaligned accesses do is in the hart. */
  readonly pmm: bigint;
}

interface FeatureState {
  readonly enabled: boolean;
  readonly locked: boolean;
}

const featureShape = fields({ enabled: flag, locked: flag });
const shape = fields({
  ...{ misalignedDelegation: featureShape, pointerMasking: featureShape },
  pmm: oneOf(...pmlen.keys()),
});

export abstract class FirmwareFeature {
  /** A VMM may keep the feature from the guest. */
  enabled = true;
  /** The value must not change until the hart is reset. */
  locked = false;
  protected readonly vcpu: OnHart;

  constructor(vcpu: OnHart) {
    this.vcpu = vcpu;
  }

  abstract readonly supported: boolean;
  abstract get value(): bigint;
  /** False, and nothing changed, when the feature has no such value. */
  abstract set(value: bigint): boolean;
}

class MisalignedDelegation extends FirmwareFeature {
  readonly supported = true;

  get value(): bigint {
    return (this.vcpu.hart.getWideCsr(csr.hedeleg) & misaligned) === misaligned ? 1n : 0n;
  }

  set(value: bigint): boolean {
    if (value > 1n) return false;
    const others = this.vcpu.hart.getWideCsr(csr.hedeleg) & ~misaligned;
    this.vcpu.hart.setWideCsr(csr.hedeleg, value === 1n ? others | misaligned : others);
    return true;
  }
}

class PointerMasking extends FirmwareFeature {
  readonly supported: boolean;
  /** henvcfg.PMM, which is written anew whenever the hart begins somewhere. */
  pmm = 0n;

  constructor(vcpu: OnHart) {
    super(vcpu);
    this.supported = [...pmlen.keys()].some((pmm) => pmm !== 0n && this.takes(pmm));
  }

  get value(): bigint {
    return pmlen.get(this.pmm) ?? 0n;
  }

  set(value: bigint): boolean {
    const found = [...pmlen].find(([, bits]) => bits === value);
    if (!found || !this.takes(found[0])) return false;
    this.pmm = found[0];
    this.apply();
    return true;
  }

  /** After henvcfg was written. */
  apply(): void {
    if (this.supported) this.write(this.pmm);
  }

  /** Whether the hart has the length; leaves PMM as it was. */
  private takes(pmm: bigint): boolean {
    const old = this.vcpu.hart.getWideCsr(csr.henvcfg);
    this.write(pmm);
    const taken = (this.vcpu.hart.getWideCsr(csr.henvcfg) & envcfgPmm) >> pmmShift === pmm;
    this.vcpu.hart.setWideCsr(csr.henvcfg, old);
    return taken;
  }

  private write(pmm: bigint): void {
    const others = this.vcpu.hart.getWideCsr(csr.henvcfg) & ~envcfgPmm;
    this.vcpu.hart.setWideCsr(csr.henvcfg, others | (pmm << pmmShift));
  }
}

export class FirmwareFeatures implements Persist<FirmwareFeaturesState> {
  readonly misalignedDelegation: FirmwareFeature;
  readonly pointerMasking: FirmwareFeature;
  private readonly masking: PointerMasking;

  constructor(vcpu: OnHart) {
    this.misalignedDelegation = new MisalignedDelegation(vcpu);
    this.masking = new PointerMasking(vcpu);
    this.pointerMasking = this.masking;
  }

  /** Of those that there are; undefined for an id that is not controlled here. */
  find(id: number): FirmwareFeature | undefined {
    switch (id) {
      case firmwareFeature.MISALIGNED_EXC_DELEG:
        return this.misalignedDelegation;
      case firmwareFeature.POINTER_MASKING_PMLEN:
        return this.pointerMasking;
      default:
        return undefined;
    }
  }

  save(): FirmwareFeaturesState {
    const of = ({ enabled, locked }: FirmwareFeature) => ({ enabled, locked });
    return {
      misalignedDelegation: of(this.misalignedDelegation),
      pointerMasking: of(this.pointerMasking),
      pmm: this.masking.pmm,
    };
  }

  restore(state: FirmwareFeaturesState): void {
    mustFit("a vCPU's firmware features", state, shape);
    for (const name of ['misalignedDelegation', 'pointerMasking'] as const) {
      this[name].enabled = state[name].enabled;
      this[name].locked = state[name].locked;
    }
    this.masking.pmm = state.pmm;
  }

  reset(): void {
    for (const feature of [this.misalignedDelegation, this.pointerMasking]) {
      feature.locked = false;
      feature.set(0n);
    }
  }

  /** henvcfg was written, as when the hart begins anew: a suspended one keeps its features. */
  environmentWritten(): void {
    this.masking.apply();
  }
}
