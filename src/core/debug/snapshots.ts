/**
 * Snapshots of a machine for a debugger, by number and name. They stay with the machine's thread;
 * what makes and takes them back is the machine's own (`MachineSnapshots`).
 */
import { UserError } from '../base/userError.ts';
import type { Machine } from '../machine/machine.ts';
import type { MachineSnapshot, MachineSnapshots } from '../machine/machineSnapshots.ts';
import { decodeSnapshot, encodeSnapshot } from '../machine/snapshotFile.ts';
import type { SnapshotInfo, Snapshots } from './target.ts';

export interface SnapshotOwner {
  readonly machine: () => Machine;
  /** Throws `UserError` while the machine is somewhere only to look for something. */
  readonly checkStays: () => void;
  /** Lets the machine stand still, and nobody hears of that; whether it ran. */
  readonly stand: () => Promise<boolean>;
  /** The machine is at the snapshot. */
  readonly restored: (snapshot: SnapshotInfo) => void;
  /** It stands where it was: who believes it to be running must hear of that. */
  readonly stays: () => void;
}

interface Kept {
  readonly info: SnapshotInfo;
  readonly snapshot: MachineSnapshot;
}

export class KeptSnapshots implements Snapshots {
  private readonly owner: SnapshotOwner;
  private readonly kept = new Map<number, Kept>();
  private nextId = 1;

  constructor(owner: SnapshotOwner) {
    this.owner = owner;
  }

  async take(name?: string): Promise<SnapshotInfo> {
    this.owner.checkStays();
    return this.keep(this.machineSnapshots.take(), name);
  }

  async restore(id: number): Promise<void> {
    const { info, snapshot } = this.find(id);
    this.machineSnapshots.check(snapshot);
    const ran = await this.owner.stand();
    try {
      this.machineSnapshots.restore(snapshot);
    } catch (error) {
      if (ran) this.owner.stays();
      throw error;
    }
    this.owner.restored(info);
  }

  async list(): Promise<readonly SnapshotInfo[]> {
    return [...this.kept.values()].map(({ info }) => info);
  }

  async drop(id: number): Promise<void> {
    this.find(id);
    this.kept.delete(id);
  }

  async save(id: number): Promise<Uint8Array> {
    const { snapshot } = this.find(id);
    this.machineSnapshots.complete(snapshot);
    return encodeSnapshot(snapshot);
  }

  async load(bytes: Uint8Array, name: string): Promise<SnapshotInfo> {
    const snapshot = decodeSnapshot(bytes, name);
    this.machineSnapshots.check(snapshot);
    return this.keep(snapshot, name);
  }

  /** The machine is about to go; the next one may be put to them. */
  complete(): void {
    for (const { snapshot } of this.kept.values()) this.machineSnapshots.complete(snapshot);
  }

  /** A name stands for one snapshot: a new one of the same name takes the old one's place. */
  private keep(snapshot: MachineSnapshot, name?: string): SnapshotInfo {
    const id = this.nextId++;
    const info: SnapshotInfo = {
      id,
      name: name ?? String(id),
      instructions: snapshot.instructions,
      bytes: snapshot.memory.bytes,
    };
    const older = [...this.kept.values()].find((kept) => kept.info.name === info.name);
    if (older) this.kept.delete(older.info.id);
    this.kept.set(id, { info, snapshot });
    return info;
  }

  private get machineSnapshots(): MachineSnapshots {
    const { snapshots } = this.owner.machine();
    if (!snapshots) throw new UserError('this machine has no snapshots');
    return snapshots;
  }

  private find(id: number): Kept {
    const kept = this.kept.get(id);
    if (!kept) throw new UserError(`there is no snapshot ${id}`);
    return kept;
  }
}
