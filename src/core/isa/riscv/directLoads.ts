/**
 * Loads that need no translation and no protection check: where addresses are physical and all RAM
 * may be read, translated code reaches it by adding a constant. What says so is in the hart's area
 * (`directBase` of the layout), and holds until the way of accessing memory changes.
 */
import { hart as layout, pageBytes } from '../../engine/layout.ts';
import type { PhysicalMemory, RamRegion } from '../../memory/physicalMemory.ts';
import type { Watchpoints } from '../watchpoints.ts';
import { CSR } from './csr/numbers.ts';
import type { HartState } from './hartState.ts';
import type { AccessMode } from './mmu.ts';
import type { Pmp } from './pmp.ts';
import type { Triggers } from './triggers.ts';

export class DirectLoads {
  private readonly state: HartState;
  private readonly memory: PhysicalMemory;
  private readonly pmp: Pmp;
  private readonly triggers: Triggers;
  private readonly watchpoints: Watchpoints;
  private ram: RamRegion | undefined;

  constructor(
    state: HartState,
    memory: PhysicalMemory,
    pmp: Pmp,
    triggers: Triggers,
    watchpoints: Watchpoints,
  ) {
    this.state = state;
    this.memory = memory;
    this.pmp = pmp;
    this.triggers = triggers;
    this.watchpoints = watchpoints;
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
    const pages = reachable && this.watchpoints.readPages;
    const from = pages ? pages.first * pageBytes - reachable.base : 0;
    const to = pages ? (pages.last + 1) * pageBytes - reachable.base : 0;
    const misses = !reachable || to <= 0 || from >= reachable.size;
    state.u32[word + 4] = misses ? 0 : Math.max(from, 0);
    state.u32[word + 5] = misses ? 0 : Math.min(to, reachable.size) - Math.max(from, 0);
  }

  private allowed(mode: AccessMode): boolean {
    const { state, triggers } = this;
    return state.xlen === 64 && !mode.pmlen && !triggers.watching && isBare(state, mode);
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
