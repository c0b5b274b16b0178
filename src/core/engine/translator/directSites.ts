/**
 * Which loads of a region reach memory without the TLB. All that may are taken to at first, but for
 * those whose register leads elsewhere when the region is made. A region that is left because that
 * was wrong tells which loads it was; made anew, it has the others only, and in the end none.
 */
import type { EngineMemory } from '../engineMemory.ts';
import { hart, registerBytes } from '../layout.ts';
import { accessBytes } from '../semantics.ts';
import type { AccessGroup } from './accessGroups.ts';
import type { Instruction } from './block.ts';
import {
  directMemory,
  isSameMemory,
  reaches,
  readsByTlb,
  type DirectMemory,
} from './directMemory.ts';
import type { FlowNode } from './flowGraph.ts';

/** So often a region may be left for what it assumed; then it is made to assume less. */
const mostSurprises = 100;

/** What a region that was made has of it. */
export interface DirectUse {
  readonly memory: DirectMemory;
  /** Tests of several loads at once, by the record that the region is left before. */
  readonly groups: ReadonlyMap<number, readonly AccessGroup[]>;
}

export function directUse(
  memory: DirectMemory,
  nodes: readonly FlowNode[],
  groupsOf: readonly ReadonlyMap<Instruction, AccessGroup>[],
): DirectUse {
  const groups = new Map<number, AccessGroup[]>();
  for (const { id, block } of nodes) {
    for (const group of new Set(groupsOf[id]!.values())) {
      if (!group.direct) continue;
      const { record: at } = group.early ? block.instructions[0]! : group.first;
      groups.set(at, [...(groups.get(at) ?? []), group]);
    }
  }
  return { memory, groups };
}

export class DirectSites {
  private readonly memory: EngineMemory;
  /** Records of loads that were seen to go elsewhere. */
  private readonly elsewhere = new Set<number>();
  /** How often regions that begin at a record were left for what they took for granted. */
  private readonly surprises = new Map<number, number>();
  /** As in `InterpreterClient`; set by the interpreter. */
  find: (area: number) => void = () => {};

  constructor(memory: EngineMemory) {
    this.memory = memory;
  }

  /** For a region that begins at a record. */
  memoryFor(area: number, record: number): DirectMemory | undefined {
    const { view } = this.memory;
    const givenUp = Math.floor((this.surprises.get(record) ?? 0) / mostSurprises);
    const known = directMemory(view, area, givenUp);
    if (known) return known;
    this.find(area);
    return directMemory(view, area, givenUp);
  }

  /** Whether a load of a region under construction is made so. */
  takes(area: number, memory: DirectMemory | undefined): (load: Instruction) => boolean {
    if (!memory) return () => false;
    if (memory.hole.bytes > 0) return () => true;
    return (load) => {
      if (this.elsewhere.has(load.record)) return false;
      if (!load.facts.access) return true;
      const { view } = this.memory;
      const { displaced, width } = load.facts.access;
      const address = this.register(area, load.rs1) + BigInt(displaced ? load.imm : 0);
      return reaches(memory, address, accessBytes[width]) || !readsByTlb(view, area, address);
    };
  }

  /** A region was left for what it took for granted. True when it should be made anew. */
  surprised(area: number, start: number, use: DirectUse | undefined, at: number): boolean {
    if (use && !this.isThere(area, use.memory)) {
      this.find(area);
      if (this.isThere(area, use.memory)) return false;
    } else if (use) {
      this.learn(area, use, at);
    }
    const times = (this.surprises.get(start) ?? 0) + 1;
    this.surprises.set(start, times);
    return times % mostSurprises === 0;
  }

  clear(): void {
    this.elsewhere.clear();
    this.surprises.clear();
  }

  private isThere(area: number, memory: DirectMemory): boolean {
    return isSameMemory(directMemory(this.memory.view, area, 0), memory);
  }

  private learn(area: number, { memory, groups }: DirectUse, at: number): void {
    const tested = groups.get(at);
    if (!tested) {
      this.elsewhere.add(at);
      return;
    }
    for (const { first, low, high, members } of tested) {
      const address = this.register(area, first.rs1) + BigInt(low);
      if (reaches(memory, address, high - low)) continue;
      for (const { record } of members) this.elsewhere.add(record);
    }
  }

  /** Signed. */
  private register(area: number, index: number): bigint {
    return this.memory.view.getBigInt64(area + hart.registers + index * registerBytes, true);
  }
}
