/**
 * Loads that need no translation and no protection check: translated code reaches memory by adding a
 * constant where all of it may be read and addresses are physical, or lead to it in one piece. What
 * says so is beside the entries of the TLB set in use, and goes when they go.
 */
import { pageBytes, registerBytes, hart as layout } from '../../engine/layout.ts';
import type { DirectRange } from '../../engine/directRange.ts';
import type { TlbSet } from '../../engine/tlbSet.ts';
import type { PhysicalMemory, RamRegion } from '../../memory/physicalMemory.ts';
import type { Watchpoints } from '../watchpoints.ts';
import { event } from './csr/counters.ts';
import type { CsrFile } from './csr/csrFile.ts';
import { CSR } from './csr/numbers.ts';
import type { HartState } from './hartState.ts';
import { LinearPageFinder, type LinearPages } from './linearPages.ts';
import type { AccessMode } from './mmu.ts';
import type { Pmp } from './pmp.ts';
import type { QuickWalk } from './quickWalk.ts';
import type { Regimes } from './regimes.ts';

/** Fewer are not worth code of their own. */
const fewestPages = 64;
/** Numbers of pages whose addresses a number holds exactly, either side of 0. */
const mostPages = 2 ** 40;
/** Instructions that run in the time of twenty looks at a leaf. */
const instructionsOfLook = 1500;
/** A search pays when its result lives so many times as long as it has to wait for the next. */
const longLife = 16;
const mostDoublings = 12;

/** Searches for a TLB set: when the next may be, and what the last has led to. */
interface Searches {
  next: number;
  begun: number;
  looks: number;
  doublings: number;
}

export class DirectLoads {
  private readonly state: HartState;
  private readonly memory: PhysicalMemory;
  private readonly pmp: Pmp;
  private readonly csrs: CsrFile;
  private readonly regimes: Regimes;
  private readonly watchpoints: Watchpoints;
  private readonly finder: LinearPageFinder;
  private readonly retired: () => number;
  private readonly searches = new Map<TlbSet, Searches>();
  private ram: RamRegion | undefined;

  constructor(parts: {
    state: HartState;
    memory: PhysicalMemory;
    pmp: Pmp;
    csrs: CsrFile;
    regimes: Regimes;
    watchpoints: Watchpoints;
    quickWalk: QuickWalk;
    retired: () => number;
  }) {
    this.state = parts.state;
    this.memory = parts.memory;
    this.pmp = parts.pmp;
    this.csrs = parts.csrs;
    this.regimes = parts.regimes;
    this.watchpoints = parts.watchpoints;
    this.finder = new LinearPageFinder(parts.quickWalk);
    this.retired = parts.retired;
  }

  /** Says what loads reach where addresses are physical, unless that is said. */
  update(): void {
    const { set, dataMode } = this.regimes;
    if (set.direct || !this.allowed(dataMode) || !isBare(this.state, dataMode)) return;
    const ram = this.largest();
    if (!ram) return;
    const [first, behind] = [ram.base / pageBytes, (ram.base + ram.size) / pageBytes];
    const leaves = [first, behind] as const;
    set.direct = this.range({ first, behind, distance: 0, leaves, global: false }, dataMode);
  }

  /** As in `InterpreterClient`. */
  find(): void {
    const { set, dataMode } = this.regimes;
    // Translations are also made while another hart runs: then this one's registers may already be
    // another regime's than the set, which is selected when the hart runs on.
    if (this.csrs.translationChanged || this.csrs.protectionChanged) return;
    if (set.direct || !this.allowed(dataMode) || isBare(this.state, dataMode)) return;
    // These watch physical pages, wherever they are seen; and somebody counts what they save.
    if (this.watchpoints.watchingPhysical || this.csrs.counters.counts(event.loadMiss)) return;
    if (!this.mayLook(set)) return;
    const pages = this.finder.most(this.pagesOfRegisters(), dataMode);
    set.direct = pages && this.range(pages, dataMode);
    this.looked(set);
  }

  private allowed(mode: AccessMode): boolean {
    return this.state.xlen === 64 && !mode.pmlen && !this.csrs.triggers.watching;
  }

  /** Pages that are no RAM are left away, also in the middle of a leaf. */
  private range(pages: LinearPages, mode: AccessMode): DirectRange | undefined {
    const ram = this.largest();
    if (!ram) return undefined;
    const { distance, leaves, global } = pages;
    const first = Math.max(pages.first, ram.base / pageBytes - distance);
    const behind = Math.min(pages.behind, (ram.base + ram.size) / pageBytes - distance);
    if (behind - first < fewestPages) return undefined;
    const bytes = (behind - first) * pageBytes;
    const physical = (first + distance) * pageBytes;
    const { pmp } = this;
    if (!pmp.open && !pmp.allows(physical, bytes, 'load', mode.privilege)) return undefined;
    const base = first * pageBytes;
    const hole = this.watchedIn(base, bytes);
    return { base, bytes, offset: ram.offset + (physical - ram.base), hole, leaves, global };
  }

  /** What is read there by addresses that somebody watches. */
  private watchedIn(base: number, bytes: number): DirectRange['hole'] {
    const { readPages } = this.watchpoints;
    if (!readPages) return { at: 0, bytes: 0 };
    const signed = (page: number): number => (page >= 2 ** 51 ? page - 2 ** 52 : page);
    const [one, other] = [signed(readPages.first), signed(readPages.last)];
    const from = Math.min(one, other) * pageBytes - base;
    const to = (Math.max(one, other) + 1) * pageBytes - base;
    if (to <= 0 || from >= bytes) return { at: 0, bytes: 0 };
    const at = Math.max(from, 0);
    return { at, bytes: Math.min(to, bytes) - at };
  }

  /** Where registers point to: what programs work on, if they are pointers. */
  private pagesOfRegisters(): number[] {
    const { u32, area } = this.state;
    const pages: number[] = [];
    for (let index = 1; index < 32; index++) {
      const word = (area + layout.registers + index * registerBytes) >>> 2;
      const page = (u32[word + 1]! | 0) * 2 ** 20 + (u32[word]! >>> 12);
      if (Math.abs(page) < mostPages) pages.push(page);
    }
    return pages;
  }

  /** Searches take a twentieth of the time at most, and less where fences soon undo them. */
  private mayLook(set: TlbSet): boolean {
    const searches = this.searches.get(set);
    if (!searches) return true;
    const now = this.retired();
    if (now < searches.next) return false;
    const isOld = now - searches.begun > longLife * (searches.next - searches.begun);
    searches.doublings = isOld ? 0 : Math.min(searches.doublings + 1, mostDoublings);
    return true;
  }

  private looked(set: TlbSet): void {
    const begun = this.retired();
    const { looks } = this.finder;
    const doublings = this.searches.get(set)?.doublings ?? 0;
    const next = begun + looks * instructionsOfLook * 2 ** doublings;
    this.searches.set(set, { begun, looks, doublings, next });
  }

  /** Regions do not change once a hart runs. */
  private largest(): RamRegion | undefined {
    if (this.ram) return this.ram;
    for (const region of this.memory.regions) {
      if (region.writable && region.size > (this.ram?.size ?? 0)) this.ram = region;
    }
    return this.ram;
  }
}

/** Whether addresses are physical: "no address translation or protection" is MODE 0 of satp. */
export function isBare(state: HartState, { privilege, virtualized }: AccessMode): boolean {
  if (virtualized) return false;
  return privilege === 3 || state.high(CSR.satp) >>> 28 === 0;
}
