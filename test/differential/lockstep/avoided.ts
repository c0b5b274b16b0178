/** What QEMU does otherwise than the specification says, and random programs therefore never do. */
import { guestBits, version } from './deviations.ts';

/** What random programs keep away from, since it would change what they do. */
export interface AvoidedDeviation {
  readonly name: string;
  readonly version: string;
  readonly sentence: string;
  /** CSRs, and the bits of them that programs write alike on both machines. */
  readonly csrs: RegExp;
  readonly mask: bigint;
}

export const avoided: readonly AvoidedDeviation[] = [
  {
    name: 'TSR makes SRET illegal in VS-mode too',
    version,
    sentence:
      'The TSR and TVM fields of mstatus affect execution only in HS-mode, and do not affect execution in VS-mode (privileged, hypervisor, machine status registers)',
    csrs: /^mstatus$/,
    mask: ~(1n << 22n),
  },
  {
    name: 'a vector of a reserved mode is not written at all',
    version,
    sentence:
      'stvec is a WARL register (privileged, stvec): what comes of a reserved mode is a choice',
    csrs: /^(s|vs)tvec$/,
    mask: ~2n,
  },
  {
    name: guestBits.name,
    version,
    sentence: guestBits.sentence,
    csrs: /^(vs|s)i[pe]$/,
    mask: 0xbbbn,
  },
  {
    name: 'hstatus keeps reserved bits',
    version,
    sentence:
      'hstatus has GVA, SPV, SPVP, HU, VGEIN, VTVM, VTW, VTSR and HUPMM (privileged, hypervisor, hstatus)',
    csrs: /^hstatus$/,
    mask: 0x3_0000_0070_03c0n,
  },
  {
    name: 'xepc keeps its lowest bit',
    version,
    sentence: 'The low bit of mepc (mepc[0]) is always zero (privileged, mepc)',
    csrs: /^(m|s|vs)epc$/,
    mask: ~1n,
  },
  {
    name: 'hvip.VSTIP cannot be written with Sstc',
    version,
    sentence:
      'VSTIP is the logical-OR of hvip.VSTIP and the timer interrupt signal resulting from vstimecmp (Sstc, hvip)',
    csrs: /^hvip$/,
    mask: 0x404n,
  },
  {
    name: 'mip.VSEIP and mip.VSTIP are writable',
    version,
    sentence:
      'Bit VSEIP of hip is read-only … bit VSTIP is read-only (privileged, hypervisor, hip)',
    csrs: /^mip$/,
    mask: 0xbbfn,
  },
  {
    name: 'LCOFI and SGEI can be enabled and delegated where they do not exist',
    version,
    sentence: 'Bits of interrupts that cannot occur are read-only zeros (privileged, mip and mie)',
    csrs: /^(m|h|s|vs)(ip|ie)$|^(m|h)ideleg$|^hvip$/,
    mask: 0xfffn,
  },
  {
    name: 'software-check exceptions can be delegated without Zicfilp and Zicfiss, hardware errors not',
    version,
    sentence:
      'medeleg has a bit position allocated for every synchronous exception … that the implementation has',
    csrs: /^(m|h)edeleg$/,
    mask: ~(3n << 18n),
  },
  {
    name: 'counters that are not there can be enabled',
    version,
    sentence:
      'Any of these bits may be read-only zero (privileged, mcounteren): what counters there are is a choice',
    csrs: /^[msh]counteren$/,
    mask: 7n,
  },
  {
    name: 'vsstatus keeps reserved bits',
    version,
    sentence: 'vsstatus is VS-mode’s version of sstatus (privileged, hypervisor, vsstatus)',
    csrs: /^vsstatus$/,
    mask: 0xc6122n,
  },
  {
    name: 'envcfg has CDE without Smcdeleg',
    version,
    sentence: 'If Smcdeleg is not implemented, CDE is read-only zero (Smcdeleg)',
    csrs: /^[mhs]envcfg$/,
    mask: 0xe000_0003_0000_00f1n,
  },
  {
    name: 'envcfg has CDE without Smcdeleg, upper half',
    version,
    sentence: 'If Smcdeleg is not implemented, CDE is read-only zero (Smcdeleg)',
    csrs: /^[mh]envcfgh$/,
    mask: 0x8000_0000n,
  },
  {
    name: 'stateen has P1P13, and what AIA has',
    version,
    sentence:
      'Each bit of a stateen CSR controls less-privileged access to an extension’s state (Smstateen): bits of others are read-only zero',
    csrs: /^[mh]stateen\d$/,
    mask: 0xc000_0000_0000_0000n,
  },
  {
    name: 'sstateen has bits of the upper half',
    version,
    sentence:
      'Bits 63:32 of each mstateen are for what sstateen does not control: the same are read-only zero there (Smstateen)',
    csrs: /^sstateen\d$/,
    mask: 0n,
  },
  {
    name: 'filters of counters keep reserved bits',
    version,
    sentence: 'mcyclecfg and minstretcfg have MINH, SINH, UINH, VSINH and VUINH (Smcntrpmf)',
    csrs: /^m(cycle|instret)cfg$/,
    mask: 0x7c00_0000_0000_0000n,
  },
  {
    name: 'UXL may be 32, and SXL lets itself be written',
    version,
    sentence: 'UXL and SXL are WARL fields (privileged, mstatus): their legal values are a choice',
    csrs: /^[ms]status$/,
    mask: ~(15n << 32n),
  },
  {
    name: 'pmpaddr keeps bits beyond the physical address',
    version,
    sentence: 'For RV64, each PMP address register encodes bits 55–2 of a 56-bit physical address',
    csrs: /^pmpaddr/,
    mask: (1n << 54n) - 1n,
  },
];
