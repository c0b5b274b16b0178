/** What a `DebugTarget` tells of itself: a list of listeners for each kind of event. */
import { Emitter } from '../base/emitter.ts';
import type { ConsoleEvent, EndEvent, ExitRecord, StopEvent } from './target.ts';

class Events {
  readonly stop = new Emitter<StopEvent>();
  readonly end = new Emitter<EndEvent>();
  readonly console = new Emitter<ConsoleEvent>();
  readonly exits = new Emitter<readonly ExitRecord[]>();
  readonly log = new Emitter<string>();
  readonly otherFuture = new Emitter<number>();
}

export type TargetEventName = keyof Events;

/** The subscriptions of a `DebugTarget`; who extends it fires the events. */
export abstract class TargetEvents {
  protected readonly events = new Events();

  readonly onStop = this.events.stop.on;
  readonly onEnd = this.events.end.on;
  readonly onConsole = this.events.console.on;
  readonly onExits = this.events.exits.on;
  readonly onLog = this.events.log.on;
  readonly onOtherFuture = this.events.otherFuture.on;

  /** Every event by name, for whoever hands all of them on. */
  onEvent(listener: (name: TargetEventName, body: unknown) => void): void {
    for (const name of Object.keys(this.events) as TargetEventName[]) {
      this.named(name).on((body) => listener(name, body));
    }
  }

  /** An event that another target handed on by `onEvent`. */
  protected handOn(name: TargetEventName, body: unknown): void {
    this.named(name).fire(body);
  }

  private named(name: TargetEventName): Emitter<unknown> {
    return this.events[name] as Emitter<unknown>;
  }
}
