/**
 * V8's profile of this process in terms of the guest. Time in a region belongs to the guest function
 * where the region begins, with the regions that called it; interpreter and TypeScript are below
 * the guest function that was running then; all else is Trapline's own.
 */
import type { Profiler } from 'node:inspector';
import { CpuProfile, type ProfileFrame } from './cpuProfile.ts';
import type { GuestFrames } from './guestFrames.ts';

/** Where the guest was at a time, in microseconds of the monotonic clock. */
export interface Moment {
  readonly time: number;
  readonly pc: bigint;
}

const named = (functionName: string): ProfileFrame => ({ functionName, url: '', line: 0 });
const own = named('(trapline)');
const interpreter = named('(interpreter)');
const emulator = named('(emulator)');

type Node = Profiler.ProfileNode;

export function hostProfile(
  profile: Profiler.Profile,
  /** By the names of their functions. */
  entries: ReadonlyMap<string, bigint>,
  moments: readonly Moment[],
  guest: GuestFrames,
): CpuProfile {
  const paths = pathsOf(profile.nodes);
  const made = new CpuProfile();
  let time = profile.startTime;
  let moment = 0;
  const samples = profile.samples ?? [];
  const deltas = profile.timeDeltas ?? [];
  samples.forEach((id, i) => {
    time += deltas[i] ?? 0;
    while (moment < moments.length - 1 && moments[moment]!.time < time) moment++;
    const weight = deltas[i + 1] ?? 0;
    const { stack, line } = placeOf(paths.get(id)!, entries, moments[moment], guest);
    made.add(stack, line, weight);
  });
  return made;
}

/** By a node's id, the nodes from the root to it. */
function pathsOf(nodes: readonly Node[]): ReadonlyMap<number, readonly Node[]> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const paths = new Map<number, readonly Node[]>();
  const work: (readonly Node[])[] = nodes.length > 0 ? [[nodes[0]!]] : [];
  for (let way = work.pop(); way; way = work.pop()) {
    const last = way.at(-1)!;
    paths.set(last.id, way);
    for (const child of last.children ?? []) work.push([...way, byId.get(child)!]);
  }
  return paths;
}

function placeOf(
  nodes: readonly Node[],
  entries: ReadonlyMap<string, bigint>,
  moment: Moment | undefined,
  guest: GuestFrames,
): { readonly stack: readonly ProfileFrame[]; readonly line: number } {
  const calls = nodes.flatMap(({ callFrame }) => entries.get(callFrame.functionName) ?? []);
  const leaf = nodes.at(-1)!.callFrame;
  const isEmulating = nodes.some(({ callFrame }) => callFrame.url.startsWith('wasm:'));
  if (calls.length > 0) {
    const stack = calls.map((entry) => guest.at(entry).stack[0]!);
    return { stack, line: guest.at(calls.at(-1)!).line };
  }
  // V8's own: (garbage collector), (program), (idle).
  if (leaf.functionName.startsWith('(')) return { stack: [named(leaf.functionName)], line: 0 };
  if (!isEmulating || !moment) return { stack: [own, named(leaf.functionName)], line: 0 };
  const { stack, line } = guest.at(moment.pc);
  if (leaf.url.startsWith('wasm:')) return { stack: [...stack, interpreter], line };
  return { stack: [...stack, emulator, named(leaf.functionName)], line };
}
