/** A hart of two machines in lockstep: read from the one, changed in both. */
import type { AddressWalk, ExitStop, WalkQuery } from '../debug/target.ts';
import type { MappingList } from '../isa/mappingList.ts';
import type { Watchpoint, WatchHit } from '../isa/watchpoints.ts';
import type { AccessKind, AddressSpace, Cpu, CpuRun, DebugStage, TrapHit } from '../isa/cpu.ts';

export class LockstepCpu implements Cpu {
  private readonly first: Cpu;
  private readonly second: Cpu;

  constructor(first: Cpu, second: Cpu) {
    this.first = first;
    this.second = second;
  }

  get id(): number {
    return this.first.id;
  }
  get instructions(): number {
    return this.first.instructions;
  }
  get modeName(): string {
    return this.first.modeName;
  }
  get addressSpace(): AddressSpace | undefined {
    return this.first.addressSpace;
  }
  get wouldWake(): boolean {
    return this.first.wouldWake;
  }
  get pc(): bigint {
    return this.first.pc;
  }
  set pc(value: bigint) {
    this.first.pc = value;
    this.second.pc = value;
  }

  run(budget: number): CpuRun {
    this.second.run(budget);
    return this.first.run(budget);
  }
  loseReservation(): void {
    this.first.loseReservation();
    this.second.loseReservation();
  }
  nextTimer(): bigint | undefined {
    return this.first.nextTimer();
  }
  requestAttention(at?: number): void {
    this.first.requestAttention(at);
    this.second.requestAttention(at);
  }
  readRegister(name: string): bigint | undefined {
    return this.first.readRegister(name);
  }
  writeRegister(name: string, value: bigint): bigint | undefined {
    this.second.writeRegister(name, value);
    return this.first.writeRegister(name, value);
  }
  debugTranslate(address: bigint, stage: DebugStage, access: AccessKind): number | undefined {
    return this.first.debugTranslate(address, stage, access);
  }
  walk(query: WalkQuery): AddressWalk {
    return this.first.walk?.(query) ?? { steps: [] };
  }
  setTrapStops(stops: readonly ExitStop[]): void {
    this.first.setTrapStops?.(stops);
    // Both come back at the same instruction.
    this.second.setTrapStops?.(stops);
  }
  watchReturns(to: string | undefined): void {
    this.first.watchReturns?.(to);
    this.second.watchReturns?.(to);
  }
  takeTrapHit(): TrapHit | undefined {
    this.second.takeTrapHit?.();
    return this.first.takeTrapHit?.();
  }
  mappings(stage: 'guest' | 'virtual', maxRows: number): MappingList {
    return this.first.mappings(stage, maxRows);
  }
  setBreakpoints(addresses: readonly bigint[]): void {
    this.first.setBreakpoints(addresses);
    this.second.setBreakpoints(addresses);
  }
  setWatchpoints(watchpoints: readonly Watchpoint[]): void {
    this.first.setWatchpoints(watchpoints);
    this.second.setWatchpoints(watchpoints);
  }
  get watchHit(): WatchHit | undefined {
    return this.first.watchHit;
  }
  skipBreakpointOnce(): void {
    this.first.skipBreakpointOnce();
    this.second.skipBreakpointOnce();
  }
  skipWatchpointsOnce(): void {
    this.first.skipWatchpointsOnce();
    this.second.skipWatchpointsOnce();
  }
}
