/**
 * KVM_GET_ONE_REG, KVM_SET_ONE_REG and KVM_GET_REG_LIST for RISC-V (Linux
 * arch/riscv/kvm/vcpu_onereg.c; ids: include/uapi/linux/kvm.h and arch/riscv/include/uapi/asm/kvm.h).
 * Each group of registers gives its list and answers for what is in it, with the kernel's errors:
 * EINVAL for a wrong size or value, ENOENT for what is not there, EBUSY for what is settled by the
 * first run. A group that the harts have nothing for is not there at all.
 */
import { cacheBlockBytes } from '../../isa/riscv/memoryInstructions.ts';
import { failure, success, type Result } from '../errno.ts';
import { csr, hvipLocal, vsInterrupts } from './csrs.ts';
import {
  plain,
  switchGroup,
  ulongGroup,
  type Group,
  type MachineIds,
  type OneRegVcpu,
  type RegId,
  type UlongReg,
} from './oneReg.ts';
import { getF, getFcsr, setF, setFcsr } from './vcpuFp.ts';
import { isaExtensionNames } from './vcpuIsa.ts';
import { sbiExt, sbiState } from './vcpuOneRegSbi.ts';

const arch = 0x8000_0000_0000_0000n;
const blockSize = BigInt(cacheBlockBytes);

export function getOneReg(vcpu: OneRegVcpu, id: bigint): Result<bigint> {
  const group = groups[typeOf(id)];
  return group ? group.get(vcpu, parse(id)) : failure('ENOENT');
}

export function setOneReg(vcpu: OneRegVcpu, id: bigint, value: bigint): Result<void> {
  const group = groups[typeOf(id)];
  if (!group) return failure('ENOENT');
  const parsed = parse(id);
  return group.set(vcpu, parsed, BigInt.asUintN(parsed.size * 8, value));
}

export function getRegList(vcpu: OneRegVcpu): readonly bigint[] {
  return Object.entries(groups).flatMap(([type, group]) =>
    group.list(vcpu).map(({ size, subtype, index }) => {
      const code = BigInt(Math.log2(size)) << 52n;
      return arch | code | (BigInt(type) << 24n) | BigInt(subtype * 2 ** 16 + index);
    }),
  );
}

function typeOf(id: bigint): number {
  return Number((id >> 24n) & 0xffn);
}

/** Like the kernel, nobody looks at the architecture; bits 51:32 are part of the number. */
function parse(id: bigint): RegId {
  const low = Number(id & 0xff_ffffn);
  const high = Number((id >> 32n) & 0xf_ffffn);
  return {
    size: 2 ** Number((id >> 52n) & 15n),
    subtype: Math.floor(low / 2 ** 16),
    index: (low % 2 ** 16) + high * 2 ** 32,
  };
}

function machineId(name: keyof MachineIds): UlongReg {
  return {
    get: (vcpu) => success(vcpu.ids[name]),
    set: (vcpu, value) => {
      if (value === vcpu.ids[name]) return success(undefined);
      if (vcpu.ranAtLeastOnce) return failure('EBUSY');
      vcpu.ids[name] = value;
      return success(undefined);
    },
  };
}

/** What is the host's and can only be confirmed. */
function fixed(value: (vcpu: OneRegVcpu) => bigint, extension?: string): UlongReg {
  return {
    get: (vcpu) => success(value(vcpu)),
    set: (vcpu, given) => (given === value(vcpu) ? success(undefined) : failure('EINVAL')),
    ...(extension !== undefined && { absent: (vcpu) => !vcpu.isa.hostHas(extension) }),
  };
}

const config = ulongGroup([
  {
    get: (vcpu) => success(vcpu.isa.base),
    set: (vcpu, value) => {
      const result = vcpu.isa.setBase(value, vcpu.ranAtLeastOnce);
      if (result.ok && !vcpu.ranAtLeastOnce) vcpu.applyIsa();
      return result;
    },
  },
  fixed(() => blockSize, 'zicbom'),
  machineId('mvendorid'),
  machineId('marchid'),
  machineId('mimpid'),
  fixed(() => blockSize, 'zicboz'),
  fixed((vcpu) => vcpu.satpMode),
  fixed(() => blockSize, 'zicbop'),
]);

/** Index 0 is pc, there being nothing to say about x0. */
const core = ulongGroup([
  plain(
    ({ hart }) => hart.pc,
    ({ hart }, value) => (hart.pc = value),
  ),
  ...Array.from({ length: 31 }, (_, i) =>
    plain(
      ({ hart }) => hart.getX(i + 1),
      ({ hart }, value) => hart.setX(i + 1, value),
    ),
  ),
  plain(
    ({ hart }) => BigInt(hart.privilege),
    ({ hart }, value) => (hart.privilege = value === 1n ? 1 : 0),
  ),
]);

const general: readonly UlongReg[] = [
  guestCsr(csr.vsstatus),
  guestCsr(csr.vsie),
  guestCsr(csr.vstvec),
  guestCsr(csr.vsscratch),
  guestCsr(csr.vsepc),
  guestCsr(csr.vscause),
  guestCsr(csr.vstval),
  // The bits of hvip, where an S-level register has them.
  plain(
    ({ hart }) => {
      const hvip = hart.getCsr(csr.hvip);
      return ((hvip & vsInterrupts) >> 1n) | (hvip & ~hvipLocal);
    },
    ({ hart }, value) => hart.setCsr(csr.hvip, (value << 1n) & vsInterrupts),
  ),
  guestCsr(csr.vsatp),
  guestCsr(csr.scounteren),
  guestCsr(csr.senvcfg),
];

/** Where registers have 64 bits the upper halves are part of the others, and read as zero. */
const aia: readonly UlongReg[] = [
  guestCsr(csr.vsiselect),
  guestCsr(csr.hviprio1),
  guestCsr(csr.hviprio2),
  upperHalf(csr.vsie),
  upperHalf(csr.hvip),
  upperHalf(csr.hviprio1),
  upperHalf(csr.hviprio2),
].map((reg) => ({ ...reg, absent: ({ isa }) => !isa.has('ssaia') }));

const smstateen: readonly UlongReg[] = [
  { ...guestCsr(csr.sstateen0), absent: ({ isa }) => !isa.has('smstateen') },
];

const csrs = ulongGroup(general, aia, smstateen);

function upperHalf(number: number): UlongReg {
  return plain(
    ({ hart }) => (hart.xlen === 64 ? 0n : hart.getWideCsr(number) >> 32n),
    ({ hart }, value) => {
      if (hart.xlen === 64) return;
      const low = BigInt.asUintN(32, hart.getWideCsr(number));
      hart.setWideCsr(number, low | (value << 32n));
    },
  );
}

function guestCsr(number: number): UlongReg {
  return plain(
    ({ hart }) => hart.getCsr(number),
    ({ hart }, value) => hart.setCsr(number, value),
  );
}

const timerRegs: readonly UlongReg[] = [
  fixed(({ timer }) => timer.frequency),
  plain(
    ({ timer }) => timer.time,
    ({ timer, owner }, value) => owner.setTimeDelta(timer.deltaFor(value)),
  ),
  plain(
    ({ timer }) => timer.compare,
    ({ timer }, value) => (timer.compare = value),
  ),
  {
    get: ({ timer }) => success(timer.isSet ? 1n : 0n),
    set: ({ timer }, value) => timer.setState(value),
  },
];

/** Always 64 bits wide. */
const timer: Group = {
  get: (vcpu, id) => {
    if (id.size !== 8) return failure('EINVAL');
    return timerReg(id)?.get(vcpu) ?? failure('ENOENT');
  },
  set: (vcpu, id, value) => {
    if (id.size !== 8) return failure('EINVAL');
    return timerReg(id)?.set(vcpu, value) ?? failure('ENOENT');
  },
  list: () => timerRegs.map((_, index) => ({ size: 8, subtype: 0, index })),
};

function timerReg(id: RegId): UlongReg | undefined {
  return id.subtype === 0 ? timerRegs[id.index] : undefined;
}

const fcsrIndex = 32;
/** What FLW puts above the 32 bits that it loads. */
const boxed = 0xffff_ffff_0000_0000n;

/** f0 … f31 in `size` bytes, and fcsr in 4. */
function fpGroup(extension: 'f' | 'd', size: 4 | 8): Group {
  const sizeOf = (index: number) => (index === fcsrIndex ? 4 : size);
  const check = (vcpu: OneRegVcpu, id: RegId): Result<void> => {
    if (!vcpu.isa.has(extension)) return failure('ENOENT');
    if (id.subtype !== 0 || id.index > fcsrIndex) return failure('ENOENT');
    return id.size === sizeOf(id.index) ? success(undefined) : failure('EINVAL');
  };
  return {
    get: (vcpu, id) => {
      const there = check(vcpu, id);
      if (!there.ok) return there;
      if (id.index === fcsrIndex) return success(getFcsr(vcpu.hart));
      return success(BigInt.asUintN(size * 8, getF(vcpu.hart, id.index)));
    },
    set: (vcpu, id, value) => {
      const there = check(vcpu, id);
      if (!there.ok) return there;
      if (id.index === fcsrIndex) setFcsr(vcpu.hart, value);
      else setF(vcpu.hart, id.index, size === 8 ? value : value | boxed);
      return success(undefined);
    },
    list: (vcpu) =>
      vcpu.isa.has(extension)
        ? Array.from({ length: 33 }, (_, index) => ({ size: sizeOf(index), subtype: 0, index }))
        : [],
  };
}

const isaExt = switchGroup({
  count: isaExtensionNames.length,
  ids: ({ isa }) => isa.ids(),
  get: ({ isa }, id) => isa.get(id),
  set: (vcpu, id, value) => {
    const result = vcpu.isa.set(id, value, vcpu.ranAtLeastOnce);
    if (result.ok && !vcpu.ranAtLeastOnce) vcpu.applyIsa();
    return result;
  },
  // A write that changes nothing is accepted after the first run, so each one is looked at.
  frozen: () => false,
});

/** By KVM_REG_RISCV_* type, which is also the order of the list; 9, VECTOR, is not there without V. */
const groups: Readonly<Record<number, Group>> = {
  1: config,
  2: core,
  3: csrs,
  4: timer,
  5: fpGroup('f', 4),
  6: fpGroup('d', 8),
  7: isaExt,
  8: sbiExt,
  10: sbiState,
};
