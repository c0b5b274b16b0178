/**
 * The RISC-V part of the hypervisor (Linux arch/riscv/kvm/main.c): finds out what the harts can do
 * and makes VMs. It stands in HS-mode's place: it uses a hart as HS-mode software could, and no
 * other way. Each vCPU of a VM has a hart of its own; vCPUs of several VMs share it by turns
 * (vcpuSwitch).
 */
import { assert, defined } from '../../base/assert.ts';
import { fields, list, mustFit, whole } from '../../base/persist.ts';
import type { VirtualClock } from '../../base/virtualClock.ts';
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import type { HypervisorArch, VmArch } from '../arch.ts';
import { failure, success, type Result } from '../errno.ts';
import { PageAllocator, type HostRange, type PageAllocatorState } from '../pageAllocator.ts';
import type { Vm } from '../vm.ts';
import { GuestFiles, imsicMaxIds } from './aiaImsic.ts';
import { allOnes, csr, translationRegister } from './csrs.ts';
import { Gstage, gstageModeFor, gstageModes, type GstageMode } from './gstage.ts';
import { openMachineMode } from './vcpuConfig.ts';
import { sbiCallNames } from './sbiNames.ts';
import { defaultCalls } from './vcpuSbi.ts';
import { RiscvVm } from './vm.ts';
import type { HartSlot } from './vcpuSwitch.ts';
import { VmidAllocator, type VmidAllocatorState } from './vmid.ts';

export interface HostImsic {
  /** The highest identity of a guest's file. */
  readonly identities: number;
  /** Host-physical address of the page of a guest's file, numbered from 1. */
  guestFilePage(hart: number, file: number): number;
}

export interface RiscvHypervisorOptions {
  /** One per vCPU; ids from 0 up, which are the guest's hart ids. */
  readonly harts: readonly RiscvHart[];
  /** The host's physical memory, which holds tables and what backs the guest. */
  readonly memory: PhysicalMemory;
  /** Host memory for G-stage tables; at least 64 KiB. */
  readonly tables: HostRange;
  /** The harts' time. */
  readonly clock: VirtualClock;
  /** The host's IMSICs, as far as guests can have some of their files. */
  readonly imsic?: HostImsic;
  /** Lower-case names of extensions that misa does not show, such as `zicboz`. */
  readonly extensions?: ReadonlySet<string>;
}

export interface RiscvHypervisorState {
  readonly pages: PageAllocatorState;
  readonly vmids: VmidAllocatorState;
  /** By hart, guest interrupt files that some vCPU has. */
  readonly guestFiles: readonly (readonly number[])[];
}

export class RiscvHypervisor implements HypervisorArch {
  readonly gpaBits: { readonly default: number; readonly max: number };
  readonly maxVcpus: number;
  readonly hasIrqchip: boolean;
  readonly defaultCalls = defaultCalls;
  readonly callNames = sbiCallNames;
  private readonly options: RiscvHypervisorOptions;
  private readonly pages: PageAllocator;
  private readonly vmids: VmidAllocator;
  private readonly slots: readonly HartSlot[];

  constructor(options: RiscvHypervisorOptions) {
    const { harts, memory, tables } = options;
    assert(harts.length > 0, 'a hypervisor needs a hart');
    assert(
      harts.every((h, i) => h.id === i && h.xlen === harts[0]?.xlen),
      'harts have ids from 0 up and one XLEN',
    );
    for (const hart of harts) openMachineMode(hart);
    const modes = gstageModes.filter((mode) => harts.every((h) => takesMode(h, mode)));
    const [narrowest, widest] = [defined(modes[0], 'a G-stage mode'), modes.at(-1)!];
    this.options = options;
    this.gpaBits = { default: narrowest.gpaBits, max: widest.gpaBits };
    this.maxVcpus = harts.length;
    this.hasIrqchip = options.extensions?.has('ssaia') ?? false;
    this.pages = new PageAllocator(memory, tables);
    this.slots = harts.map((hart) => ({
      hart,
      resident: undefined,
      guestFiles: guestFilesOf(hart, options.imsic),
    }));
    this.vmids = new VmidAllocator(harts, () => harts.forEach((h) => h.hfenceGvma()));
  }

  save(): RiscvHypervisorState {
    const guestFiles = this.slots.map((slot) => slot.guestFiles.save());
    return { pages: this.pages.save(), vmids: this.vmids.save(), guestFiles };
  }

  restore(state: RiscvHypervisorState): void {
    const { slots } = this;
    mustFit('the hypervisor', state, fields({ guestFiles: list(list(whole), slots.length) }));
    this.pages.restore(state.pages);
    this.vmids.restore(state.vmids);
    slots.forEach((slot, hart) => slot.guestFiles.restore(state.guestFiles[hart]!));
  }

  createVm(vm: Vm): Result<VmArch> {
    const { vmids, slots } = this;
    const maxIds = this.options.imsic ? this.options.imsic.identities + 1 : imsicMaxIds;
    const { clock, extensions = new Set() } = this.options;
    const makeGstage = (gpaBits: number) => this.makeGstage(gpaBits);
    const made = makeGstage(vm.gpaBits);
    if (!made.ok) return made;
    const gstage = made.value;
    return success(
      new RiscvVm({ vm, gstage, makeGstage, vmids, slots, clock, extensions, maxIds }),
    );
  }

  private makeGstage(gpaBits: number): Result<Gstage> {
    const { harts, memory } = this.options;
    const mode = gstageModeFor(gpaBits, harts[0]!.xlen);
    if (!mode) return failure('EINVAL');
    const gstage = Gstage.create(memory, this.pages, mode);
    return gstage ? success(gstage) : failure('ENOMEM');
  }
}

/** kvm_riscv_aia_init: as many as hgeie has bits, less bit 0. */
function guestFilesOf(hart: RiscvHart, imsic: HostImsic | undefined): GuestFiles {
  if (!imsic || hart.readRegister('hgeie') === undefined) return new GuestFiles(0, () => 0);
  hart.setCsr(csr.hgeie, allOnes);
  const count = hart.getCsr(csr.hgeie).toString(2).replaceAll('0', '').length;
  hart.setCsr(csr.hgeie, 0n);
  return new GuestFiles(count, (file) => imsic.guestFilePage(hart.id, file));
}

/** hgatp.MODE is WARL: a mode that is not there does not stay. */
function takesMode(hart: RiscvHart, mode: GstageMode): boolean {
  if (mode.xlen !== hart.xlen) return false;
  const shift = translationRegister[hart.xlen].mode;
  hart.setCsr(csr.hgatp, mode.mode << shift);
  const kept = hart.getCsr(csr.hgatp) >> shift === mode.mode;
  hart.setCsr(csr.hgatp, 0n);
  return kept;
}
