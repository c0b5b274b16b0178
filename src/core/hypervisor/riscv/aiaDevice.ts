/**
 * The AIA as a device inside the hypervisor, set up by attributes (Linux
 * arch/riscv/kvm/aia_device.c; numbers: arch/riscv/include/uapi/asm/kvm.h, KVM_DEV_RISCV_AIA_*).
 * An APLIC if there are sources, and an IMSIC for each vCPU.
 */
import { fields, mustFit, oneOf, type Persist } from '../../base/persist.ts';
import type { KvmDevice } from '../device.ts';
import { failure, success, type Result } from '../errno.ts';
import type { IoDevice } from '../ioBus.ts';
import type { IrqChip, Msi } from '../irqchip.ts';
import type { Vm } from '../vm.ts';
import { AiaAplic, aplicSize, type AiaAplicState } from './aiaAplic.ts';
import { GuestFiles, imsicMaxIds, imsicSize, VcpuImsic, type ImsicVcpu } from './aiaImsic.ts';

/** KVM_DEV_RISCV_AIA_GRP_*. */
export const aiaGroup = { config: 0, addr: 1, ctrl: 2, aplic: 3, imsic: 4 } as const;
/** KVM_DEV_RISCV_AIA_CONFIG_*. */
export const aiaConfig = {
  ...{ mode: 0, ids: 1, sources: 2, groupBits: 3, groupShift: 4, hartBits: 5, guestBits: 6 },
} as const;
/** KVM_DEV_RISCV_AIA_MODE_*. */
export const aiaMode = { emul: 0, hwaccel: 1, auto: 2 } as const;
/** KVM_DEV_RISCV_AIA_ADDR_APLIC, and that of the IMSIC of the n-th vCPU. */
export const aiaAddress = { aplic: 0, imsic: (n: number) => 1 + n } as const;
/** KVM_DEV_RISCV_AIA_CTRL_INIT. */
export const aiaInit = 0;
/** KVM_DEV_RISCV_AIA_IMSIC_MKATTR. */
export const aiaImsicAttribute = (vcpu: number, select: number): number => vcpu * 4096 + select;

type Setting = keyof typeof aiaConfig;
const settings = Object.keys(aiaConfig) as Setting[];

const idsMin = 63;
const sourcesMax = 1024;
const groupBitsMax = 8;
const groupShiftMin = 24;
const groupShiftMax = 56;
const hartBitsMax = 16;
const guestBitsMax = 8;
const pageShift = 12n;
const alignment = 0x1000n;
const undefinedAddress = (1n << 64n) - 1n;

/** A vCPU of the VM, and what the AIA keeps for it (struct kvm_vcpu_aia). */
export interface AiaVcpu extends ImsicVcpu {
  readonly aia: VcpuAia;
}

export class VcpuAia {
  imsicAddress = undefinedAddress;
  hartIndex = 0;
  imsic: VcpuImsic | undefined;
}

export interface AiaHost {
  readonly vm: Vm;
  /** In the order in which they were made. */
  readonly vcpus: readonly AiaVcpu[];
  /** Guest interrupt files by hart; those of a vCPU's are its hart's. */
  readonly guestFiles: readonly GuestFiles[];
  /** What the host's IMSICs have, one more than their highest identity. */
  readonly maxIds: number;
  mapPage(address: number, hostPage: number): boolean;
  unmapPage(address: number): void;
}

export interface AiaDeviceState {
  /** How it was set up, in which two devices must be alike. */
  readonly settings: Readonly<Record<string, number>>;
  readonly aplicAddress: bigint;
  readonly initialized: boolean;
  readonly aplic: AiaAplicState | undefined;
}

export class AiaDevice implements KvmDevice, IrqChip, Persist<AiaDeviceState> {
  private readonly host: AiaHost;
  private readonly values: Record<Setting, number>;
  private aplicAddress = undefinedAddress;
  private aplic: AiaAplic | undefined;
  private initialized = false;

  /** kvm_riscv_aia_init_vm. */
  constructor(host: AiaHost) {
    this.host = host;
    this.values = {
      mode: this.hasGuestFiles ? aiaMode.auto : aiaMode.emul,
      ids: host.maxIds - 1,
      sources: 0,
      groupBits: 0,
      groupShift: groupShiftMin,
      hartBits: 0,
      guestBits: 0,
    };
  }

  save(): AiaDeviceState {
    const { aplicAddress, initialized, aplic } = this;
    return { settings: { ...this.values }, aplicAddress, initialized, aplic: aplic?.save() };
  }

  restore(state: AiaDeviceState): void {
    const alike = Object.fromEntries(settings.map((name) => [name, oneOf(this.values[name])]));
    const { aplicAddress, initialized } = this;
    const same = { aplicAddress: oneOf(aplicAddress), initialized: oneOf(initialized) };
    mustFit('the AIA', state, fields({ settings: fields(alike), ...same }));
    if (state.aplic) this.aplic?.restore(state.aplic);
  }

  get isInitialized(): boolean {
    return this.initialized;
  }

  setAttr(group: number, attribute: number, value: bigint): Result<void> {
    switch (group) {
      case aiaGroup.config:
        return this.configure(attribute, Number(BigInt.asUintN(32, value)));
      case aiaGroup.addr:
        return this.setAddress(attribute, value);
      case aiaGroup.ctrl:
        return attribute === aiaInit ? this.init() : failure('ENXIO');
      case aiaGroup.aplic:
        return this.aplic?.writeRegister(attribute, value) ?? failure('ENODEV');
      case aiaGroup.imsic:
        return this.imsicAt(attribute)?.write(selectOf(attribute), value) ?? failure('ENODEV');
      default:
        return failure('ENXIO');
    }
  }

  getAttr(group: number, attribute: number): Result<bigint> {
    switch (group) {
      case aiaGroup.config: {
        const setting = settings[attribute];
        return setting ? success(BigInt(this.values[setting])) : failure('ENXIO');
      }
      case aiaGroup.addr: {
        if (attribute === aiaAddress.aplic) return success(this.aplicAddress);
        const vcpu = this.vcpuAt(attribute);
        return vcpu ? success(vcpu.aia.imsicAddress) : failure('ENXIO');
      }
      case aiaGroup.aplic:
        return this.aplic?.readRegister(attribute) ?? failure('ENODEV');
      case aiaGroup.imsic:
        return this.imsicAt(attribute)?.read(selectOf(attribute)) ?? failure('ENODEV');
      default:
        return failure('ENXIO');
    }
  }

  hasAttr(group: number, attribute: number): Result<void> {
    const there = (yes: boolean) => (yes ? success(undefined) : failure('ENXIO'));
    switch (group) {
      case aiaGroup.config:
        return there(settings[attribute] !== undefined);
      case aiaGroup.addr:
        return there(attribute === aiaAddress.aplic || this.vcpuAt(attribute) !== undefined);
      case aiaGroup.ctrl:
        return there(attribute === aiaInit);
      case aiaGroup.aplic: {
        const read = this.aplic?.readRegister(attribute) ?? failure('ENODEV');
        return read.ok ? success(undefined) : read;
      }
      case aiaGroup.imsic:
        return this.imsicAt(attribute)?.check(selectOf(attribute)) ?? failure('ENODEV');
      default:
        return failure('ENXIO');
    }
  }

  /** kvm_riscv_aia_inject_irq. */
  setPin(pin: number, level: boolean): Result<void> {
    if (!this.initialized) return failure('EBUSY');
    return this.aplic?.setPin(pin, level) ?? failure('ENODEV');
  }

  /** kvm_riscv_aia_inject_msi. A message to no vCPU's page is lost without an error. */
  sendMsi({ address, data }: Msi): Result<void> {
    if (!this.initialized) return failure('EBUSY');
    const guests = (1n << BigInt(this.values.guestBits)) - 1n;
    const page = BigInt(address) >> pageShift;
    const guest = Number(page & guests);
    const target = this.host.vcpus.find(
      ({ aia }) => aia.imsicAddress >> pageShift === (page & ~guests),
    );
    return target?.aia.imsic?.inject(guest, address % 4096, data >>> 0) ?? success(undefined);
  }

  /** kvm_riscv_vcpu_aia_update: before a vCPU runs; false when there is no VS-file for it. */
  enter(vcpu: AiaVcpu): boolean {
    if (!this.initialized || this.values.mode === aiaMode.emul) return true;
    const used = vcpu.aia.imsic?.useVsFile() ?? true;
    return used || this.values.mode !== aiaMode.hwaccel;
  }

  /** kvm_riscv_vcpu_aia_reset. */
  reset(vcpu: AiaVcpu): void {
    vcpu.aia.imsic?.reset();
  }

  private get hasGuestFiles(): boolean {
    return this.host.guestFiles.every(({ count }) => count > 0);
  }

  /** aia_config. */
  private configure(attribute: number, value: number): Result<void> {
    const setting = settings[attribute];
    // The kernel looks at this first, whatever the attribute is.
    if (this.initialized) return failure('EBUSY');
    if (!setting) return failure('ENXIO');
    if (!this.isLegal(setting, value)) return failure('EINVAL');
    this.values[setting] = value;
    return success(undefined);
  }

  private isLegal(setting: Setting, value: number): boolean {
    const { maxIds } = this.host;
    switch (setting) {
      case 'mode':
        return value === aiaMode.emul || (value <= aiaMode.auto && this.hasGuestFiles);
      case 'ids':
        return (
          value >= idsMin && (value & idsMin) === idsMin && value < Math.min(imsicMaxIds, maxIds)
        );
      case 'sources':
        return value < sourcesMax && value < maxIds;
      case 'groupBits':
        return value < groupBitsMax;
      case 'groupShift':
        return value >= groupShiftMin && value < groupShiftMax;
      case 'hartBits':
        return value < hartBitsMax;
      case 'guestBits':
        return value < guestBitsMax;
    }
  }

  /** aia_aplic_addr and aia_imsic_addr. */
  private setAddress(attribute: number, address: bigint): Result<void> {
    const vcpu = this.vcpuAt(attribute);
    if (attribute !== aiaAddress.aplic && !vcpu) return failure('ENXIO');
    if (this.initialized) return failure('EBUSY');
    if (address % alignment !== 0n) return failure('EINVAL');
    if (vcpu) vcpu.aia.imsicAddress = address;
    else this.aplicAddress = address;
    return success(undefined);
  }

  /** aia_init. Nothing is left behind when it fails. */
  private init(): Result<void> {
    if (this.initialized) return failure('EBUSY');
    const { values, host } = this;
    if (values.ids < values.sources) return failure('EINVAL');
    if (values.sources > 0 && this.aplicAddress === undefinedAddress) return failure('EINVAL');
    const [first] = host.vcpus;
    const base = first && this.basePage(first.aia.imsicAddress);
    const placed = host.vcpus.every(
      ({ aia }) =>
        aia.imsicAddress !== undefinedAddress && this.basePage(aia.imsicAddress) === base,
    );
    if (!placed) return failure('EINVAL');
    if (values.sources > 0) this.makeAplic();
    for (const vcpu of host.vcpus) this.makeImsic(vcpu);
    this.initialized = true;
    return success(undefined);
  }

  private makeAplic(): void {
    const { vm } = this.host;
    const base = Number(this.aplicAddress);
    this.aplic = new AiaAplic(base, this.values.sources, (hart, guest, identity) =>
      this.sendToHart(hart, guest, identity),
    );
    vm.ioBus.register(base, aplicSize, this.aplic);
    vm.interrupts.routeLines(this.aplic.lines);
  }

  private makeImsic(vcpu: AiaVcpu): void {
    const { host } = this;
    const address = Number(vcpu.aia.imsicAddress);
    vcpu.aia.hartIndex = this.hartIndex(vcpu.aia.imsicAddress);
    const files = host.guestFiles[vcpu.id] ?? new GuestFiles(0, () => 0);
    vcpu.aia.imsic = new VcpuImsic(vcpu, this.values.ids, files, {
      map: (hostPage) => host.mapPage(address, hostPage),
      unmap: () => host.unmapPage(address),
    });
    host.vm.ioBus.register(address, imsicSize, this.imsicPage(`imsic${vcpu.id}`));
  }

  /** imsic_mmio_read and imsic_mmio_write. */
  private imsicPage(name: string): IoDevice {
    const isWord = (address: number, size: number) => size === 4 && address % 4 === 0;
    return {
      name,
      read: (address, size) => (isWord(address, size) ? 0n : undefined),
      write: (address, size, value) => {
        if (!isWord(address, size)) return false;
        this.sendMsi({ address, data: Number(value) });
        return true;
      },
    };
  }

  /** kvm_riscv_aia_inject_msi_by_id. */
  private sendToHart(hartIndex: number, guest: number, identity: number): void {
    const target = this.host.vcpus.find(({ aia }) => aia.hartIndex === hartIndex);
    target?.aia.imsic?.inject(guest, 0, identity);
  }

  /** aia_imsic_ppn: the page without what tells harts, guests and groups apart. */
  private basePage(address: bigint): bigint {
    const { hartBits, guestBits, groupBits, groupShift } = this.values;
    let mask = (1n << (BigInt(hartBits + guestBits) + pageShift)) - 1n;
    mask |= ((1n << BigInt(groupBits)) - 1n) << BigInt(groupShift);
    return (address & ~mask) >> pageShift;
  }

  /** aia_imsic_hart_index. */
  private hartIndex(address: bigint): number {
    const { hartBits, guestBits, groupBits, groupShift } = this.values;
    const field = (shift: bigint, bits: number) =>
      Number((address >> shift) & ((1n << BigInt(bits)) - 1n));
    const hart = field(BigInt(guestBits) + pageShift, hartBits);
    return field(BigInt(groupShift), groupBits) * 2 ** hartBits + hart;
  }

  private vcpuAt(attribute: number): AiaVcpu | undefined {
    return this.host.vcpus[attribute - aiaAddress.imsic(0)];
  }

  private imsicAt(attribute: number): VcpuImsic | undefined {
    const id = Math.floor(attribute / 4096);
    return this.host.vcpus.find((vcpu) => vcpu.id === id)?.aia.imsic;
  }
}

const selectOf = (attribute: number): number => attribute % 4096;
