/**
 * Which TLB set serves the hart's present way of accessing memory. Everything that a translation
 * depends on is part of the key, address-space and virtual-machine identifiers among it, so a
 * change of privilege, address space or virtual machine needs no flush. Fences flush what they are
 * about (privileged manual, SFENCE.VMA; hypervisor, memory-management fences).
 */
import { fields, list, mustFit, numbers, whole, within, type Shape } from '../../base/persist.ts';
import type { EngineMemory } from '../../engine/engineMemory.ts';
import { hart as layout, tlb } from '../../engine/layout.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import { TlbSet, type TlbPlaces } from '../../engine/tlbSet.ts';
import { CSR } from './csr/numbers.ts';
import { status, type HartState } from './hartState.ts';
import type { AccessMode } from './mmu.ts';
import { asidMask, asidOf, vmidMask, vmidOf } from './pageTable.ts';
import { pmlenOf } from './pointerMasking.ts';

/** The modes, then two words each of satp, vsatp and hgatp, zero where they do not matter. */
const keyWords = 7;
const keyOf = { modes: 0, satp: 1, vsatp: 3, hgatp: 5 } as const;
/** In the word of modes. */
const uses = { satp: 1 << 30, vsatp: 1 << 31 } as const;

/** Which sets serve which regimes, and what is in them. */
export interface RegimesState {
  readonly keys: Uint32Array;
  readonly lastUse: readonly number[];
  readonly uses: number;
  readonly current: number;
  /** By set, as `TlbSet.save` gives them. */
  readonly entries: readonly Uint32Array[];
}

const areEntries: Shape = (value) =>
  value instanceof Uint32Array && TlbSet.fits(value) ? undefined : '';
const shape = fields({
  keys: numbers(Uint32Array, keyWords * tlb.sets),
  ...{ lastUse: list(whole, tlb.sets), uses: whole, current: within(0, tlb.sets - 1) },
  entries: list(areEntries, tlb.sets),
});

/** What a fence is about; what is absent stands for all. */
export interface Fence {
  readonly address?: { readonly low: number; readonly high: number };
  /** ASID, or VMID of a fence of the G-stage. */
  readonly space?: number;
}

export class Regimes {
  private readonly state: HartState;
  private readonly sets: TlbSet[];
  private readonly keys: Uint32Array;
  private readonly wanted = new Uint32Array(keyWords);
  /** When each set was last selected. */
  private readonly lastUse: number[];
  private uses = 0;
  private current = 0;
  /** How fetches and data accesses are made at present. */
  fetchMode: AccessMode = { privilege: 3, virtualized: false };
  dataMode: AccessMode = { privilege: 3, virtualized: false };

  constructor(memory: EngineMemory, state: HartState) {
    this.state = state;
    this.sets = Array.from({ length: tlb.sets }, (_, i) => new TlbSet(memory, state.area, i));
    this.lastUse = this.sets.map(() => 0);
    // All ones is no key, so no set is taken for one that is in use.
    this.keys = new Uint32Array(keyWords * tlb.sets).fill(0xffff_ffff);
    this.select();
  }

  get set(): TlbSet {
    return this.sets[this.current]!;
  }

  /**
   * Makes the set of the present regime current, an older one's if it has none yet. False when it
   * was current already: nothing that a translation depends on is another than before.
   */
  select(): boolean {
    const { state } = this;
    this.readModes();
    this.makeKey();
    if (this.isKey(this.current)) return false;
    this.current = this.findSet();
    this.lastUse[this.current] = ++this.uses;
    state.u32[(state.area + layout.tlbSet) >>> 2] = this.set.base;
    return true;
  }

  save(places: TlbPlaces): RegimesState {
    const { keys, lastUse, uses, current } = this;
    const entries = this.sets.map((set) => set.save(places));
    return { keys: keys.slice(), lastUse: [...lastUse], uses, current, entries };
  }

  checkState(name: string, state: RegimesState): void {
    mustFit(`the translation regimes of ${name}`, state, shape);
  }

  /** Of a state that fits, with registers as they were then. */
  restore(state: RegimesState, places: TlbPlaces): void {
    this.sets.forEach((set, i) => set.restore(state.entries[i]!, places));
    this.keys.set(state.keys);
    state.lastUse.forEach((use, i) => (this.lastUse[i] = use));
    this.uses = state.uses;
    this.current = state.current;
    this.state.u32[(this.state.area + layout.tlbSet) >>> 2] = this.set.base;
    this.readModes();
  }

  /** Stores to each page come by once more. */
  parkWrites(): void {
    for (const set of this.sets) set.parkWrites();
  }

  flushAll(): void {
    for (const set of this.sets) set.flush();
  }

  flushFetches(): void {
    for (const set of this.sets) set.flushKind('fetch');
  }

  dropWritesTo(offset: number): void {
    for (const set of this.sets) set.dropWritesTo(offset);
  }

  /** SFENCE.VMA with V=0. True when the current set may have lost entries, as of all fences. */
  fenceSupervisor(fence: Fence): boolean {
    const space = this.wantedSpace(fence, asidMask);
    return this.flushSets(
      (set) =>
        this.has(set, uses.satp) && (space === undefined || this.asid(set, 'satp') === space),
      fence,
    );
  }

  /** SFENCE.VMA with V=1 and HFENCE.VVMA: for the virtual machine that hgatp names at present. */
  fenceGuest(fence: Fence): boolean {
    const { state } = this;
    const vmid = vmidOf(state.xlen, state.low(CSR.hgatp), state.high(CSR.hgatp));
    const space = this.wantedSpace(fence, asidMask);
    return this.flushSets(
      (set) =>
        this.has(set, uses.vsatp) &&
        this.vmid(set) === vmid &&
        (space === undefined || this.asid(set, 'vsatp') === space),
      fence,
    );
  }

  /**
   * HFENCE.GVMA. Entries do not know the guest physical address that they went through, so those
   * of the whole virtual machine go.
   */
  fenceGuestPhysical(fence: Fence): boolean {
    const space = this.wantedSpace(fence, vmidMask);
    return this.flushSets(
      (set) => this.has(set, uses.vsatp) && (space === undefined || this.vmid(set) === space),
      {},
    );
  }

  private flushSets(concerned: (set: number) => boolean, { address, space }: Fence): boolean {
    // A fence of one address space does not order accesses to mappings of all.
    const keepGlobal = space !== undefined;
    let currentToo = false;
    this.sets.forEach((set, i) => {
      if (!concerned(i)) return;
      if (address) set.flushAddress(address.low, address.high, keepGlobal);
      else set.flushLeaves(keepGlobal);
      if (i === this.current) currentToo = true;
    });
    return currentToo;
  }

  /** Bits above ASIDMAX and VMIDMAX are to be ignored. */
  private wantedSpace({ space }: Fence, mask: (xlen: RegisterWidth) => number): number | undefined {
    return space === undefined ? undefined : space & mask(this.state.xlen);
  }

  private has(set: number, use: number): boolean {
    return (this.keyWord(set, keyOf.modes) & use) !== 0;
  }

  private asid(set: number, register: 'satp' | 'vsatp'): number {
    const at = keyOf[register];
    return asidOf(this.state.xlen, this.keyWord(set, at), this.keyWord(set, at + 1));
  }

  private vmid(set: number): number {
    const at = keyOf.hgatp;
    return vmidOf(this.state.xlen, this.keyWord(set, at), this.keyWord(set, at + 1));
  }

  private keyWord(set: number, word: number): number {
    return this.keys[set * keyWords + word]!;
  }

  private readModes(): void {
    const { privilege, virtualized } = this.state;
    this.fetchMode = plainModes[privilege]![virtualized ? 1 : 0]!;
    this.dataMode = this.effectiveDataMode();
  }

  /** mstatus.MPRV makes loads and stores those of MPP and MPV. */
  private effectiveDataMode(): AccessMode {
    const { state, fetchMode } = this;
    if (!(state.low(CSR.mstatus) & status.MPRV)) {
      const pmlen = pmlenOf(state, fetchMode.privilege, fetchMode.virtualized);
      return pmlen === 0 ? fetchMode : { ...fetchMode, pmlen };
    }
    const privilege = state.previousPrivilege;
    const guest = (state.high(CSR.mstatus) & status.high.MPV) !== 0;
    const virtualized = guest && privilege !== 3;
    return { privilege, virtualized, pmlen: pmlenOf(state, privilege, virtualized) };
  }

  private makeKey(): void {
    const { state, wanted, fetchMode, dataMode } = this;
    const host = translatesBySatp(fetchMode) || translatesBySatp(dataMode);
    const guest = fetchMode.virtualized || dataMode.virtualized;
    const permissions = status.SUM | status.MXR;
    let modes =
      fetchMode.privilege |
      (fetchMode.virtualized ? 4 : 0) |
      (dataMode.privilege << 3) |
      (dataMode.virtualized ? 0x20 : 0) |
      ((dataMode.pmlen ?? 0) << 6);
    if (host) modes |= uses.satp | (state.low(CSR.mstatus) & permissions);
    if (guest) {
      modes |= uses.vsatp | (state.low(CSR.mstatus) & status.MXR);
      modes |= (state.low(CSR.vsstatus) & permissions) << 8;
    }
    wanted[keyOf.modes] = modes;
    wanted[keyOf.satp] = host ? state.low(CSR.satp) : 0;
    wanted[keyOf.satp + 1] = host ? state.high(CSR.satp) : 0;
    wanted[keyOf.vsatp] = guest ? state.low(CSR.vsatp) : 0;
    wanted[keyOf.vsatp + 1] = guest ? state.high(CSR.vsatp) : 0;
    wanted[keyOf.hgatp] = guest ? state.low(CSR.hgatp) : 0;
    wanted[keyOf.hgatp + 1] = guest ? state.high(CSR.hgatp) : 0;
  }

  private findSet(): number {
    const { keys, wanted } = this;
    for (let set = 0; set < tlb.sets; set++) {
      if (this.isKey(set)) return set;
    }
    const victim = this.leastRecentlyUsed();
    this.sets[victim]!.flush();
    keys.set(wanted, victim * keyWords);
    return victim;
  }

  /** Whether the set is that of the wanted key. */
  private isKey(set: number): boolean {
    const { keys, wanted } = this;
    const first = set * keyWords;
    for (let i = 0; i < keyWords; i++) if (keys[first + i] !== wanted[i]) return false;
    return true;
  }

  private leastRecentlyUsed(): number {
    let oldest = 0;
    for (let i = 1; i < tlb.sets; i++) {
      if (this.lastUse[i]! < this.lastUse[oldest]!) oldest = i;
    }
    return oldest;
  }
}

/** By privilege, without and with V=1: one object each, as the mode of an access is told by identity. */
const plainModes: readonly (readonly AccessMode[])[] = ([0, 1, 1, 3] as const).map((privilege) =>
  [false, true].map((virtualized) => ({ privilege, virtualized })),
);

const translatesBySatp = ({ privilege, virtualized }: AccessMode): boolean =>
  !virtualized && privilege !== 3;
