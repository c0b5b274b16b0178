/** What a debugger asks of a hart, but for running it: state by name, addresses, traps to stop at. */
import type { AddressWalk, ExitStop, MappingTable, WalkQuery } from '../../debug/target.ts';
import type { AccessKind, DebugStage, TrapHit } from '../cpu.ts';
import type { HartInspector } from './hartInspector.ts';
import { HartRegisters } from './hartRegisters.ts';
import type { Traps } from './traps.ts';
import { TrapWatch } from './trapWatch.ts';

export abstract class InspectedHart extends HartRegisters {
  abstract readonly traps: Traps;
  protected abstract readonly inspector: HartInspector;
  private trapWatch: TrapWatch | undefined;

  abstract requestAttention(): void;

  get modeName(): string {
    return this.inspector.modeName;
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
  mappings(stage: 'guest' | 'virtual', maxRows: number): MappingTable {
    return this.inspector.mappings(stage, maxRows);
  }
  walk(query: WalkQuery): AddressWalk {
    return this.inspector.walk(query);
  }

  setTrapStops(stops: readonly ExitStop[]): void {
    const watch = new TrapWatch(this.inspector.walkParts, stops, () => this.requestAttention());
    this.trapWatch = watch.isEmpty ? undefined : watch;
    this.traps.watch = this.trapWatch;
  }

  takeTrapHit(): TrapHit | undefined {
    return this.trapWatch?.take();
  }
}
