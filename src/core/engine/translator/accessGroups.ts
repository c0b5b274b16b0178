/**
 * Accesses of a block that share one test of the TLB: loads, or stores, at distances from the same
 * base register, which does not change between them. Nothing in a region can change the TLB, so what
 * the first test said holds for the rest.
 */
import { accessBytes } from '../semantics.ts';
import type { Instruction } from './block.ts';

export interface AccessGroup {
  /** The lowest and the highest byte's distance from the register, the latter exclusive. */
  low: number;
  high: number;
  readonly first: Instruction;
  members: number;
  /** Local that has the offset in memory of the lowest byte, once the test was made. */
  offset: number | undefined;
}

/** Longer ones would too often reach into the next page, which the inline path cannot do. */
const longest = 128;
/** Where pages do not matter; the displacement of an instruction is no greater. */
const longestDirect = 4096;

export function accessGroups(
  instructions: readonly Instruction[],
  /** Loads do without the TLB. */
  directLoads: boolean,
): ReadonlyMap<Instruction, AccessGroup> {
  const groups = new Map<Instruction, AccessGroup>();
  const open = new Map<string, AccessGroup>();
  for (const instruction of instructions) {
    const { access } = instruction.facts;
    const { rs1, rd, imm } = instruction;
    if (access && rs1 !== 0) {
      const key = `${access.kind} ${rs1}`;
      const at = access.displaced ? imm : 0;
      const end = at + accessBytes[access.width];
      let group = open.get(key);
      const most = directLoads && access.kind === 'load' ? longestDirect : longest;
      if (!group || Math.max(group.high, end) - Math.min(group.low, at) > most) {
        group = { low: at, high: end, first: instruction, members: 0, offset: undefined };
        open.set(key, group);
      }
      group.low = Math.min(group.low, at);
      group.high = Math.max(group.high, end);
      group.members++;
      groups.set(instruction, group);
    }
    if (instruction.facts.writesRd) {
      open.delete(`load ${rd}`);
      open.delete(`store ${rd}`);
    }
  }
  for (const [instruction, group] of groups) if (group.members < 2) groups.delete(instruction);
  return groups;
}
