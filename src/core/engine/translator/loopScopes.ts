/**
 * Which registers each part of a region has in locals. A loop inside a region that has many more
 * registers than it uses itself keeps only its own: the rest is written back on the way in and
 * loaded on the way out. The machine's compiler would otherwise keep all of them in its registers
 * or move them about, each time round.
 */
import type { FlowNode } from './flowGraph.ts';
import { countOf, type Bank } from './registerMasks.ts';

/** Up to so many registers of a bank the machine has room for. */
const roomy = [11, 13] as const;
/** So many a loop must spare. */
const leastSpared = 4;

/** For each block the registers that its scope has: of the innermost such loop, or all. */
export function scopesOf(nodes: readonly FlowNode[], appears: Int32Array, bank: Bank): Int32Array {
  const scopes = new Int32Array(nodes.length).fill(-1);
  const all = appears.reduce((a, b) => a | b, 0);
  if (!isCrowded(all, bank)) return scopes;
  // Outer loops come first, as their headers do.
  for (const header of nodes) {
    if (!header.loopHeader) continue;
    const body = nodes.filter(({ loops }) => loops.has(header.id));
    const own = body.reduce((mask, { id }) => mask | appears[id]!, 0);
    const around = scopes[header.id]! & all;
    if (!isCrowded(around, bank) || countOf(around & ~own) < leastSpared) continue;
    if (crossedByTable(nodes, header.id)) continue;
    for (const { id } of body) scopes[id] = own;
  }
  return scopes;
}

export const isCrowded = (mask: number, bank: Bank): boolean => countOf(mask) > roomy[bank];

/** A jump through a table has no place for what is to be done on the way. */
function crossedByTable(nodes: readonly FlowNode[], header: number): boolean {
  return nodes.some(
    ({ block, loops, successors }) =>
      block.end.kind === 'indirect' &&
      successors.some((s) => nodes[s]!.loops.has(header) !== loops.has(header)),
  );
}
