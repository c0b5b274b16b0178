/**
 * Which TLB set serves the hart's present way of accessing memory. Everything that a translation
 * depends on is part of the key, so a change of privilege or address space needs no flush; only
 * fences and changes of protection do.
 */
import type { EngineMemory } from '../../engine/engineMemory.ts';
import { hart as layout, tlb } from '../../engine/layout.ts';
import { TlbSet } from '../../engine/tlbSet.ts';
import { CSR } from './csr/numbers.ts';
import { status, type HartState } from './hartState.ts';
import type { AccessMode } from './mmu.ts';

const keyWords = 7;

export class Regimes {
  private readonly state: HartState;
  private readonly sets: TlbSet[];
  private readonly keys: Uint32Array;
  private readonly wanted = new Uint32Array(keyWords);
  private current = 0;
  private nextVictim = 0;
  /** How fetches and data accesses are made at present. */
  fetchMode: AccessMode = { privilege: 3, virtualized: false };
  dataMode: AccessMode = { privilege: 3, virtualized: false };

  constructor(memory: EngineMemory, state: HartState) {
    this.state = state;
    this.sets = Array.from({ length: tlb.sets }, (_, i) => new TlbSet(memory, state.area, i));
    // All ones is no key, so no set is taken for one that is in use.
    this.keys = new Uint32Array(keyWords * tlb.sets).fill(0xffff_ffff);
    this.select();
  }

  get set(): TlbSet {
    return this.sets[this.current]!;
  }

  /** Makes the set of the present regime current, an older one's if it has none yet. */
  select(): void {
    const { state } = this;
    const { privilege, virtualized } = state;
    this.fetchMode = { privilege, virtualized };
    this.dataMode = this.effectiveDataMode();
    this.makeKey();
    this.current = this.findSet();
    state.u32[(state.area + layout.tlbSet) >>> 2] = this.set.base;
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

  /** mstatus.MPRV makes loads and stores those of MPP and MPV. */
  private effectiveDataMode(): AccessMode {
    const { state } = this;
    if (!(state.low(CSR.mstatus) & status.MPRV)) return this.fetchMode;
    const privilege = state.previousPrivilege;
    const guest = (state.high(CSR.mstatus) & status.high.MPV) !== 0;
    return { privilege, virtualized: guest && privilege !== 3 };
  }

  private makeKey(): void {
    const { state, wanted, fetchMode, dataMode } = this;
    const permissions = status.SUM | status.MXR;
    wanted[0] =
      fetchMode.privilege |
      (fetchMode.virtualized ? 4 : 0) |
      (dataMode.privilege << 3) |
      (dataMode.virtualized ? 0x20 : 0) |
      (state.low(CSR.mstatus) & permissions) |
      ((state.low(CSR.vsstatus) & permissions) << 8);
    [CSR.satp, CSR.vsatp, CSR.hgatp].forEach((register, i) => {
      wanted[1 + i * 2] = state.low(register);
      wanted[2 + i * 2] = state.high(register);
    });
  }

  private findSet(): number {
    const { keys, wanted } = this;
    for (let set = 0; set < tlb.sets; set++) {
      let i = 0;
      while (i < keyWords && keys[set * keyWords + i] === wanted[i]) i++;
      if (i === keyWords) return set;
    }
    const victim = this.nextVictim;
    this.nextVictim = (victim + 1) % tlb.sets;
    this.sets[victim]!.flush();
    keys.set(wanted, victim * keyWords);
    return victim;
  }
}
