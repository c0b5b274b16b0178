/**
 * Which extensions a vCPU has, by KVM's ids (Linux arch/riscv/include/uapi/asm/kvm.h,
 * KVM_RISCV_ISA_EXT_*; arch/riscv/kvm/isa.c): what the host's harts have, less what was switched
 * off. Only what a hypervisor can keep from a guest can be switched off.
 */
import { list, mustFit, oneOf, type Persist } from '../../base/persist.ts';
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import { failure, success, type Result } from '../errno.ts';
import {
  allOnes,
  csr,
  envcfgAdue,
  envcfgCbcfe,
  envcfgCbie,
  envcfgCbze,
  envcfgPbmte,
  envcfgPmm,
  envcfgStce,
  stateenAia,
  stateenSe,
} from './csrs.ts';

/** The id is the place in the list. */
export const isaExtensionNames: readonly string[] = [
  ...['a', 'c', 'd', 'f', 'h', 'i', 'm', 'svpbmt', 'sstc', 'svinval', 'zihintpause', 'zicbom'],
  ...['zicboz', 'zbb', 'ssaia', 'v', 'svnapot', 'zba', 'zbs', 'zicntr', 'zicsr', 'zifencei'],
  ...['zihpm', 'smstateen', 'zicond', 'zbc', 'zbkb', 'zbkc', 'zbkx', 'zknd', 'zkne', 'zknh'],
  ...['zkr', 'zksed', 'zksh', 'zkt', 'zvbb', 'zvbc', 'zvkb', 'zvkg', 'zvkned', 'zvknha'],
  ...['zvknhb', 'zvksed', 'zvksh', 'zvkt', 'zfh', 'zfhmin', 'zihintntl', 'zvfh', 'zvfhmin', 'zfa'],
  ...['ztso', 'zacas', 'sscofpmf', 'zimop', 'zca', 'zcb', 'zcd', 'zcf', 'zcmop', 'zawrs'],
  ...['smnpm', 'ssnpm', 'svade', 'svadu', 'svvptc', 'zabha', 'ziccrse', 'zaamo', 'zalrsc'],
  ...['zicbop', 'zfbfmin', 'zvfbfmin', 'zvfbfwma', 'zclsd', 'zilsd', 'zalasr'],
];

/** Those that some control bit of the hypervisor's keeps from the guest. */
const switchable = new Set([
  ...['d', 'f', 'v', 'svpbmt', 'zicbom', 'zicboz', 'smstateen', 'smnpm', 'svadu'],
]);

/** Single letters that KVM's `isa` register has, by the bit in misa. */
const letters = ['a', 'c', 'd', 'f', 'i', 'm', 'v'];

export class VcpuIsa implements Persist<readonly string[]> {
  private readonly host: ReadonlySet<string>;
  private readonly enabled: Set<string>;

  /** Lower-case names of what the hart has; names that KVM does not know are left out. */
  constructor(host: ReadonlySet<string>) {
    this.host = new Set(isaExtensionNames.filter((name) => host.has(name)));
    this.enabled = new Set([...this.host].filter((name) => this.mayEnable(name)));
  }

  /** Names of those that are not switched off. */
  save(): readonly string[] {
    return [...this.enabled];
  }

  restore(enabled: readonly string[]): void {
    mustFit("a vCPU's extensions", enabled, list(oneOf(...this.host)));
    this.enabled.clear();
    for (const name of enabled) this.enabled.add(name);
  }

  hostHas(name: string): boolean {
    return this.host.has(name);
  }

  has(name: string): boolean {
    return this.enabled.has(name);
  }

  /** Ids of what the host has, switched off or not. */
  ids(): readonly number[] {
    return isaExtensionNames.flatMap((name, id) => (this.host.has(name) ? [id] : []));
  }

  get(id: number): Result<boolean> {
    const name = this.nameOf(id);
    return name === undefined ? failure('ENOENT') : success(this.enabled.has(name));
  }

  /** `frozen`: the vCPU has run. What changes nothing is accepted even then. */
  set(id: number, value: bigint, frozen: boolean): Result<void> {
    const name = this.nameOf(id);
    if (name === undefined) return failure('ENOENT');
    if (value === (this.enabled.has(name) ? 1n : 0n)) return success(undefined);
    if (frozen) return failure('EBUSY');
    if (value === 1n && this.mayEnable(name)) this.enabled.add(name);
    else if (value === 0n && this.mayDisable(name)) this.enabled.delete(name);
    else return failure('EINVAL');
    return success(undefined);
  }

  /** CONFIG isa: the single letters as bits. */
  get base(): bigint {
    return letters.reduce((bits, l) => (this.enabled.has(l) ? bits | letterBit(l) : bits), 0n);
  }

  setBase(value: bigint, frozen: boolean): Result<void> {
    if (value >> 26n !== 0n) return failure('EINVAL');
    if (value === this.base) return success(undefined);
    if (frozen) return failure('EBUSY');
    // Requests that cannot be met are ignored here, as in KVM.
    for (const letter of letters) {
      if (!this.host.has(letter)) continue;
      const wanted = (value & letterBit(letter)) !== 0n;
      if (wanted) this.enabled.add(letter);
      else if (this.mayDisable(letter)) this.enabled.delete(letter);
    }
    return success(undefined);
  }

  /** What henvcfg may give to the guest; bits for what the hart lacks do not stay there. */
  get henvcfg(): bigint {
    // Whether pointers are masked is for the guest to ask (SBI, FWFT).
    let bits = allOnes & ~envcfgPmm;
    const keep = (name: string, mask: bigint) => {
      if (this.host.has(name) && !this.enabled.has(name)) bits &= ~mask;
    };
    keep('zicbom', envcfgCbie | envcfgCbcfe);
    keep('zicboz', envcfgCbze);
    keep('svpbmt', envcfgPbmte);
    keep('sstc', envcfgStce);
    // A guest that has both finds Svade's behaviour.
    if (!this.enabled.has('svadu') || this.enabled.has('svade')) bits &= ~envcfgAdue;
    return bits;
  }

  /** What hstateen0 lets the guest touch: sstateen0 with Smstateen only, AIA's CSRs with Ssaia. */
  get hstateen0(): bigint {
    let bits = allOnes;
    if (this.withheld('smstateen')) bits &= ~stateenSe;
    if (this.withheld('ssaia')) bits &= ~stateenAia;
    return bits;
  }

  private withheld(name: string): boolean {
    return this.host.has(name) && !this.enabled.has(name);
  }

  private nameOf(id: number): string | undefined {
    const name = isaExtensionNames[id];
    return name !== undefined && this.host.has(name) ? name : undefined;
  }

  /** There are no guests of guests. */
  private mayEnable(name: string): boolean {
    if (name === 'sscofpmf') return this.host.has('ssaia');
    return name !== 'h';
  }

  private mayDisable(name: string): boolean {
    if (name === 'ssaia') return this.host.has('smstateen');
    if (name === 'svade') return this.host.has('svadu');
    return switchable.has(name);
  }
}

/** What every hart that can run guests has, and what the letters of misa imply. */
export function hostExtensions(hart: RiscvHart, named: ReadonlySet<string>): ReadonlySet<string> {
  const misa = hart.getCsr(csr.misa);
  const all = new Set([...named, 'zicsr', 'zifencei', 'zicntr', 'zihpm']);
  for (const letter of [...letters, 'h']) {
    if ((misa & letterBit(letter)) !== 0n) all.add(letter);
  }
  if (all.has('a')) all.add('zaamo').add('zalrsc');
  if (all.has('c')) all.add('zca');
  if (hart.readRegister('vstimecmp') !== undefined) all.add('sstc');
  return all;
}

function letterBit(letter: string): bigint {
  return 1n << BigInt(letter.charCodeAt(0) - 'a'.charCodeAt(0));
}
