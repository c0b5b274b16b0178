/**
 * Memory accesses that the inline TLB did not serve: translation, protection, devices, pages with
 * code, misalignment. Each ends with a value or a trap; a successful access to plain memory leaves
 * a TLB entry so that the next one is inline.
 */
import type { CodePages } from '../../engine/codePages.ts';
import { pageBytes } from '../../engine/layout.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import type { Words } from '../../devices/device.ts';
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import type { AccessKind } from '../cpu.ts';
import { isBare } from './directLoads.ts';
import type { HartState } from './hartState.ts';
import type { AccessMode, Mmu } from './mmu.ts';
import type { Pmp } from './pmp.ts';
import type { QuickWalk } from './quickWalk.ts';
import type { Watchpoints } from '../watchpoints.ts';
import type { Regimes } from './regimes.ts';
import type { TriggerAccess, Triggers } from './triggers.ts';
import type { TrapInfo } from './riscvHart.ts';
import { cause, faultCause, trap } from './trapCause.ts';
import { defined } from '../../base/assert.ts';

/** In place of a trap: the debugger wants to stop before the access. */
export const watchStop: TrapInfo = { ...trap(cause.breakpoint), gva: false };

/** A part of an access that is all in one page. */
interface Half {
  readonly low: number;
  readonly high: number;
  readonly size: number;
}

export class MemoryPath {
  /** The trap of the last access that failed. */
  fault: TrapInfo | undefined;
  /** What the last load that did not fail has read, zero-extended. */
  readonly loaded: Words = { low: 0, high: 0 };
  private readonly state: HartState;
  private readonly memory: PhysicalMemory;
  private readonly view: DataView;
  private readonly mmu: Mmu;
  private readonly quickWalk: QuickWalk;
  private readonly pmp: Pmp;
  private readonly regimes: Regimes;
  private readonly code: CodePages;
  private readonly triggers: Triggers;
  private readonly watchpoints: Watchpoints;
  private readonly retired: () => number;
  private readonly xlen: RegisterWidth;
  private readonly missed: (access: AccessKind) => void;

  constructor(parts: {
    state: HartState;
    memory: PhysicalMemory;
    view: DataView;
    mmu: Mmu;
    quickWalk: QuickWalk;
    pmp: Pmp;
    regimes: Regimes;
    code: CodePages;
    triggers: Triggers;
    watchpoints: Watchpoints;
    retired: () => number;
    xlen: RegisterWidth;
    /**
     * Told of each page that the TLB did not have, where addresses are translated: physical ones
     * are nothing that a TLB could miss, and translated code need not ask ours about them.
     */
    missed: (access: AccessKind) => void;
  }) {
    this.state = parts.state;
    this.memory = parts.memory;
    this.view = parts.view;
    this.mmu = parts.mmu;
    this.quickWalk = parts.quickWalk;
    this.pmp = parts.pmp;
    this.regimes = parts.regimes;
    this.code = parts.code;
    this.triggers = parts.triggers;
    this.watchpoints = parts.watchpoints;
    this.retired = parts.retired;
    this.xlen = parts.xlen;
    this.missed = parts.missed;
  }

  /**
   * Offset in memory of a data access to plain RAM, which the TLB serves from then on, unless code is
   * overwritten; -1 when it takes more than that.
   */
  quick(kind: 'read' | 'write', low: number, high: number, size: number): number {
    if (this.deviceAddress(low, high, size, this.regimes.dataMode) >= 0) return -1;
    const within = low & (pageBytes - 1);
    if (within + size > pageBytes || this.isWatched(low, high)) return -1;
    const { quickWalk, regimes } = this;
    const known = regimes.set.unpark(kind, low, high);
    if (known !== undefined) return (low + known) >>> 0;
    const access = kind === 'read' ? 'load' : 'store';
    const page = quickWalk.page(low, high, access, regimes.dataMode);
    if (page < 0 || this.watchpoints.watchesPhysical(page * pageBytes)) return -1;
    const offset = quickWalk.offsetOf(page);
    if (kind === 'write' && this.code.recordsAt(page * pageBytes) !== 0) {
      // Stores to code never are inline.
      this.code.invalidate(page * pageBytes + within, size);
      this.memory.noteWrite(offset + within, size);
      return offset + within;
    }
    if (!isBare(this.state, regimes.dataMode)) this.missed(access);
    const addend = (offset - (low & -pageBytes)) >>> 0;
    regimes.set.fill(kind, low, high, addend, quickWalk.leaf);
    return offset + within;
  }

  /**
   * Where a device is that M-mode accesses without translation and protection; -1 when it takes more
   * to find out.
   */
  private deviceAddress(low: number, high: number, size: number, mode: AccessMode): number {
    if (mode.privilege !== 3 || mode.pmlen || !this.pmp.isOpenToMachine) return -1;
    if (this.triggers.watching || this.watchpoints.watching) return -1;
    if ((low & (pageBytes - 1)) + size > pageBytes) return -1;
    const address = high * 2 ** 32 + low;
    return this.memory.mmio.wasLast(address, size) ? address : -1;
  }

  /** Physical address of a device that an access reaches, where finding out changes nothing; or -1. */
  device(access: 'load' | 'store', low: number, high: number, size: number): number {
    const mode = this.regimes.dataMode;
    const { mmio } = this.memory;
    const known = this.deviceAddress(low, high, size, mode);
    if (known >= 0) return known;
    if (this.triggers.watching || this.watchpoints.watching) return -1;
    const within = low & (pageBytes - 1);
    if (within + size > pageBytes) return -1;
    const page = this.quickWalk.anyPage(low, high, access, mode);
    const address = page * pageBytes + within;
    if (page < 0 || !this.pmp.allows(address, size, access, mode.privilege)) return -1;
    return mmio.find(address, size) ? address : -1;
  }

  /** Leaves `size` bytes at a virtual address in `loaded`; false with `fault` set. */
  load(low: number, high: number, size: number, mode: AccessMode): boolean {
    const device = this.deviceAddress(low, high, size, mode);
    if (device >= 0) return this.memory.mmio.readWords(device, size, this.loaded);
    if (this.triggered('load', low, high, size, mode)) return false;
    if ((low & (pageBytes - 1)) + size > pageBytes) return this.loadAcross(low, high, size, mode);
    const address = this.translate(low, high, 'load', mode, size);
    if (address < 0) return false;
    const offset = this.memory.offsetOf(address, size);
    if (offset >= 0) {
      if (mode === this.regimes.dataMode) this.remember('read', low, high, address);
      this.read(offset, size);
      return true;
    }
    if (!mode.executable && this.memory.mmio.readWords(address, size, this.loaded)) return true;
    return this.refuse(low, high, 'load', mode);
  }

  /** Stores a value in two words, unsigned; false with `fault` set. */
  store(low: number, high: number, size: number, value: Words, mode: AccessMode): boolean {
    const device = this.deviceAddress(low, high, size, mode);
    if (device >= 0) return this.memory.mmio.writeWords(device, size, value.low, value.high);
    if (this.triggered('store', low, high, size, mode)) return false;
    if ((low & (pageBytes - 1)) + size > pageBytes) {
      return this.storeAcross(low, high, size, fromWords(value), mode);
    }
    const address = this.translate(low, high, 'store', mode, size);
    if (address < 0) return false;
    const region = this.memory.regionAt(address, size);
    if (region?.writable) {
      this.write(region.offset + (address - region.base), address, size, value.low, value.high);
      if (mode === this.regimes.dataMode) this.remember('write', low, high, address);
      return true;
    }
    if (!region && this.memory.mmio.writeWords(address, size, value.low, value.high)) return true;
    return this.refuse(low, high, 'store', mode);
  }

  /** Memory offset of a word to be read and written at once; -1 with `fault` set. */
  atomic(low: number, high: number, size: number, mode: AccessMode): number {
    if (this.triggered('atomic', low, high, size)) return -1;
    const address = this.translate(low, high, 'store', mode, size);
    if (address < 0) return -1;
    const region = this.memory.regionAt(address, size);
    if (!region?.writable) {
      // Atomics reach memory only: the board's devices do not support them.
      this.refuse(low, high, 'store', mode);
      return -1;
    }
    const offset = region.offset + (address - region.base);
    this.code.invalidate(address, size);
    this.memory.noteWrite(offset, size);
    this.remember('write', low, high, address);
    return offset;
  }

  /** Memory offset of the aligned block around an address, to be overwritten; -1 with `fault` set. */
  block(low: number, high: number, size: number, mode: AccessMode): number {
    if (this.triggered('store', (low & -size) >>> 0, high, size)) return -1;
    const address = this.translate(low, high, 'store', mode, size);
    if (address < 0) return -1;
    const start = address - (address % size);
    const region = this.memory.regionAt(start, size);
    if (!region?.writable || !this.pmp.allows(start, size, 'store', mode.privilege)) {
      this.refuse(low, high, 'store', mode);
      return -1;
    }
    const offset = region.offset + (start - region.base);
    this.code.invalidate(start, size);
    this.memory.noteWrite(offset, size);
    return offset;
  }

  /**
   * Whether a load or a store is permitted, which is what management of a block asks; false with
   * `fault` set, always a store's. Who may store may load, so that the dirty bit is left alone.
   */
  reachable(low: number, high: number, size: number, mode: AccessMode): boolean {
    if (this.triggered('store', (low & -size) >>> 0, high, size)) return false;
    const address = this.mmu.translate(low, high, 'load', mode);
    if (address < 0) {
      const fault = defined(this.mmu.fault, 'the fault of a failed translation');
      this.fault = { ...fault, cause: asStore(fault.cause) };
      return false;
    }
    if (this.memory.offsetOf(address, 1) >= 0 || this.memory.mmio.find(address, 1)) return true;
    this.refuse(low, high, 'store', mode);
    return false;
  }

  /** Physical address to fetch from; -1 with `fault` set. Only memory can be executed. */
  fetch(low: number, high: number): number {
    const mode = this.regimes.fetchMode;
    const known = this.regimes.set.parkedFetch(low, high);
    if (known) {
      this.mmu.leaf = known.leaf;
      return known.page * pageBytes + (low & (pageBytes - 1));
    }
    const address = this.translate(low, high, 'fetch', mode, 2);
    if (address < 0) return -1;
    if (this.memory.offsetOf(address, 2) >= 0) {
      if (!isBare(this.state, mode)) this.missed('fetch');
      return address;
    }
    this.refuse(low, high, 'fetch', mode);
    return -1;
  }

  /** Enters the page that was just fetched from, whose records are there, into the TLB. */
  rememberFetch(low: number, high: number, records: number): void {
    this.regimes.set.fill('fetch', low, high, records, this.mmu.leaf);
  }

  /** Physical address with no permission checked and nothing changed, or -1. */
  debugTranslate(address: bigint, mode: AccessMode): number {
    const low = Number(address & 0xffff_ffffn);
    return this.mmu.translate(low, Number((address >> 32n) & 0xffff_ffffn), 'fetch', mode);
  }

  /**
   * A debug trigger goes before everything else that an access may meet, and a debugger's watchpoint
   * before that; `fault` is set. Accesses made for others, as in a guest, are not watched.
   */
  triggered(
    access: TriggerAccess,
    low: number,
    high: number,
    size: number,
    mode = this.regimes.dataMode,
  ): boolean {
    if (this.watchpoints.watching && mode === this.regimes.dataMode && access !== 'fetch') {
      if (this.isStopped(access, low, high, size)) {
        this.fault = watchStop;
        return true;
      }
    }
    if (!this.triggers.watching) return false;
    const info = this.triggers.check(access, low, high, size);
    if (info) this.fault = info;
    return info !== undefined;
  }

  private isStopped(
    access: Exclude<TriggerAccess, 'fetch'>,
    low: number,
    high: number,
    size: number,
  ): boolean {
    const { watchpoints } = this;
    const retired = this.retired();
    if (!watchpoints.watchingPhysical) return watchpoints.stopsAt(access, low, high, size, retired);
    // Pages side by side need not be so in physical memory.
    const here = Math.min(size, pageBytes - (low & (pageBytes - 1)));
    const mode = this.regimes.dataMode;
    const at = this.physical(low, high, mode);
    if (watchpoints.stopsAt(access, low, high, here, retired, at)) return true;
    if (here === size) return false;
    const nextLow = (low + here) >>> 0;
    const nextHigh = nextLow === 0 ? (high + 1) >>> 0 : high;
    const next = this.physical(nextLow, nextHigh, mode);
    return watchpoints.stopsAt(access, nextLow, nextHigh, size - here, retired, next);
  }

  /** Where an access would go if nothing forbade it, or -1. */
  private physical(low: number, high: number, mode: AccessMode): number {
    return this.mmu.translate(low, high, 'load', { ...mode, debug: true });
  }

  /** Somebody wants to hear of accesses to the page: none may be inline. */
  private isWatched(low: number, high: number): boolean {
    return this.triggers.watches(low, high) || this.watchpoints.watches(low, high);
  }

  private translate(
    low: number,
    high: number,
    access: AccessKind,
    mode: AccessMode,
    size = 1,
  ): number {
    const address = this.mmu.translate(low, high, access, mode, size);
    if (address < 0) this.fault = this.mmu.fault;
    return address;
  }

  /** A trap that is about the address of an access and nothing else. */
  trapAt(code: number, low: number, high: number, mode: AccessMode): TrapInfo {
    const address = (BigInt(this.mmu.transformed(high, mode)) << 32n) | BigInt(low);
    return { ...trap(code, address), gva: mode.virtualized };
  }

  private refuse(low: number, high: number, access: AccessKind, mode: AccessMode): false {
    this.fault = this.trapAt(faultCause('access', access), low, high, mode);
    return false;
  }

  /** Enters a page into the TLB when the same answer holds for all of it. */
  private remember(kind: 'read' | 'write', low: number, high: number, address: number): void {
    const page = address - (address % pageBytes);
    const region = this.memory.regionAt(page, pageBytes);
    if (!region || !this.pmp.uniform(page, pageBytes)) return;
    if (this.isWatched(low, high) || this.watchpoints.watchesPhysical(address)) return;
    if (kind === 'write' && (!region.writable || this.code.recordsAt(page) !== 0)) return;
    if (!isBare(this.state, this.regimes.dataMode)) this.missed(kind === 'read' ? 'load' : 'store');
    const offset = region.offset + (page - region.base);
    const addend = (offset - (low & -pageBytes)) >>> 0;
    this.regimes.set.fill(kind, low, high, addend, this.mmu.leaf);
  }

  /** The halves in two pages, each an access with a fault of its own. */
  private loadAcross(low: number, high: number, size: number, mode: AccessMode): boolean {
    let value = 0n;
    let shift = 0n;
    for (const half of this.halves(low, high, size)) {
      const address = this.translate(half.low, half.high, 'load', mode, half.size);
      if (address < 0) return false;
      for (let i = 0; i < half.size; i++) {
        const offset = this.memory.offsetOf(address + i, 1);
        if (offset >= 0) this.read(offset, 1);
        else if (mode.executable || !this.memory.mmio.readWords(address + i, 1, this.loaded)) {
          return this.refuse(half.low, half.high, 'load', mode);
        }
        value |= BigInt(this.loaded.low) << shift;
        shift += 8n;
      }
    }
    this.loaded.low = lower(value);
    this.loaded.high = upper(value);
    return true;
  }

  /** Both pages are asked before anything is written, so that a fault leaves no half. */
  private storeAcross(
    low: number,
    high: number,
    size: number,
    value: bigint,
    mode: AccessMode,
  ): boolean {
    const bytes: number[] = [];
    for (const half of this.halves(low, high, size)) {
      const address = this.translate(half.low, half.high, 'store', mode, half.size);
      if (address < 0) return false;
      for (let i = 0; i < half.size; i++) {
        if (!this.takesBytes(address + i)) {
          this.refuse(half.low, half.high, 'store', mode);
          return false;
        }
        bytes.push(address + i);
      }
    }
    bytes.forEach((address, i) => {
      const byte = Number((value >> BigInt(i * 8)) & 0xffn);
      const offset = this.memory.offsetOf(address, 1);
      if (offset >= 0) this.write(offset, address, 1, byte, 0);
      else this.memory.mmio.writeWords(address, 1, byte, 0);
    });
    return true;
  }

  /** What an access that crosses a page boundary does in each page. */
  private halves(low: number, high: number, size: number): readonly Half[] {
    const first = pageBytes - (low & (pageBytes - 1));
    const next = (low + first) % 2 ** 32;
    const carried = next === 0 ? (high + 1) >>> 0 : high;
    const nextHigh = this.xlen === 32 ? 0 : carried;
    return [
      { low, high, size: first },
      { low: next, high: nextHigh, size: size - first },
    ];
  }

  private takesBytes(address: number): boolean {
    const region = this.memory.regionAt(address, 1);
    return region ? region.writable : this.memory.mmio.find(address, 1) !== undefined;
  }

  private read(offset: number, size: number): void {
    const { loaded, view } = this;
    loaded.high = 0;
    switch (size) {
      case 1:
        loaded.low = view.getUint8(offset);
        return;
      case 2:
        loaded.low = view.getUint16(offset, true);
        return;
      case 4:
        loaded.low = view.getUint32(offset, true);
        return;
      default:
        loaded.low = view.getUint32(offset, true);
        loaded.high = view.getUint32(offset + 4, true);
    }
  }

  private write(offset: number, address: number, size: number, low: number, high: number): void {
    const page = address - (address % pageBytes);
    if (this.code.recordsAt(page) !== 0) this.code.invalidate(address, size);
    this.memory.noteWrite(offset, size);
    switch (size) {
      case 1:
        return this.view.setUint8(offset, low);
      case 2:
        return this.view.setUint16(offset, low, true);
      case 4:
        return this.view.setUint32(offset, low, true);
      default:
        this.view.setUint32(offset, low, true);
        return this.view.setUint32(offset + 4, high, true);
    }
  }

  /** The fault, which the caller knows to be there. */
  takeFault(): TrapInfo {
    return defined(this.fault, 'the fault of a failed access');
  }
}

/** Words of 64 bits. */
export const lower = (value: bigint): number => Number(value & 0xffff_ffffn);
export const upper = (value: bigint): number => Number((value >> 32n) & 0xffff_ffffn);
export const fromWords = ({ low, high }: Words): bigint =>
  (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

function asStore(code: number): number {
  const faults = (['access', 'page', 'guestPage'] as const).map((fault) => ({
    load: faultCause(fault, 'load'),
    store: faultCause(fault, 'store'),
  }));
  return defined(faults.find((f) => f.load === code)?.store, 'the fault of a load');
}
