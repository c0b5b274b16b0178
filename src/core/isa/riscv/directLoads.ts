/**
 * Loads that need no translation and no protection check: where addresses are physical and all RAM
 * may be read, translated code reaches it by adding a constant. What says so is in the hart's area
 * (`directBase` of the layout), and holds until the way of accessing memory changes.
 */
import { hart as layout } from '../../engine/layout.ts';
import type { PhysicalMemory, RamRegion } from '../../memory/physicalMemory.ts';
import { CSR } from './csr/numbers.ts';
import type { HartState } from './hartState.ts';
import type { AccessMode } from './mmu.ts';
import type { Pmp } from './pmp.ts';

export class DirectLoads {
  private readonly state: HartState;
  private readonly memory: PhysicalMemory;
  private readonly pmp: Pmp;
  /** Whether somebody wants to hear of some loads. */
  private readonly watchesLoads: () => boolean;
  private ram: RamRegion | undefined;

  constructor(state: HartState, memory: PhysicalMemory, pmp: Pmp, watchesLoads: () => boolean) {
    this.state = state;
    this.memory = memory;
    this.pmp = pmp;
    this.watchesLoads = watchesLoads;
  }

  /** Says whether loads of this mode may be made so. */
  update(mode: AccessMode): void {
    const { state } = this;
    const ram = this.allowed(mode) ? this.largest() : undefined;
    const reachable = ram && this.mayRead(ram, mode) ? ram : undefined;
    const word = (state.area + layout.directBase) >>> 2;
    state.u32[word] = reachable ? reachable.base >>> 0 : 0;
    state.u32[word + 1] = reachable ? Math.floor(reachable.base / 2 ** 32) : 0;
    state.u32[word + 2] = reachable ? reachable.size : 0;
    state.u32[word + 3] = reachable ? reachable.offset : 0;
  }

  private allowed(mode: AccessMode): boolean {
    const { state } = this;
    return state.xlen === 64 && !mode.pmlen && !this.watchesLoads() && isBare(state, mode);
  }

  private mayRead({ base, size }: RamRegion, { privilege }: AccessMode): boolean {
    return this.pmp.open || this.pmp.allows(base, size, 'load', privilege);
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
