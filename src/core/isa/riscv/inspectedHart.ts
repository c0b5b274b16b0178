/** What a debugger asks of a hart, but for running it: state by name, addresses, where to stop. */
import type { AddressWalk, ExitStop, WalkQuery } from '../../debug/target.ts';
import type { AccessKind, AddressSpace, DebugStage, TrapHit } from '../cpu.ts';
import type { MappingList } from '../mappingList.ts';
import { Watchpoints, type Watchpoint, type WatchHit } from '../watchpoints.ts';
import type { Fetcher } from './fetcher.ts';
import type { HartInspector } from './hartInspector.ts';
import type { HartParts } from './hartParts.ts';
import { HartRegisters } from './hartRegisters.ts';
import type { Traps } from './traps.ts';
import { TrapWatch } from './trapWatch.ts';

export abstract class InspectedHart extends HartRegisters {
  abstract readonly traps: Traps;
  abstract readonly instructions: number;
  protected abstract readonly parts: HartParts;
  abstract readonly fetcher: Fetcher;
  protected abstract readonly inspector: HartInspector;
  protected readonly watchpoints = new Watchpoints();
  private trapStops: readonly ExitStop[] = [];
  private returnsTo: string | undefined;
  private trapWatch: TrapWatch | undefined;

  abstract requestAttention(): void;

  get modeName(): string {
    return this.inspector.modeName;
  }
  get addressSpace(): AddressSpace | undefined {
    return this.inspector.addressSpace;
  }
  readRegister(name: string): bigint | undefined {
    return this.inspector.readRegister(name);
  }
  writeRegister(name: string, value: bigint): bigint | undefined {
    return this.inspector.writeRegister(name, value);
  }
  debugTranslate(address: bigint, stage: DebugStage, access: AccessKind): number | undefined {
    return this.inspector.debugTranslate(address, stage, access);
  }
  mappings(stage: 'guest' | 'virtual', maxRows: number): MappingList {
    return this.inspector.mappings(stage, maxRows);
  }
  walk(query: WalkQuery): AddressWalk {
    return this.inspector.walk(query);
  }

  setBreakpoints(addresses: readonly bigint[]): void {
    this.fetcher.setBreakpoints(addresses);
  }
  skipBreakpointOnce(): void {
    this.fetcher.skipBreakpoint = this.pc;
  }

  setWatchpoints(watchpoints: readonly Watchpoint[]): void {
    const changes = this.watchpoints.set(watchpoints);
    if (changes === 'nothing') return;
    this.csrs.protectionChanged = true;
    // Regions were made for the way in which loads reach memory.
    if (changes === 'readPages') this.parts.recordsExhausted();
  }
  get watchHit(): WatchHit | undefined {
    return this.watchpoints.hit;
  }
  skipWatchpointsOnce(): void {
    this.watchpoints.skip(this.instructions);
  }

  setTrapStops(stops: readonly ExitStop[]): void {
    this.trapStops = stops;
    this.watchTraps();
  }

  watchReturns(to: string | undefined): void {
    if (to === this.returnsTo) return;
    this.returnsTo = to;
    this.watchTraps();
  }

  takeTrapHit(): TrapHit | undefined {
    return this.trapWatch?.take();
  }

  private watchTraps(): void {
    const { trapStops, returnsTo } = this;
    const { walkParts } = this.inspector;
    const watch = new TrapWatch(walkParts, trapStops, returnsTo, () => this.requestAttention());
    this.trapWatch = watch.isEmpty ? undefined : watch;
    this.traps.watch = this.trapWatch;
  }
}
