/**
 * The IMSIC of a vCPU (Linux arch/riscv/kvm/aia_imsic.c). Its state is in one of two places: an
 * interrupt file of the hypervisor's own, whose CSRs trap (SW-file), or a guest interrupt file of
 * the hart, which the guest reaches without us and which is mapped where the guest expects it
 * (VS-file).
 */
import { InterruptFile, type InterruptFileState } from '../../devices/intc/imsic/interruptFile.ts';
import { fields, list, mustFit, whole, within, type Persist } from '../../base/persist.ts';
import { byteSwapped } from '../../devices/intc/byteOrder.ts';
import * as r from '../../devices/intc/imsic/registers.ts';
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import { failure, success, type Errno, type Result } from '../errno.ts';
import { csr, hstatusVgein, hstatusVgeinShift } from './csrs.ts';

/** IMSIC_MAX_ID. */
export const imsicMaxIds = 2048;
/** KVM_DEV_RISCV_IMSIC_SIZE. */
export const imsicSize = r.PAGE_SIZE;

/** What of the vCPU an IMSIC works on. */
export interface ImsicVcpu {
  readonly id: number;
  readonly hart: RiscvHart;
  setInterrupt(level: boolean): void;
}

/** The guest interrupt files of one hart, and who has them (struct aia_hgei_control). */
export class GuestFiles {
  private readonly taken = new Set<number>();
  readonly count: number;
  /** Host-physical address of the page of each, numbered from 1. */
  readonly page: (file: number) => number;

  constructor(count: number, page: (file: number) => number) {
    this.count = count;
    this.page = page;
  }

  /** kvm_riscv_aia_alloc_hgei. */
  allocate(): number | undefined {
    for (let file = 1; file <= this.count; file++) {
      if (this.taken.has(file)) continue;
      this.taken.add(file);
      return file;
    }
    return undefined;
  }

  free(file: number): void {
    this.taken.delete(file);
  }

  save(): readonly number[] {
    return [...this.taken];
  }

  restore(taken: readonly number[]): void {
    mustFit('the guest interrupt files', taken, list(within(1, this.count)));
    this.taken.clear();
    for (const file of taken) this.taken.add(file);
  }
}

/** Where the VS-file is to appear in the guest, and disappear. */
export interface ImsicMapping {
  map(hostPage: number): boolean;
  unmap(): void;
}

export interface VcpuImsicState {
  readonly vsFile: number;
  readonly software: InterruptFileState;
}

export class VcpuImsic implements Persist<VcpuImsicState> {
  /** Identities 1 … `identities` are there. */
  readonly identities: number;
  private readonly vcpu: ImsicVcpu;
  private readonly files: GuestFiles;
  private readonly mapping: ImsicMapping;
  private software: InterruptFile;
  /** Number of the VS-file; 0 while the SW-file has the state. */
  private vsFile = 0;

  constructor(vcpu: ImsicVcpu, identities: number, files: GuestFiles, mapping: ImsicMapping) {
    this.vcpu = vcpu;
    this.identities = identities;
    this.files = files;
    this.mapping = mapping;
    this.software = this.newFile();
  }

  save(): VcpuImsicState {
    return { vsFile: this.vsFile, software: this.software.save() };
  }

  /** The hart, its guest interrupt files and the page that leads to one have states of their own. */
  restore(state: VcpuImsicState): void {
    mustFit(`the IMSIC of vCPU ${this.vcpu.id}`, state, fields({ vsFile: whole }));
    const software = this.newFile();
    software.restore(state.software);
    this.software = software;
    this.vsFile = state.vsFile;
  }

  get vsFileNumber(): number {
    return this.vsFile;
  }

  /** kvm_riscv_vcpu_aia_imsic_inject; only one page, the guest's own, is there. */
  inject(guestIndex: number, offset: number, data: number): Result<void> {
    const bigEndian = offset === r.seteipnum_be;
    if (data === 0 || guestIndex !== 0 || (offset !== r.seteipnum_le && !bigEndian)) {
      return failure('ENODEV');
    }
    const identity = bigEndian ? byteSwapped(data) >>> 0 : data;
    if (identity > this.identities) return failure('EINVAL');
    if (this.vsFile === 0) this.software.setPending(identity);
    else this.setPendingInVsFile(identity);
    return success(undefined);
  }

  /** imsic_mrif_isel_check: ENOENT for what is no register of an IMSIC, EINVAL for one too many. */
  check(select: number): Result<void> {
    const wrong = this.wrong(select);
    return wrong === undefined ? success(undefined) : failure(wrong);
  }

  read(select: number): Result<bigint> {
    const wrong = this.wrong(select);
    if (wrong !== undefined) return failure(wrong);
    const { hart } = this.vcpu;
    if (this.vsFile !== 0) return success(this.access(this.vsFile, select));
    return success(this.software.read(select, hart.xlen) ?? 0n);
  }

  write(select: number, value: bigint): Result<void> {
    const wrong = this.wrong(select);
    if (wrong !== undefined) return failure(wrong);
    if (this.vsFile !== 0) this.access(this.vsFile, select, value);
    else this.software.write(select, this.vcpu.hart.xlen, value);
    return success(undefined);
  }

  /** What stopei reads of the SW-file; the VS-file's is the hart's affair. */
  topei(): bigint {
    return BigInt(this.software.topei());
  }

  claim(): void {
    this.software.claim();
  }

  /**
   * kvm_riscv_vcpu_aia_imsic_update: before the vCPU runs, the state moves to a VS-file if there is
   * one. False when there is none.
   */
  useVsFile(): boolean {
    if (this.vsFile !== 0) return true;
    const file = this.files.allocate();
    if (file === undefined) return false;
    const registers = this.registers();
    for (const select of registers) this.access(file, select, 0n);
    if (!this.mapping.map(this.files.page(file))) {
      this.files.free(file);
      return false;
    }
    const { hart } = this.vcpu;
    for (const select of registers) {
      this.access(file, select, this.software.read(select, hart.xlen) ?? 0n);
    }
    this.software = this.newFile();
    this.vcpu.setInterrupt(false);
    this.setVgein(file);
    this.vsFile = file;
    return true;
  }

  /** kvm_riscv_vcpu_aia_imsic_reset. */
  reset(): void {
    this.release();
    this.software = this.newFile();
    this.vcpu.setInterrupt(false);
  }

  /** hstatus was written anew: a suspended vCPU keeps its VS-file. */
  statusWritten(): void {
    this.setVgein(this.vsFile);
  }

  /** kvm_riscv_vcpu_aia_imsic_release: the state comes back, and the VS-file is free. */
  release(): void {
    const { vsFile } = this;
    if (vsFile === 0) return;
    this.mapping.unmap();
    const { hart } = this.vcpu;
    const state = this.registers().map((select) => {
      const value = this.access(vsFile, select);
      this.access(vsFile, select, 0n);
      return [select, value] as const;
    });
    this.vsFile = 0;
    this.setVgein(0);
    for (const [select, value] of state) this.software.write(select, hart.xlen, value);
    this.files.free(vsFile);
  }

  private newFile(): InterruptFile {
    return new InterruptFile(`imsic of vCPU ${this.vcpu.id}`, this.identities, {
      set: (level) => this.vcpu.setInterrupt(level),
    });
  }

  private wrong(select: number): Errno | undefined {
    if (select === r.eidelivery || select === r.eithreshold) return undefined;
    if (select < r.eip0 || select > r.eie63) return 'ENOENT';
    const number = select - (select >= r.eie0 ? r.eie0 : r.eip0);
    if (this.vcpu.hart.xlen === 64 && number % 2 === 1) return 'EINVAL';
    return number >> 1 >= (this.identities + 1) / 64 ? 'EINVAL' : undefined;
  }

  /** Numbers of the registers that hold state, the one that lets interrupts through last. */
  private registers(): readonly number[] {
    const step = this.vcpu.hart.xlen / 32;
    const words = (this.identities + 1) / 32;
    const arrays = [r.eip0, r.eie0].flatMap((first) =>
      Array.from({ length: words / step }, (_, i) => first + i * step),
    );
    return [...arrays, r.eithreshold, r.eidelivery];
  }

  /** A register of a VS-file, as HS-mode reaches it: VGEIN, vsiselect, vsireg. */
  private access(file: number, select: number, value?: bigint): bigint {
    const { hart } = this.vcpu;
    const status = hart.getCsr(csr.hstatus);
    const selected = hart.getCsr(csr.vsiselect);
    this.setVgein(file);
    hart.setCsr(csr.vsiselect, BigInt(select));
    const old = hart.getCsr(csr.vsireg);
    if (value !== undefined) hart.setCsr(csr.vsireg, value);
    hart.setCsr(csr.vsiselect, selected);
    hart.setCsr(csr.hstatus, status);
    return old;
  }

  private setVgein(file: number): void {
    const { hart } = this.vcpu;
    const others = hart.getCsr(csr.hstatus) & ~hstatusVgein;
    hart.setCsr(csr.hstatus, others | (BigInt(file) << hstatusVgeinShift));
  }

  /** Sets a bit of eip, as a message to the file's page would. */
  private setPendingInVsFile(identity: number): void {
    const { xlen } = this.vcpu.hart;
    const select = r.eip0 + Math.floor(identity / xlen) * (xlen / 32);
    const old = this.access(this.vsFile, select);
    this.access(this.vsFile, select, old | (1n << BigInt(identity % xlen)));
  }
}
