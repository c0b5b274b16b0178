/** Ids of ONE_REG by number, and a VM on fake harts with extensions of one's choice. */
import assert from 'node:assert/strict';
import { VirtualClock } from '../../../../src/core/base/virtualClock.ts';
import type { CallRule } from '../../../../src/core/hypervisor/callPolicy.ts';
import type { Result } from '../../../../src/core/hypervisor/errno.ts';
import { HypervisorSystem } from '../../../../src/core/hypervisor/system.ts';
import { RiscvHypervisor } from '../../../../src/core/hypervisor/riscv/main.ts';
import type { Vcpu } from '../../../../src/core/hypervisor/vcpu.ts';
import { FakeHart, type FakeHartOptions } from './fakeHart.ts';
import { hostBase, hostMemory, ramBase, tableSize } from './rig.ts';

export const u32 = 0x8020_0000_0000_0000n;
export const u64 = 0x8030_0000_0000_0000n;
export const ones = 2n ** 64n - 1n;
export const reg = (type: number, index: number, subtype = 0, size = u64) =>
  size | BigInt(type * 2 ** 24 + subtype * 2 ** 16 + index);

/** By number, from the uapi headers; each is what strace of a VMM would show. */
export const pc = 0x8030000002000000n;
export const a0 = 0x803000000200000an;
export const mode = reg(2, 32);
export const sstatus = 0x8030000003000000n;
export const sip = reg(3, 7);
export const siselect = 0x8030000003010000n;
export const sstateen0 = 0x8030000003020000n;
export const isa = 0x8030000001000000n;
export const frequency = 0x8030000004000000n;
export const time = frequency + 1n;
export const compare = frequency + 2n;
export const state = frequency + 3n;
export const f0OfF = 0x8020000005000000n;
export const f0OfD = 0x8030000006000000n;
export const fcsrOfD = 0x8020000006000020n;
export const extA = 0x8030000007000000n;
export const dbcn = 0x8030000008000009n;
export const vlenb = 0x8030000009000004n;
export const v0 = 0x8040000009000006n;
export const shmemLo = 0x803000000a000000n;
export const misaligned = 0x803000000a010000n;
export const isaExt = (id: number) => reg(7, id);
export const sbiExt = (id: number) => reg(8, id);

/** A hart with the floating-point registers that the other fake one lacks. */
class FloatHart extends FakeHart {
  private readonly floats = new Map<string, bigint>();
  override readRegister(name: string): bigint | undefined {
    return isFloat(name) ? (this.floats.get(name) ?? 0n) : super.readRegister(name);
  }
  override writeRegister(name: string, value: bigint): bigint | undefined {
    if (!isFloat(name)) return super.writeRegister(name, value);
    this.floats.set(name, value);
    return value;
  }
}

function isFloat(name: string): boolean {
  return /^f([ts]?\d+|a[0-7]|csr|[ts]1?\d)$/.test(name);
}

interface Options extends FakeHartOptions {
  readonly letters?: string;
  readonly extensions?: readonly string[];
  readonly calls?: readonly CallRule[];
  readonly harts?: number;
}

export function make(options: Options = {}) {
  const clock = new VirtualClock();
  const misa = [...(options.letters ?? 'imach')].reduce(
    (bits, l) => bits | (1n << BigInt(l.charCodeAt(0) - 97)),
    2n << 62n,
  );
  const harts = Array.from(
    { length: options.harts ?? 1 },
    (_, id) => new FloatHart(id, clock, options),
  );
  for (const hart of harts) {
    const reset = hart.reset.bind(hart);
    hart.reset = () => {
      reset();
      hart.setCsr(0x301, misa);
    };
  }
  const memory = hostMemory();
  const arch = new RiscvHypervisor({
    harts,
    memory,
    clock,
    tables: { base: hostBase, size: tableSize },
    extensions: new Set(options.extensions),
  });
  const vm = new HypervisorSystem(memory, arch).createVm({
    calls: options.calls ?? [],
    answers: () => true,
  });
  assert(vm.ok);
  const vcpus = harts.map((h) => {
    const vcpu = vm.value.createVcpu(h.id);
    assert(vcpu.ok);
    return vcpu.value;
  });
  const [vcpu] = vcpus;
  const [hart] = harts;
  assert(vcpu && hart);
  vcpu.setBoot(BigInt(ramBase), 0n);
  return { clock, hart, harts, vcpu, vcpus, ...access(vcpu) };
}

export function access(vcpu: Vcpu) {
  return {
    get: (id: bigint) => value(vcpu.getOneReg(id)),
    set: (id: bigint, v: bigint) => value(vcpu.setOneReg(id, v)) ?? 'ok',
  };
}

export function value<T>(result: Result<T>) {
  return result.ok ? result.value : result.errno;
}

export function range(type: number, from: number, to: number, size = u64): bigint[] {
  return Array.from({ length: to - from + 1 }, (_, i) => reg(type, from + i, 0, size));
}
