/** What QEMU is known to do otherwise than the specification says, or where both may choose. */
import { layout } from './layout.ts';
import type { Xlen } from './processors.ts';

export interface Situation {
  /** The register that differs, by QEMU's name. */
  readonly name: string;
  readonly ours: bigint;
  readonly theirs: bigint;
  readonly xlen: Xlen;
  has(extension: string): boolean;
  /** The instruction that made the difference, if it is one of the program's. */
  instruction(): string;
  /** QEMU's value of another register. */
  register(name: string): bigint;
}

export interface KnownDeviation {
  readonly name: string;
  /** The version of which it is known. */
  readonly version: string;
  /** The specification's sentence. */
  readonly sentence: string;
  /** Bits that may differ here. */
  bits(situation: Situation): bigint;
  /** QEMU's bits cannot be taken over, and nothing else depends on them. */
  readonly keep?: true;
  /** Too much depends on it: the rest of the program is not compared. */
  readonly ends?: true;
}

/** Where one machine goes on and the other traps, each by its own registers. */
export interface Divergence {
  /** What shows it: `pc`, or the first register that differs. */
  readonly name: string;
  /** Whether our machine is in M-mode, where it may just have trapped to. */
  readonly machine: boolean;
  ours(csr: string): bigint;
  /** QEMU's, by its names, 0 where it has none of that name. */
  theirs(register: string): bigint;
  has(extension: string): boolean;
  /** The instruction behind which they part, if it is one of the program's. */
  instruction(): string;
}

/** A deviation that may show by the address alone: the rest of the program is not compared. */
export interface KnownDivergence {
  readonly name: string;
  readonly version: string;
  readonly sentence: string;
  applies(divergence: Divergence): boolean;
}

const all = (1n << 64n) - 1n;
const FS = 3n << 13n;
const GVA = 1n << 38n;
const MPV = 1n << 39n;
const MXR = 1n << 19n;
const TW = 1n << 21n;
const TSR = 1n << 22n;
const SD = (xlen: Xlen): bigint => 1n << BigInt(xlen - 1);

const guestPageFaults = new Set([20n, 21n, 23n]);

export const version = 'QEMU 10.0.13';

/** It is in VS-mode, or a handler there could not be fetched. */
const trappedToGuest = (register: (name: string) => bigint): boolean =>
  (register('priv') & 4n) !== 0n || register('mepc') === (register('vstvec') & ~3n);

/** Access, page and guest-page faults of loads and of stores. */
const storeFaults = new Set([5n, 7n, 13n, 15n, 21n, 23n]);

/** What QEMU has just trapped for, by the mode it is in. */
const causeOf = (register: (name: string) => bigint): bigint =>
  register(register('priv') === 3n ? 'mcause' : 'scause');

/** SPV, or MPV wherever it is: whether that trap came from V=1. */
const cameFromGuest = (register: (name: string) => bigint): boolean =>
  register('priv') === 3n
    ? ((register('mstatus') | (register('mstatush') << 32n)) & MPV) !== 0n
    : (register('hstatus') & 0x80n) !== 0n;

/** Guest-page faults, and the access faults of the same accesses. */
const accessFaultOf = new Map([
  [20n, 1n],
  [21n, 5n],
  [23n, 7n],
]);

/** Pseudoinstructions: a read or a write of a VS-stage table, of 32 bits or of 64. */
const implicitAccesses = new Set([0x2000n, 0x2020n, 0x3000n, 0x3020n]);

/** The PCIe host of QEMU's board, where ours has nothing. */
const boardDiffers = (address: bigint): boolean =>
  (address >= 0x3000_0000n && address < 0x8000_0000n) ||
  (address >= 0x1000n && address < 0x1_0000n);
const board = {
  name: 'QEMU’s board has PCIe where ours has nothing, and ignores stores to its ROM',
  sentence:
    'Accesses that a PMA check forbids raise access faults (privileged, physical memory attributes): what lies where is the board’s affair',
};

const loadOfAmo = {
  name: 'AMOs load before they ask whether they may store',
  sentence:
    'AMOs never raise load exceptions … if the PTE does not permit both, a store/AMO page-fault exception is raised (privileged, translation): the first stage is asked for all of it before the second',
} as const;

const protectedTable = {
  name: 'a protected G-stage table below a VS-stage one gives a guest-page fault',
  sentence:
    'If accessing pte violates a PMA or PMP check, raise an access-fault exception corresponding to the original access type (privileged, virtual address translation process, step 2)',
} as const;

const waitOfUser = {
  name: 'TW does not make WFI in VU-mode illegal',
  sentence:
    'The TW field affects execution in all modes except M-mode (privileged, hypervisor, machine status registers); in VU-mode, attempts to execute WFI when mstatus.TW=0 raise a virtual-instruction exception',
} as const;

export const guestBits = {
  name: 'vsip and vsie take bits 2, 6 and 10 as if they were mip and mie',
  sentence:
    'When bit 10, 6 or 2 of hideleg is one, bits SEI, STI, SSI of vsip are aliases of VSEI, VSTI, VSSI of hip (privileged, hypervisor, vsip and vsie): bits 9, 5 and 1, and no others',
} as const;

export const deviations: readonly KnownDeviation[] = [
  {
    name: protectedTable.name,
    version,
    sentence: protectedTable.sentence,
    bits: ({ name, ours, theirs, register }) => {
      if (!/^[ms]cause$/.test(name) || accessFaultOf.get(theirs) !== ours) return 0n;
      // QEMU says itself that the access was an implicit one.
      const instruction = register(name === 'mcause' ? 'mtinst' : 'htinst');
      return implicitAccesses.has(instruction) ? all : 0n;
    },
    ends: true,
  },
  {
    name: 'mtinst and htinst are 0, or ours are',
    version,
    sentence:
      'The value zero is always allowed (privileged, hypervisor, transformed instruction or pseudoinstruction for mtinst or htinst)',
    bits: ({ name, ours, theirs, instruction }) => {
      if (name !== 'mtinst' && name !== 'htinst') return 0n;
      // And what software writes is gone.
      const written = new RegExp(`^csr.*\\b${name}\\b`).test(instruction());
      return written || ours === 0n || theirs === 0n ? all : 0n;
    },
  },
  {
    name: 'htinst and htval are written by traps to VS-mode',
    version,
    sentence:
      'When a trap is taken into HS-mode, htinst is written with … (privileged, hypervisor, htinst): not by others',
    bits: ({ name, theirs, register }) => {
      if (name !== 'htinst' && name !== 'htval') return 0n;
      return trappedToGuest(register) || theirs === 0n ? all : 0n;
    },
  },
  {
    name: 'mideleg has SGEI and LCOFI whatever there is',
    version,
    sentence:
      'If any guest external interrupts are implemented (GEILEN is nonzero), bit 12 of mideleg is also read-only one (privileged, hypervisor, mideleg)',
    bits: ({ name }) => (name === 'mideleg' ? 0x3000n : 0n),
    keep: true,
  },
  {
    name: 'mstatus.MPV cannot be written, and GVA is never cleared',
    version,
    sentence:
      'The MPV bit is written by the implementation whenever a trap is taken into M-mode … Field GVA is written by the implementation whenever a trap is taken into M-mode; otherwise GVA is set to 0 (privileged, hypervisor, machine status registers): both are ordinary writable fields besides',
    bits: ({ name }) => {
      if (name === 'mstatush') return (GVA | MPV) >> 32n;
      return name === 'mstatus' ? GVA | MPV : 0n;
    },
  },
  {
    name: 'floating-point state becomes dirty later, or not by flags alone',
    version,
    sentence:
      'The FS field encodes the status of the floating-point unit state, including the floating-point registers f0–f31 and the CSRs fcsr, frm, and fflags (privileged, extension context status in mstatus)',
    bits: ({ name, ours, theirs, xlen }) => {
      if (!/^(m|s|vs)status$/.test(name)) return 0n;
      const dirty = (ours & FS) === FS && (theirs & FS) !== 0n && (theirs & FS) !== FS;
      return dirty ? FS | SD(xlen) : 0n;
    },
  },
  {
    name: 'hstatus.GVA is written by traps to VS-mode, and not set by EBREAK',
    version,
    sentence:
      'Field GVA is written by the implementation whenever a trap is taken into HS-mode. For any trap (breakpoint, address misaligned, access fault, page fault, or guest-page fault) that writes a guest virtual address to stval, GVA is set to 1 (privileged, hypervisor, hstatus)',
    bits: ({ name, register }) => {
      if (name !== 'hstatus') return 0n;
      return trappedToGuest(register) || register('scause') === 3n ? 0x40n : 0n;
    },
  },
  {
    name: 'hvip shows bits that are not its own',
    version,
    sentence:
      'Bits of hvip other than VSSIP, VSTIP, VSEIP are read-only zeros (privileged, hypervisor, hvip)',
    bits: ({ name }) => (name === 'hvip' ? ~0x444n & all : 0n),
    keep: true,
  },
  {
    name: 'vsstatus.SD is not shown',
    version,
    sentence:
      'SD is a read-only bit that summarizes whether either the FS, VS, or XS fields signal the presence of some dirty state (privileged, mstatus)',
    bits: ({ name, xlen }) => (name === 'vsstatus' ? SD(xlen) : 0n),
    keep: true,
  },
  {
    name: 'mtval2 and htval keep the address of an earlier guest-page fault',
    version,
    sentence:
      'When a guest-page-fault trap is taken into M-mode, mtval2 is written with either zero or guest physical address bits … for other traps, mtval2 is set to 0 (privileged, hypervisor, mtval2)',
    bits: ({ name, ours, register }) => {
      if ((name !== 'mtval2' && name !== 'htval') || ours !== 0n) return 0n;
      const cause = register(name === 'mtval2' ? 'mcause' : 'scause');
      return guestPageFaults.has(cause) ? 0n : all;
    },
  },
  {
    name: waitOfUser.name,
    version,
    sentence: waitOfUser.sentence,
    bits: ({ name, ours, theirs, instruction }) =>
      name === 'mcause' && ours === 2n && theirs === 22n && instruction() === 'wfi' ? all : 0n,
  },
  {
    name: 'pmpcfg keeps reserved bits',
    version,
    sentence:
      'PMP CSR fields are WARL and may be read-only zero (privileged, PMP CSRs); bits 5 and 6 are 0 in the register format',
    bits: ({ name }) => (name.startsWith('pmpcfg') ? 0x6060_6060_6060_6060n : 0n),
    keep: true,
  },
  {
    name: 'pmpcfg keeps reserved bits, and shows them',
    version,
    sentence:
      'PMP CSR fields are WARL and may be read-only zero (privileged, PMP CSRs); bits 5 and 6 are 0 in the register format',
    bits: ({ name, instruction }) =>
      !name.includes('pmp') && /^csr.*pmpcfg/.test(instruction()) ? 0x6060_6060_6060_6060n : 0n,
    ends: true,
  },
  {
    name: 'writes of henvcfg and menvcfg clear henvcfgh on RV32',
    version,
    sentence:
      'When XLEN=32, henvcfgh is a 32-bit read/write register that aliases bits 63:32 of henvcfg (privileged, hypervisor, henvcfg): a write of bits 31:0 leaves them alone',
    bits: ({ name, ours, theirs, instruction }) =>
      name === 'henvcfgh' && theirs === 0n && /\b[mh]envcfgh?\b/.test(instruction()) ? ours : 0n,
  },
  {
    name: 'vstimecmp is in use without henvcfg.STCE',
    version,
    sentence:
      'When STCE in henvcfg is zero … VSTIP in hip reverts to its defined behavior as if this extension is not implemented (privileged, hypervisor, henvcfg)',
    // On RV64 programs leave STCE set; on RV32 QEMU clears it now and then.
    bits: ({ name, xlen, register }) => {
      if (xlen === 64 || (register('henvcfgh') & (1n << 31n)) !== 0n) return 0n;
      if (name === 'mip' || name === 'hip') return 0x40n;
      return name === 'vsip' ? 0x20n : 0n;
    },
    ends: true,
  },
  {
    name: loadOfAmo.name,
    version,
    sentence: loadOfAmo.sentence,
    bits: ({ name, instruction }) =>
      /^[ms]cause$/.test(name) && /^amo/.test(instruction()) ? 31n : 0n,
    ends: true,
  },
  {
    name: board.name,
    version,
    sentence: board.sentence,
    bits: ({ name, ours, register }) => {
      if (!/^[ms]cause$/.test(name) || ours !== 1n) return 0n;
      return boardDiffers(register(`${name[0]}epc`)) ? all : 0n;
    },
    ends: true,
  },
];

const accessFaults = new Set([1n, 5n, 7n]);

export const divergences: readonly KnownDivergence[] = [
  {
    name: 'TSR makes SRET illegal in VS-mode too',
    version,
    sentence:
      'The TSR and TVM fields of mstatus affect execution only in HS-mode, and do not affect execution in VS-mode (privileged, hypervisor, machine status registers)',
    // Programs write no TSR for guests, but M-mode may return to one that it was not to return to.
    applies: ({ theirs, instruction }) =>
      causeOf(theirs) === 2n &&
      (theirs('mstatus') & TSR) !== 0n &&
      cameFromGuest(theirs) &&
      instruction() === 'sret',
  },
  {
    name: loadOfAmo.name,
    version,
    sentence: loadOfAmo.sentence,
    // What each traps for goes to another mode.
    applies: ({ theirs, instruction }) =>
      storeFaults.has(causeOf(theirs)) && /^amo/.test(instruction()),
  },
  {
    name: 'MXR lets VS-stage tables be read through execute-only G-stage pages',
    version,
    sentence:
      'The vsstatus field MXR, which makes execute-only pages readable by explicit loads … Setting MXR at HS-level, however, overrides both VS-stage and G-stage execute-only permissions (privileged, hypervisor, G-stage translation): walks are not explicit loads',
    applies: ({ name, machine, ours, theirs }) => {
      if ((ours('mstatus') & MXR) === 0n) return false;
      const [cause, epc] = machine ? ['mcause', 'mepc'] : ['scause', 'sepc'];
      if (!guestPageFaults.has(ours(cause))) return false;
      if (!implicitAccesses.has(ours(machine ? 'mtinst' : 'htinst'))) return false;
      if (/^(pc|[ms]cause)$/.test(name)) return true;
      // The same fault, but of an entry or a page that the walk comes to later: “a guest physical
      // address written to mtval2 is that of the implicit memory access that faulted”.
      if (name !== (machine ? 'mtval2' : 'htval')) return false;
      return ours(cause) === theirs(cause) && ours(epc) === theirs(epc);
    },
  },
  {
    name: waitOfUser.name,
    version,
    sentence: waitOfUser.sentence,
    // Each exception has its own delegation.
    applies: ({ theirs, instruction }) =>
      causeOf(theirs) === 22n && (theirs('mstatus') & TW) !== 0n && instruction() === 'wfi',
  },
  {
    name: protectedTable.name,
    version,
    sentence: protectedTable.sentence,
    // The two exceptions may be of different modes.
    applies: ({ ours, theirs }) =>
      ['m', 's'].some(
        (mode) =>
          implicitAccesses.has(theirs(mode === 'm' ? 'mtinst' : 'htinst')) &&
          ['m', 's'].some(
            (own) =>
              accessFaultOf.get(theirs(`${mode}cause`)) === ours(`${own}cause`) &&
              theirs(`${mode}epc`) === ours(`${own}epc`),
          ),
      ),
  },
  {
    name: guestBits.name,
    version,
    sentence: guestBits.sentence,
    // Jumps into the middle of a slot may pass over what chose the bits.
    applies: ({ name, theirs, instruction }) => {
      if (!/^(vs|h|m)i[ep]$/.test(name)) return false;
      const [, source] = /^csrr[wsc] \w+, v?si[ep], (\w+)$/.exec(instruction()) ?? [];
      return source !== undefined && (theirs(source) & 0x444n) !== 0n;
    },
  },
  {
    name: 'cache-block management sees no fault where there is no memory',
    version,
    sentence:
      'If access to the cache block is not permitted, a cache-block management instruction … raises a store access-fault exception (Zicbom, access permission)',
    // Programs use them in M-mode alone, but others may come by.
    applies: ({ name, machine, ours, instruction }) =>
      name === 'pc' &&
      ours(machine ? 'mcause' : 'scause') === 7n &&
      ours(machine ? 'mtval' : 'stval') >= BigInt(layout.nothing) &&
      /^cbo\.(clean|flush|inval)/.test(instruction()),
  },
  {
    name: board.name,
    version,
    sentence: board.sentence,
    applies: ({ name, ours }) =>
      name === 'pc' &&
      ['m', 's', 'vs'].some(
        (mode) => accessFaults.has(ours(`${mode}cause`)) && boardDiffers(ours(`${mode}tval`)),
      ),
  },
];
