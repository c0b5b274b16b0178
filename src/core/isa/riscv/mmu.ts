/**
 * Address translation (privileged manual, virtual address translation process; hypervisor,
 * two-stage address translation). One walk serves every scheme and every stage; it gives a page or
 * a trap. Nothing is remembered here.
 */
import type { RegisterWidth } from '../../engine/semantics.ts';
import type { TlbLeaf } from '../../engine/tlbSet.ts';
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import type { AccessKind } from '../cpu.ts';
import { CSR } from './csr/numbers.ts';
import { status, type HartState } from './hartState.ts';
import {
  guestRootBits,
  isLeaf,
  leafBits,
  pageNumber,
  pte,
  rootOf,
  wellFormed,
  type Entry,
  type EntryRules,
  type Root,
} from './pageTable.ts';
import type { Pmp } from './pmp.ts';
import { faultCause } from './trapCause.ts';
import type { Privilege, TrapInfo } from './riscvHart.ts';

/** Of 2: the operator is a call where the exponent is not constant. */
const powers = Array.from({ length: 64 }, (_, n) => 2 ** n);

/** In whose name an access is made, and what it may do. */
export interface AccessMode {
  readonly privilege: Privilege;
  readonly virtualized: boolean;
  /** Upper bits of addresses that are ignored (Zpm, PMLEN). */
  readonly pmlen?: number;
  /** HLVX: executable at both stages instead of readable, reported as a load. */
  readonly executable?: boolean;
  /** For debuggers: permissions do not count and nothing is written. */
  readonly debug?: boolean;
}

/** Single stage, first of two, second of two. */
export type Stage = 'S' | 'VS' | 'G';

const rootRegister = { S: CSR.satp, VS: CSR.vsatp, G: CSR.hgatp } as const;

/** Fields in the upper words of menvcfg and henvcfg. */
const environment = { ADUE: 1 << 29, PBMTE: 1 << 30 } as const;

export interface StageRules extends EntryRules {
  /** A and D are set by hardware; otherwise a page fault asks software to (Svade). */
  readonly updates: boolean;
}

/** The access that is being translated, as its trap will report it. */
interface Request {
  readonly low: number;
  readonly high: number;
  readonly access: AccessKind;
  readonly mode: AccessMode;
}

/** One stage of it. */
interface Walk {
  readonly request: Request;
  readonly stage: Stage;
  /** Page number to be translated. */
  readonly page: number;
  /** What is to be permitted: the request's kind, but for implicit accesses. */
  readonly access: AccessKind;
  /** Guest physical address of the VS-stage entry that is read or written, if that is all. */
  readonly implicit?: bigint;
}

const noLeaf: TlbLeaf = { bits: 0, global: false };

export class Mmu {
  /** The trap of the last translation that gave -1. */
  fault: TrapInfo | undefined;
  /** Of the first stage, the last that was walked: what a fence of an address is about. */
  leaf: TlbLeaf = noLeaf;
  private readonly state: HartState;
  private readonly memory: PhysicalMemory;
  private readonly pmp: Pmp;
  private readonly xlen: RegisterWidth;
  private readonly svnapot: boolean;
  private readonly svpbmt: boolean;
  /** Who sets A and D: as ADUE says, or always the same when that bit does not exist. */
  private readonly updates: 'ADUE' | 'always' | 'never';

  /** `extensions`: lower-case names of those that exist. */
  constructor(state: HartState, memory: PhysicalMemory, pmp: Pmp, extensions: ReadonlySet<string>) {
    this.state = state;
    this.memory = memory;
    this.pmp = pmp;
    this.xlen = state.xlen;
    this.svnapot = extensions.has('svnapot');
    this.svpbmt = extensions.has('svpbmt');
    this.updates = extensions.has('svadu') ? 'ADUE' : extensions.has('svade') ? 'never' : 'always';
  }

  /** Root named by satp, vsatp or hgatp. */
  root(register: number): Root {
    return rootOf(this.xlen, this.state.low(register), this.state.high(register));
  }

  /**
   * Physical address of the virtual address `high:low`, or -1 with `fault` set. The `size` bytes
   * there are all in one page.
   */
  translate(low: number, high: number, access: AccessKind, mode: AccessMode, size = 1): number {
    const request = { low, high: this.transformed(high, mode), access, mode };
    const page = this.translatePage(request);
    if (page < 0) return -1;
    const address = page * 4096 + (low & 4095);
    const needed = mode.executable ? 'executableLoad' : access;
    if (mode.debug || this.pmp.allows(address, size, needed, mode.privilege)) return address;
    return this.failAccess(request);
  }

  /** Physical address of a guest-physical page number and offset, or -1. */
  translateGuestPage(page: number, offset: number, access: AccessKind, mode: AccessMode): number {
    const request = { low: offset, high: 0, access, mode };
    const found = this.walk({ request, stage: 'G', page, access });
    return found < 0 ? -1 : found * 4096 + offset;
  }

  /** What the first stage makes of a virtual address: guest-physical when virtualized; or -1. */
  translateFirstStage(low: number, high: number, access: AccessKind, mode: AccessMode): number {
    const page = this.firstStage({ low, high, access, mode });
    return page < 0 ? -1 : page * 4096 + (low & 4095);
  }

  /**
   * The upper word of an effective address, as pointer masking transforms it (Zpm, the "ignore"
   * transformation): sign extension for virtual addresses, zero extension for physical ones.
   */
  transformed(high: number, { pmlen = 0, privilege, virtualized }: AccessMode): number {
    if (pmlen === 0) return high;
    const register = virtualized ? CSR.vsatp : CSR.satp;
    const physical = privilege === 3 || this.root(register).scheme === undefined;
    return (physical ? (high << pmlen) >>> pmlen : (high << pmlen) >> pmlen) >>> 0;
  }

  private translatePage(request: Request): number {
    const page = this.firstStage(request);
    if (page < 0 || !request.mode.virtualized) return page;
    return this.walk({ request, stage: 'G', page, access: request.access });
  }

  /** The result is a guest-physical page when virtualized. */
  private firstStage(request: Request): number {
    const { low, high, access, mode } = request;
    this.leaf = noLeaf;
    // 2^20 pages of `high` and the page number of `low` make an exact number below 2^52.
    const page = this.xlen === 32 ? low >>> 12 : high * 2 ** 20 + (low >>> 12);
    if (mode.virtualized) return this.walk({ request, stage: 'VS', page, access });
    return mode.privilege === 3 ? page : this.walk({ request, stage: 'S', page, access });
  }

  /**
   * The virtual address translation process, in the manual's steps; the page, or -1 with `fault`
   * set. Step 7 is about shadow stacks, which do not exist.
   */
  private walk(walk: Walk): number {
    const { request, stage, page } = walk;
    const { scheme, page: root } = this.root(rootRegister[stage]);
    if (!scheme) return page;
    const { levels, indexBits, entryBytes } = scheme;
    const rules = this.rules(stage);
    // Step 1. The address must have no more bits than the scheme takes.
    const pageBits = levels * indexBits + (stage === 'G' ? guestRootBits : 0);
    if (!(stage === 'G' ? page < powers[pageBits]! : this.isCanonical(page, pageBits))) {
      return this.fail(walk);
    }
    let table = root;
    let level = levels - 1;
    let global = false;
    while (level >= 0) {
      // Step 2. Only the root of the G-stage has more entries than fit in a page.
      const span = powers[level * indexBits]!;
      const isRoot = level === levels - 1;
      const entries = powers[isRoot && stage === 'G' ? indexBits + guestRootBits : indexBits]!;
      const offset = (Math.floor(page / span) % entries) * entryBytes;
      const at = this.entryAddress(walk, table, offset, entryBytes, 'load');
      if (at < 0) return -1;
      const entry = this.read(at, entryBytes);
      const target = pageNumber(entry, scheme);
      // Step 3.
      if (!wellFormed(entry, level, target, rules)) return this.fail(walk);
      global ||= (entry.lower & pte.G) !== 0;
      // Step 4.
      if (!isLeaf(entry)) {
        table = target;
        level--;
        continue;
      }
      // Step 5. In a NAPOT range the lowest bits say that it is one.
      const bits = leafBits(entry, level, scheme);
      if (level > 0 && target % span !== 0) return this.fail(walk);
      // Steps 6 and 8.
      if (!request.mode.debug && !this.permits(entry, walk)) return this.fail(walk);
      // Step 9.
      if (!request.mode.debug && needsUpdate(entry, walk.access)) {
        if (!rules.updates) return this.fail(walk);
        const store = this.entryAddress(walk, table, offset, entryBytes, 'store');
        if (store < 0) return -1;
        // Finding where to store may itself have changed this very entry.
        if (this.memory.read32(store) !== entry.lower) continue;
        this.memory.write32(store, entry.lower | updated(walk.access));
      }
      // Step 10.
      if (stage !== 'G') this.leaf = { bits, global };
      return target - (target % powers[bits]!) + (page % powers[bits]!);
    }
    return this.fail(walk);
  }

  /** "Bits 63–39 all equal to bit 38", and likewise; of Sv32 there are no others. */
  private isCanonical(page: number, pageBits: number): boolean {
    if (this.xlen === 32) return true;
    const above = Math.floor(page / powers[pageBits - 1]!);
    return above === 0 || above === powers[53 - pageBits]! - 1;
  }

  /** What the present settings make of entries. */
  rules(stage: Stage): StageRules {
    const { state, svnapot } = this;
    let high = state.high(CSR.menvcfg);
    // Fields of henvcfg are zero where those of menvcfg are.
    if (stage === 'VS') high &= state.high(CSR.henvcfg);
    const updates = this.updates === 'ADUE' ? (high & environment.ADUE) !== 0 : undefined;
    return {
      svnapot,
      pbmte: this.svpbmt && (high & environment.PBMTE) !== 0,
      updates: updates ?? this.updates === 'always',
    };
  }

  /**
   * Physical address of an entry, read or written with the effective privilege of S-mode
   * (privileged manual, PMP and paging). In a guest it is a guest physical one before.
   */
  private entryAddress(
    { request, stage }: Walk,
    table: number,
    offset: number,
    size: number,
    access: 'load' | 'store',
  ): number {
    let page = table;
    if (stage === 'VS') {
      const implicit = BigInt(table) * 4096n + BigInt(offset);
      page = this.walk({ request, stage: 'G', page, access, implicit });
      if (page < 0) return -1;
    }
    // The root of the G-stage goes on for four pages.
    const at = page * 4096 + offset;
    const region = this.memory.regionAt(at, size);
    const present = region && (access === 'load' || region.writable);
    if (!present) return this.failAccess(request);
    return request.mode.debug || this.pmp.allows(at, size, access, 1)
      ? at
      : this.failAccess(request);
  }

  private read(at: number, size: 4 | 8): Entry {
    const lower = this.memory.read32(at);
    return { lower, upper: size === 8 ? this.memory.read32(at + 4) : 0 };
  }

  private permits({ lower }: Entry, { request, stage, access, implicit }: Walk): boolean {
    const { mode } = request;
    const user = (lower & pte.U) !== 0;
    const machine = this.state.low(CSR.mstatus);
    // "The current privilege mode is always taken to be U-mode"; and MXR is for explicit loads.
    if (stage === 'G') {
      if (!user) return false;
      if (implicit !== undefined) return allowed(lower, access, false);
      return mode.executable
        ? (lower & pte.X) !== 0
        : allowed(lower, access, (machine & status.MXR) !== 0);
    }
    // vsstatus governs the VS-stage; sstatus.MXR makes executable pages readable there as well.
    const own = stage === 'VS' ? this.state.low(CSR.vsstatus) : machine;
    const forbidden =
      mode.privilege === 0 ? !user : user && (access === 'fetch' || (own & status.SUM) === 0);
    if (forbidden) return false;
    if (mode.executable) return (lower & pte.X) !== 0;
    return allowed(lower, access, ((own | machine) & status.MXR) !== 0);
  }

  /** A page fault or a guest-page fault, always of the original kind of access. */
  private fail({ request, stage, page, access, implicit }: Walk): number {
    const { low, high, mode } = request;
    const guest = stage === 'G';
    const guestAddress = implicit ?? BigInt(page) * 4096n + BigInt(low & 4095);
    this.fault = {
      cause: faultCause(guest ? 'guestPage' : 'page', request.access),
      tval: address64(high, low),
      tval2: guest ? guestAddress >> 2n : 0n,
      tinst: implicit === undefined ? 0 : pseudoinstruction(this.xlen, access),
      gva: mode.virtualized,
    };
    return -1;
  }

  private failAccess({ low, high, access, mode }: Request): number {
    this.fault = {
      cause: faultCause('access', access),
      tval: address64(high, low),
      tval2: 0n,
      tinst: 0,
      gva: mode.virtualized,
    };
    return -1;
  }
}

function allowed(lower: number, access: AccessKind, mxr: boolean): boolean {
  switch (access) {
    case 'fetch':
      return (lower & pte.X) !== 0;
    case 'load':
      return (lower & pte.R) !== 0 || (mxr && (lower & pte.X) !== 0);
    case 'store':
      return (lower & pte.W) !== 0;
  }
}

const needsUpdate = ({ lower }: Entry, access: AccessKind): boolean =>
  (lower & pte.A) === 0 || (access === 'store' && (lower & pte.D) === 0);

const updated = (access: AccessKind): number => (access === 'store' ? pte.A | pte.D : pte.A);

/** For implicit accesses of VS-stage tables (hypervisor, special pseudoinstruction values). */
const pseudoinstruction = (xlen: RegisterWidth, access: AccessKind): number =>
  (xlen === 32 ? 0x2000 : 0x3000) | (access === 'store' ? 0x20 : 0);

const address64 = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low >>> 0);
