/**
 * The whole machine at one moment, and back to it: RAM page by page, everything else as states of
 * components, by name. A snapshot fits a machine that is built alike, whatever runs in it; nothing
 * is changed by one that does not.
 */
import { fields, text, whole, type Persist } from '../base/persist.ts';
import { UserError } from '../base/userError.ts';
import { MemorySnapshots, type MemoryImage } from '../memory/memorySnapshots.ts';
import type { PhysicalMemory } from '../memory/physicalMemory.ts';

/** What a machine is built of, in words for people: two machines are alike when all are equal. */
export type MachineIdentity = Readonly<Record<string, string>>;

/** How a machine ended, in states of machines. */
export const endShape = fields({ reason: text, code: whole, text });

export interface ComponentState {
  readonly version: number;
  /** Plain values, see `Persist`. */
  readonly state: unknown;
}

export interface MachineSnapshot {
  readonly identity: MachineIdentity;
  /** Instructions retired by the machine when it was taken. */
  readonly instructions: number;
  readonly components: Readonly<Record<string, ComponentState>>;
  readonly memory: MemoryImage;
}

/** Both between two calls of `Machine.run`. */
export interface MachineSnapshots {
  readonly identity: MachineIdentity;
  /** Throws `UserError` while somebody outside is at work on what the guest waits for. */
  take(): MachineSnapshot;
  /** One of this machine's holds all that it is made of from then on: the machine may go. */
  complete(snapshot: MachineSnapshot): void;
  /** Throws `UserError` when it is of a machine that is built otherwise. */
  check(snapshot: MachineSnapshot): void;
  /** Throws `UserError`, and nothing is changed, when it is of a machine that is built otherwise. */
  restore(snapshot: MachineSnapshot): void;
}

export interface SnapshotParts {
  readonly identity: MachineIdentity;
  readonly memory: PhysicalMemory;
  /**
   * By name, in the order in which they are restored: who drives others comes before them, as what
   * it tells them then is what they know already.
   */
  readonly components: Readonly<Record<string, Persist<unknown>>>;
  readonly instructions: () => number;
  /** Throws when this is no moment for a snapshot. */
  readonly checkMoment?: () => void;
  /** Stores to each page are to be marked once more from now on; nothing else changes. */
  readonly noticeStores: () => void;
}

export class ComponentSnapshots implements MachineSnapshots {
  private readonly parts: SnapshotParts;
  private readonly memory: MemorySnapshots;

  constructor(parts: SnapshotParts) {
    this.parts = parts;
    this.memory = new MemorySnapshots(parts.memory);
  }

  get identity(): MachineIdentity {
    return this.parts.identity;
  }

  take(): MachineSnapshot {
    const { identity, instructions, noticeStores, checkMoment } = this.parts;
    checkMoment?.();
    const components = this.save();
    const memory = this.memory.take();
    noticeStores();
    return { identity, instructions: instructions(), components, memory };
  }

  restore(snapshot: MachineSnapshot): void {
    this.check(snapshot);
    const before = this.save();
    try {
      this.assign(snapshot.components);
    } catch (error) {
      // One component's state does not fit: those before it have theirs back.
      this.assign(before);
      throw error;
    }
    this.memory.restore(snapshot.memory);
  }

  private save(): Record<string, ComponentState> {
    const states: Record<string, ComponentState> = {};
    for (const [name, component] of Object.entries(this.parts.components)) {
      states[name] = { version: component.stateVersion ?? 1, state: component.save() };
    }
    return states;
  }

  private assign(states: Readonly<Record<string, ComponentState>>): void {
    for (const [name, component] of Object.entries(this.parts.components)) {
      component.restore(states[name]!.state);
    }
  }

  complete({ memory }: MachineSnapshot): void {
    this.memory.complete(memory);
  }

  check({ identity, components, memory }: MachineSnapshot): void {
    const names = new Set([...Object.keys(this.identity), ...Object.keys(identity)]);
    for (const name of names) {
      const [own, theirs] = [this.identity[name] ?? 'none', identity[name] ?? 'none'];
      if (own === theirs) continue;
      const [here, there] = [onlyIn(own, theirs), onlyIn(theirs, own)];
      throw new UserError(
        `the snapshot is of another machine: its ${name}: ${there}, this machine's: ${here}`,
      );
    }
    for (const [name, component] of Object.entries(this.parts.components)) {
      const saved = components[name];
      if (!saved) throw new UserError(`the snapshot has no state of ${name}`);
      const version = component.stateVersion ?? 1;
      if (saved.version === version) continue;
      throw new UserError(
        `the snapshot's state of ${name} has version ${saved.version}, this Trapline knows ${version}`,
      );
    }
    this.memory.check(memory);
  }
}

/** What of a list of words the other one does not have. */
function onlyIn(list: string, other: string): string {
  const others = new Set(other.split(' '));
  const own = list.split(' ').filter((word) => !others.has(word));
  return own.length === 0 ? 'nothing else' : own.join(' ');
}
