/**
 * The APLIC inside the hypervisor (Linux arch/riscv/kvm/aia_aplic.c): one supervisor-level domain
 * that sends messages to the vCPUs' interrupt files, whose places it knows. How sources behave is
 * the device's business (core/devices/intc/aplic), which follows the specification where KVM's own
 * is simpler: a level-sensitive source is no longer pending once its input is low.
 */
import { UserError } from '../../base/userError.ts';
import { fields, mustFit, numbers, type Persist } from '../../base/persist.ts';
import { AplicDomain, type DomainState } from '../../devices/intc/aplic/domain.ts';
import { MsiDelivery, type SendToFile } from '../../devices/intc/aplic/msiDelivery.ts';
import * as r from '../../devices/intc/aplic/registers.ts';
import { failure, success, type Result } from '../errno.ts';
import type { IoDevice } from '../ioBus.ts';

/** KVM_DEV_RISCV_APLIC_SIZE. */
export const aplicSize = 0x4000;

export interface AiaAplicState {
  readonly wires: Uint32Array;
  readonly domain: DomainState;
}

export class AiaAplic implements IoDevice, Persist<AiaAplicState> {
  readonly name = 'aplic';
  readonly lines: number;
  private readonly base: number;
  private readonly wires: Uint32Array;
  private readonly domain: AplicDomain;

  /** Sources 1 … `sources`; registers from the guest-physical address `base` on. */
  constructor(base: number, sources: number, send: SendToFile) {
    this.base = base;
    this.lines = sources + 1;
    this.wires = new Uint32Array((sources >> 5) + 1);
    this.domain = new AplicDomain({
      ...{ name: 'aplic', sources, wires: this.wires, root: true, children: [] },
      delivery: new MsiDelivery('supervisor', send),
    });
  }

  save(): AiaAplicState {
    return { wires: this.wires.slice(), domain: this.domain.save() };
  }

  restore(state: AiaAplicState): void {
    const wires = numbers(Uint32Array, this.wires.length);
    mustFit('the APLIC in the hypervisor', state, fields({ wires }));
    if (!this.domain.fits(state.domain)) {
      throw new UserError('saved state of the APLIC in the hypervisor has other sources');
    }
    this.wires.set(state.wires);
    this.domain.restore(state.domain);
  }

  /** kvm_riscv_aia_aplic_inject. */
  setPin(source: number, level: boolean): Result<void> {
    if (source < 1 || source >= this.lines) return failure('ENODEV');
    const word = source >> 5;
    const mask = 1 << (source & 31);
    const old = this.wires[word]!;
    if (((old & mask) !== 0) === level) return success(undefined);
    this.wires[word] = level ? old | mask : old & ~mask;
    this.domain.wireChanged(source);
    return success(undefined);
  }

  /** aplic_mmio_read_offset. */
  readRegister(offset: number): Result<bigint> {
    const there = this.check(offset);
    return there.ok ? success(BigInt(this.domain.read(offset, 4) >>> 0)) : there;
  }

  writeRegister(offset: number, value: bigint): Result<void> {
    const there = this.check(offset);
    if (there.ok) this.domain.write(offset, 4, Number(BigInt.asUintN(32, value)));
    return there;
  }

  read(address: number, size: number): bigint | undefined {
    const result = size === 4 ? this.readRegister(address - this.base) : undefined;
    return result?.ok ? result.value : undefined;
  }

  write(address: number, size: number, value: bigint): boolean {
    return size === 4 && this.writeRegister(address - this.base, value).ok;
  }

  private check(offset: number): Result<void> {
    if (offset % 4 !== 0) return failure('EOPNOTSUPP');
    return this.isRegister(offset) ? success(undefined) : failure('ENODEV');
  }

  /** Registers of the sources that there are; where messages go is not for the guest to say. */
  private isRegister(offset: number): boolean {
    const { lines } = this;
    const arrays = [r.setip, r.in_clrip, r.setie, r.clrie];
    const words = Math.ceil(lines / 32);
    return (
      single.has(offset) ||
      (offset > r.sourcecfg && offset < r.sourcecfg + 4 * lines) ||
      (offset > r.target && offset < r.target + 4 * lines) ||
      arrays.some((array) => offset >= array && offset < array + 4 * words)
    );
  }
}

const single = new Set<number>([
  ...[r.domaincfg, r.setipnum, r.clripnum, r.setienum, r.clrienum],
  ...[r.setipnum_le, r.setipnum_be, r.genmsi],
]);
