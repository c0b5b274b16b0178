/**
 * Accesses of a block that share one test of the TLB: loads, or stores, at distances from the same
 * base register, which does not change between them. Nothing in a region can change the TLB, so what
 * the first test said holds for the rest. Where the register is not written in the block before, the
 * test is made where the block begins: the block is left as a whole then, and its ways out need
 * nothing that it computes.
 */
import { accessBytes } from '../semantics.ts';
import type { Instruction } from './block.ts';
import type { Access } from './rowFacts.ts';

export interface AccessGroup {
  readonly kind: Access['kind'];
  /** Loads that do without the TLB. */
  readonly direct: boolean;
  /** The test is made where the block begins. */
  early: boolean;
  /** The lowest and the highest byte's distance from the register, the latter exclusive. */
  low: number;
  high: number;
  readonly first: Instruction;
  readonly members: Instruction[];
  /** Local that has the offset in memory of the lowest byte, once the test was made. */
  offset: number | undefined;
}

/** Longer ones would too often reach into the next page, which the inline path cannot do. */
const longest = 128;
/** Where pages do not matter; the displacement of an instruction is no greater. */
const longestDirect = 4096;

/** Each early test keeps a register of the machine busy until the access. */
const mostEarly = 4;

export function accessGroups(
  instructions: readonly Instruction[],
  /** Whether a load does without the TLB. */
  isDirect: (load: Instruction) => boolean,
): ReadonlyMap<Instruction, AccessGroup> {
  const groups = new Map<Instruction, AccessGroup>();
  const open = new Map<string, AccessGroup>();
  const changed = new Set<number>();
  let early = 0;
  for (const instruction of instructions) {
    const { access } = instruction.facts;
    const { rs1, imm } = instruction;
    if (access && rs1 !== 0) {
      const key = `${access.kind} ${rs1}`;
      const at = access.displaced ? imm : 0;
      const end = at + accessBytes[access.width];
      let group = open.get(key);
      const direct = access.kind === 'load' && isDirect(instruction);
      const most = direct ? longestDirect : longest;
      const span = group ? Math.max(group.high, end) - Math.min(group.low, at) : 0;
      if (!group || group.direct !== direct || span > most) {
        const { kind } = access;
        const first = { low: at, high: end, first: instruction, members: [], offset: undefined };
        group = { kind, direct, early: !changed.has(rs1) && early < mostEarly, ...first };
        if (group.early) early++;
        open.set(key, group);
      }
      group.low = Math.min(group.low, at);
      group.high = Math.max(group.high, end);
      group.members.push(instruction);
      groups.set(instruction, group);
    }
    for (const { facts, rd } of [instruction, ...(instruction.skipped ?? [])]) {
      if (!facts.writesRd) continue;
      changed.add(rd);
      open.delete(`load ${rd}`);
      open.delete(`store ${rd}`);
    }
  }
  for (const [instruction, { members, early: isEarly }] of groups) {
    if (members.length < 2 && !isEarly) groups.delete(instruction);
  }
  return groups;
}
