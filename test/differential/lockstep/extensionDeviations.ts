/** What QEMU does otherwise with extensions that only some processors have, or without H. */
import type { KnownDeviation, KnownDivergence } from './deviations.ts';

const MXR = 1n << 19n;
const PMM = 3n << 32n;
const ADUE = 1n << 61n;
const PBMTE = 1n << 62n;
const STCE = 1n << 63n;

const version = 'QEMU 10.0.13';

export const deviationsOfExtensions: readonly KnownDeviation[] = [
  {
    name: 'LCOFI, SGEI and local interrupts where they do not exist, of code that runs from its middle on',
    version,
    sentence: 'Bits of interrupts that cannot occur are read-only zeros (privileged, mip and mie)',
    bits: ({ name, ours }) => (/^(m|h|s|vs)(ip|ie)$/.test(name) ? ~ours & ~0xfffn : 0n),
    ends: true,
  },
  {
    name: 'what only H has can be delegated and pending without it',
    version,
    sentence:
      'Bits of interrupts that cannot occur are read-only zeros (privileged, mip and mie); some exceptions cannot occur at less privileged modes, and their bits are read-only zero (medeleg)',
    bits: ({ name, has }) => {
      if (has('h')) return 0n;
      return /^m(ideleg|ip|ie)$/.test(name) ? 0x444n : name === 'medeleg' ? 0xf0_0400n : 0n;
    },
    keep: true,
  },
  {
    name: 'what menvcfg withholds from henvcfg is gone for good',
    version,
    sentence:
      'If menvcfg.ADUE is zero, henvcfg.ADUE is read-only zero; likewise PBMTE and STCE (privileged, hypervisor, henvcfg): what comes back with menvcfg’s is a choice',
    bits: ({ name, ours, theirs }) =>
      name === 'henvcfg' ? ours & ~theirs & (ADUE | PBMTE | STCE) : 0n,
  },
  {
    name: 'what mstateen0 withholds from hstateen0 is gone for good',
    version,
    sentence:
      'For every bit in an mstateen CSR that is zero, the same bit appears as read-only zero in the matching hstateen and sstateen CSRs (Smstateen): what comes back with it is a choice',
    bits: ({ name, ours, theirs }) => (name === 'hstateen0' ? ours & ~theirs : 0n),
  },
];

const accesses = (instruction: string): boolean => instruction.includes('(');
const isMisaligned = (cause: bigint): boolean => cause === 6n || cause === 7n;

export const divergencesOfExtensions: readonly KnownDivergence[] = [
  {
    name: 'HLV and HSV ask menvcfg for PBMTE and ADUE, not henvcfg',
    version,
    sentence:
      'The PBMTE bit controls whether the Svpbmt extension is available for use in VS-stage address translation; if ADUE=1, hardware updating of PTE A/D bits is enabled during VS-stage address translation (privileged, hypervisor, henvcfg)',
    applies: ({ theirs, instruction }) =>
      /^h[ls]v/.test(instruction()) &&
      ((theirs('menvcfg') ^ theirs('henvcfg')) & (PBMTE | ADUE)) !== 0n,
  },
  {
    name: 'what mstateen0 withholds is virtual to a guest',
    version,
    sentence:
      'An instruction is HS-qualified if it would be valid to execute in HS-mode …; others raise an illegal-instruction exception (privileged, hypervisor, virtual-instruction exception)',
    applies: ({ theirs, has, instruction }) =>
      has('smstateen') &&
      /^csr.*(envcfg|stateen)/.test(instruction()) &&
      (theirs('mcause') === 22n || theirs('scause') === 22n),
  },
  {
    name: 'VS-mode masks addresses as menvcfg says',
    version,
    sentence:
      'If the Ssnpm extension is implemented, the PMM field enables or disables pointer masking for VS-mode (privileged, hypervisor, henvcfg)',
    applies: ({ theirs, has, instruction }) =>
      has('smnpm') &&
      accesses(instruction()) &&
      ((theirs('menvcfg') ^ theirs('henvcfg')) & PMM) !== 0n,
  },
  {
    name: 'addresses are masked with MXR where nothing is translated, and with that of the other stage',
    version,
    sentence:
      'When MXR is in effect at the effective privilege mode where explicit memory access is performed, pointer masking does not apply … this includes cases where page-based virtual memory is not in effect (pointer masking)',
    applies: ({ ours, theirs, has, instruction }) =>
      has('smnpm') &&
      accesses(instruction()) &&
      ((ours('mstatus') | ours('vsstatus') | theirs('mstatus')) & MXR) !== 0n,
  },
  {
    name: 'SFENCE.W.INVAL and SFENCE.INVAL.IR run in U-mode',
    version,
    sentence:
      'Attempting to execute SFENCE.W.INVAL or SFENCE.INVAL.IR in U-mode raises an illegal-instruction exception. Doing so in VU-mode raises a virtual-instruction exception (Svinval)',
    applies: ({ instruction }) => /^sfence\.(w\.inval|inval\.ir)/.test(instruction()),
  },
  {
    name: 'Zama16b is that of AMOs of words and doublewords, and of all of these',
    version,
    sentence:
      'Misaligned loads, stores, and AMOs to main memory regions that do not cross a naturally aligned 16-byte boundary are atomic (Zama16b): those of Zabha and Zacas too; others trap (A)',
    applies: ({ ours, theirs, has, instruction }) => {
      if (!has('zama16b') || !instruction().startsWith('amo')) return false;
      const own = ['mcause', 'scause', 'vscause'].some((name) => isMisaligned(ours(name)));
      return own || isMisaligned(theirs('mcause')) || isMisaligned(theirs('scause'));
    },
  },
];
