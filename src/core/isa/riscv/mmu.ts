/**
 * Address translation: Sv39, Sv48 and Sv57, alone or under the G-stage, which is the same walk
 * with a root four times as large (privileged manual, Sv39; hypervisor, two-stage translation).
 * A walk gives a page or a trap. Nothing is remembered here.
 */
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import type { AccessKind } from '../cpu.ts';
import { CSR } from './csr/numbers.ts';
import { status, type HartState } from './hartState.ts';
import type { Pmp } from './pmp.ts';
import { faultCause } from './trapCause.ts';
import type { Privilege, TrapInfo } from './riscvHart.ts';

/** In whose name an access is made, and what it may do. */
export interface AccessMode {
  readonly privilege: Privilege;
  readonly virtualized: boolean;
  /** HLVX: executable at both stages instead of readable, reported as a load. */
  readonly executable?: boolean;
  /** For debuggers: permissions do not count and nothing is written. */
  readonly debug?: boolean;
}

const pte = { V: 1, R: 2, W: 4, X: 8, U: 16, A: 64, D: 128 } as const;
/** Pseudoinstructions for implicit accesses of VS-stage tables (hypervisor, htinst). */
const pseudo = { read: 0x3000, write: 0x3020 } as const;

export interface Root {
  /** 0 for Bare. */
  readonly levels: number;
  /** Page number of the root table. */
  readonly page: number;
}

interface Request {
  readonly low: number;
  readonly high: number;
  readonly access: AccessKind;
  readonly mode: AccessMode;
}

export class Mmu {
  /** The trap of the last translation that gave -1. */
  fault: TrapInfo | undefined;
  private readonly state: HartState;
  private readonly memory: PhysicalMemory;
  private readonly pmp: Pmp;

  constructor(state: HartState, memory: PhysicalMemory, pmp: Pmp) {
    this.state = state;
    this.memory = memory;
    this.pmp = pmp;
  }

  /** Root named by satp, vsatp or hgatp. */
  root(register: number): Root {
    const high = this.state.high(register);
    const mode = high >>> 28;
    const page = (high & 0xfff) * 2 ** 32 + this.state.low(register);
    return { levels: mode === 0 ? 0 : mode - 5, page };
  }

  /**
   * Physical address of the virtual address `high:low`, or -1 with `fault` set. The `size` bytes
   * there are all in one page.
   */
  translate(low: number, high: number, access: AccessKind, mode: AccessMode, size = 1): number {
    const request = { low, high, access, mode };
    const page = this.translatePage(request);
    if (page < 0) return -1;
    const address = page * 4096 + (low & 4095);
    if (mode.debug || this.pmp.allows(address, size, access, mode.privilege)) return address;
    return this.fail(request, 'access');
  }

  /** Physical address of a guest-physical page number and offset, or -1. */
  translateGuestPage(page: number, offset: number, access: AccessKind, mode: AccessMode): number {
    const request = { low: offset, high: 0, access, mode };
    const found = this.guestStage(request, page, access, undefined);
    return found < 0 ? -1 : found * 4096 + offset;
  }

  /** What the first stage makes of a virtual address: guest-physical when virtualized; or -1. */
  translateFirstStage(low: number, high: number, access: AccessKind, mode: AccessMode): number {
    const request = { low, high, access, mode };
    const bare = !mode.virtualized && mode.privilege === 3;
    const register = mode.virtualized ? CSR.vsatp : CSR.satp;
    const root = bare ? { levels: 0, page: 0 } : this.root(register);
    const page = this.firstStage(request, root);
    return page < 0 ? -1 : page * 4096 + (low & 4095);
  }

  private translatePage(request: Request): number {
    const { mode, low, high } = request;
    if (mode.virtualized) {
      const page = this.firstStage(request, this.root(CSR.vsatp));
      return page < 0 ? -1 : this.guestStage(request, page, request.access, undefined);
    }
    if (mode.privilege === 3) return high * 2 ** 20 + (low >>> 12);
    return this.firstStage(request, this.root(CSR.satp));
  }

  /** VS-stage or single-stage walk; the result is a guest-physical page when virtualized. */
  private firstStage(request: Request, root: Root): number {
    const { low, high, mode } = request;
    if (root.levels === 0) return high * 2 ** 20 + (low >>> 12);
    const signBit = root.levels * 9 + 11;
    const sign = (high | 0) >> (signBit - 32);
    if (sign !== 0 && sign !== -1) return this.fail(request, 'page');
    let table = root.page;
    for (let level = root.levels - 1; level >= 0; level--) {
      const index = bits(low, high, 12 + level * 9, 9);
      const at = this.tableEntry(request, table, index * 8, false);
      if (at < 0) return -1;
      const lower = this.memory.read32(at);
      const upper = this.memory.read32(at + 4);
      const next = pageNumber(lower, upper);
      if (!wellFormed(lower, upper)) return this.fail(request, 'page');
      if ((lower & (pte.R | pte.X)) === 0) {
        table = next;
        continue;
      }
      if (!this.permits(lower, request) || misaligned(next, level)) {
        return this.fail(request, 'page');
      }
      if (!mode.debug && needsUpdate(lower, request.access)) {
        const store = this.tableEntry(request, table, index * 8, true);
        if (store < 0) return -1;
        this.memory.write32(store, lower | updated(request.access));
      }
      const span = 2 ** (level * 9);
      return next + (level === 0 ? 0 : bits(low, high, 12, level * 9) % span);
    }
    return this.fail(request, 'page');
  }

  /**
   * G-stage walk of a guest-physical page for an access of kind `kind`, which differs from the
   * request's when a VS-stage table is read or updated; `implicit` is then that table's address.
   */
  private guestStage(
    request: Request,
    page: number,
    kind: AccessKind,
    implicit: bigint | undefined,
  ): number {
    const root = this.root(CSR.hgatp);
    if (root.levels === 0) return page;
    const { mode } = request;
    const failed = (): number => this.failGuest(request, page, kind, implicit);
    if (page >= 2 ** (root.levels * 9 + 2)) return failed();
    let table = root.page;
    for (let level = root.levels - 1; level >= 0; level--) {
      const scale = 2 ** (level * 9);
      const entries = level === root.levels - 1 ? 2048 : 512;
      const at = table * 4096 + (Math.floor(page / scale) % entries) * 8;
      if (!this.tableReadable(at, mode)) return this.fail(request, 'access');
      const lower = this.memory.read32(at);
      const upper = this.memory.read32(at + 4);
      const next = pageNumber(lower, upper);
      if (!wellFormed(lower, upper)) return failed();
      if ((lower & (pte.R | pte.X)) === 0) {
        table = next;
        continue;
      }
      if (!this.guestPermits(lower, kind, mode, implicit !== undefined)) return failed();
      if (misaligned(next, level)) return failed();
      if (!mode.debug && needsUpdate(lower, kind)) {
        this.memory.write32(at, lower | updated(kind));
      }
      return next + (page % scale);
    }
    return failed();
  }

  /** Physical address of an entry of a first-stage table, itself under the G-stage in a guest. */
  private tableEntry(request: Request, table: number, offset: number, update: boolean): number {
    const { mode } = request;
    let page = table;
    if (mode.virtualized) {
      const guestAddress = BigInt(table) * 4096n + BigInt(offset);
      page = this.guestStage(request, table, update ? 'store' : 'load', guestAddress);
      if (page < 0) return -1;
    }
    const at = page * 4096 + offset;
    return this.tableReadable(at, mode, update) ? at : this.fail(request, 'access');
  }

  /** Tables are read and updated as if from S-mode (privileged manual, PMP and paging). */
  private tableReadable(at: number, mode: AccessMode, update = false): boolean {
    const region = this.memory.regionAt(at, 8);
    if (!region || (update && !region.writable)) return false;
    if (mode.debug) return true;
    return this.pmp.allows(at, 8, 'load', 1) && (!update || this.pmp.allows(at, 8, 'store', 1));
  }

  private permits(entry: number, { access, mode }: Request): boolean {
    if (mode.debug) return true;
    // vsstatus governs the VS-stage; sstatus.MXR makes executable pages readable there as well.
    const own = this.state.low(mode.virtualized ? CSR.vsstatus : CSR.mstatus);
    const user = (entry & pte.U) !== 0;
    if (mode.privilege === 0 ? !user : user && (access === 'fetch' || !(own & status.SUM))) {
      return false;
    }
    if (mode.executable) return (entry & pte.X) !== 0;
    const mxr = ((own | this.state.low(CSR.mstatus)) & status.MXR) !== 0;
    return allowed(entry, access, mxr);
  }

  private guestPermits(
    entry: number,
    kind: AccessKind,
    mode: AccessMode,
    implicit: boolean,
  ): boolean {
    if (mode.debug) return true;
    if ((entry & pte.U) === 0) return false;
    if (mode.executable && !implicit) return (entry & pte.X) !== 0;
    const mxr = !implicit && (this.state.low(CSR.mstatus) & status.MXR) !== 0;
    return allowed(entry, kind, mxr);
  }

  private fail(request: Request, kind: 'access' | 'page'): number {
    this.fault = {
      cause: faultCause(kind, request.access),
      tval: address64(request),
      tval2: 0n,
      tinst: 0,
      gva: request.mode.virtualized,
    };
    return -1;
  }

  private failGuest(
    request: Request,
    page: number,
    kind: AccessKind,
    implicit: bigint | undefined,
  ): number {
    const guestAddress = implicit ?? BigInt(page) * 4096n + BigInt(request.low & 4095);
    const update = kind === 'store' ? pseudo.write : pseudo.read;
    this.fault = {
      cause: faultCause('guestPage', request.access),
      tval: address64(request),
      tval2: guestAddress >> 2n,
      tinst: implicit === undefined ? 0 : update,
      gva: true,
    };
    return -1;
  }
}

function allowed(entry: number, access: AccessKind, mxr: boolean): boolean {
  switch (access) {
    case 'fetch':
      return (entry & pte.X) !== 0;
    case 'load':
      return (entry & pte.R) !== 0 || (mxr && (entry & pte.X) !== 0);
    case 'store':
      return (entry & pte.W) !== 0;
  }
}

/** Valid, W only with R, no reserved bits, and nothing but V in a pointer to the next level. */
function wellFormed(lower: number, upper: number): boolean {
  if (!(lower & pte.V) || (lower & (pte.R | pte.W)) === pte.W) return false;
  if (upper >>> 22 !== 0) return false;
  const leaf = (lower & (pte.R | pte.X)) !== 0;
  return leaf || (lower & (pte.A | pte.D | pte.U)) === 0;
}

const needsUpdate = (entry: number, access: AccessKind): boolean =>
  !(entry & pte.A) || (access === 'store' && !(entry & pte.D));

const updated = (access: AccessKind): number => (access === 'store' ? pte.A | pte.D : pte.A);

const misaligned = (page: number, level: number): boolean => page % 2 ** (level * 9) !== 0;

export function pageNumber(lower: number, upper: number): number {
  return (upper & 0x3fffff) * 2 ** 22 + (lower >>> 10);
}

/** `count` bits of `high:low` from bit `from`. */
function bits(low: number, high: number, from: number, count: number): number {
  // 2^20 pages of `high` and the page number of `low` make an exact number below 2^52.
  const pages = high * 2 ** 20 + (low >>> 12);
  return Math.floor(pages / 2 ** (from - 12)) % 2 ** count;
}

function address64({ low, high }: Request): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}
