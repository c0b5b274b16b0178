/** All that the client wants the guest to be stopped at, and how it comes into a machine. */
import type { Machine } from '../machine/machine.ts';
import { BreakpointSet } from './breakpoints.ts';
import { DataBreakpointSet } from './dataBreakpoints.ts';
import type { Breakpoint, DataBreakpoint, ExitStop } from './target.ts';

export class ClientStops {
  readonly breakpoints = new BreakpointSet();
  readonly data = new DataBreakpointSet();
  private exits: readonly ExitStop[] = [];
  /** Somebody looks through the past: what is set meanwhile comes in with the next installation. */
  private areOut = false;

  setBreakpoints(breakpoints: readonly Breakpoint[], machine: Machine): void {
    this.breakpoints.replace(breakpoints);
    if (!this.areOut) this.breakpoints.apply(machine.harts);
  }

  setDataBreakpoints(breakpoints: readonly DataBreakpoint[], machine: Machine): void {
    this.data.replace(breakpoints);
    if (!this.areOut) this.data.apply(machine);
  }

  setExitStops(stops: readonly ExitStop[], machine: Machine): void {
    this.exits = stops;
    if (!this.areOut) installExitStops(machine, stops);
  }

  install(machine: Machine): void {
    this.areOut = false;
    this.breakpoints.apply(machine.harts);
    this.data.apply(machine);
    installExitStops(machine, this.exits);
  }

  /** Nothing stops the machine until they are installed again. */
  takeOut(machine: Machine): void {
    this.areOut = true;
    installExitStops(machine, []);
    for (const cpu of machine.harts) {
      cpu.setBreakpoints([]);
      cpu.setWatchpoints([]);
    }
  }
}

function installExitStops(machine: Machine, stops: readonly ExitStop[]): void {
  machine.exitStops = stops;
  for (const cpu of machine.harts) cpu.setTrapStops?.(stops);
}
