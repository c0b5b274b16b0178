/**
 * What a draft consists of: the instructions of one page that its entry leads to, in the order of
 * their addresses, and which of their jumps become blocks and loops.
 */
import type { EngineMemory } from '../engineMemory.ts';
import {
  hotWord,
  pageBytes,
  record,
  recordShift,
  registerBytes,
  special,
  zeroSink,
} from '../layout.ts';
import type { InstructionTemplate, Templates } from './templates.ts';

/** Instructions of a draft at most. */
const mostInstructions = 300;
const parcels = pageBytes / 2;
const zeroSinkOffset = zeroSink * registerBytes;

export interface Loop {
  /** Parcels of its first instruction and of the last that jumps back. */
  readonly from: number;
  to: number;
}

/** Where an instruction of a draft goes on, besides behind itself. */
export type Way = 'next' | 'branch' | 'jump' | 'call' | 'callToPc' | 'return';

export class DraftLayout {
  /** Parcels where its instructions begin, ascending. */
  readonly starts: number[] = [];
  /** By parcel, what is there; of parcels that are not reached it says nothing. */
  readonly templates: InstructionTemplate[] = new Array<InstructionTemplate>(parcels);
  readonly ways: Way[] = new Array<Way>(parcels);
  /** Of direct jumps, in parcels from the page; may be outside. */
  readonly targets = new Int32Array(parcels);
  /** Outermost first. */
  loops: Loop[] = [];
  /** Parcels that jumps forward lead to. */
  readonly labels: number[] = [];
  private readonly memory: EngineMemory;
  private readonly from: Templates;
  private readonly linkRegisters: ReadonlySet<number>;
  /** By parcel: which search reached it last. */
  private readonly reachedBy = new Uint32Array(parcels + 2);
  private search = 0;
  private readonly isDraft: (region: number) => boolean;
  private readonly predecode: (area: number, record: number) => boolean;
  private readonly work: number[] = [];

  constructor(
    memory: EngineMemory,
    templates: Templates,
    linkRegisters: ReadonlySet<number>,
    isDraft: (region: number) => boolean,
    predecode: (area: number, record: number) => boolean,
  ) {
    this.predecode = predecode;
    this.memory = memory;
    this.from = templates;
    this.linkRegisters = linkRegisters;
    this.isDraft = isDraft;
  }

  isReached(parcel: number): boolean {
    return this.reachedBy[parcel] === this.search;
  }

  /** False where nothing can be made of the code at a parcel of the page with these records. */
  find(area: number, records: number, entry: number): boolean {
    this.search++;
    this.starts.length = 0;
    const { work } = this;
    work.push(entry);
    for (let at = work.pop(); at !== undefined; at = work.pop())
      this.follow(area, records, at, entry);
    this.starts.sort((a, b) => a - b);
    if (!this.isReached(entry)) return false;
    for (const at of this.starts) {
      // Two ways to read the same bytes would be in each other's way.
      if (this.templates[at]!.length === 4 && this.isReached(at + 1)) return false;
    }
    this.findLoops(entry);
    return true;
  }

  private follow(area: number, records: number, first: number, entry: number): void {
    for (let at = first; at < parcels && this.starts.length < mostInstructions;) {
      if (this.isReached(at)) return;
      const rec = records + ((at * 2) << recordShift);
      const found = this.handlerAt(area, rec, at === entry);
      if (found < special.first) return;
      const { view } = this.memory;
      const number = this.from.handlers.own(view, rec, found);
      const rd = view.getUint16(rec + record.rd, true);
      const links = rd !== zeroSinkOffset;
      const template = this.from.of(number, links);
      const { flow, length } = template;
      const immediate = view.getInt32(rec + record.immediate, true);
      const isFar = immediate > 0x7fff_ffff - pageBytes;
      if (flow === 'host' || flow === 'control' || isFar) return;
      this.reachedBy[at] = this.search;
      this.starts.push(at);
      this.templates[at] = template;
      if (flow === 'next') {
        this.ways[at] = 'next';
        at += length >> 1;
        continue;
      }
      const returns = links && this.linkRegisters.has(rd >> 3);
      if (flow === 'indirect') {
        this.ways[at] = returns ? 'callToPc' : 'return';
        if (!returns) return;
      } else {
        const target = at + (immediate >> 1);
        this.targets[at] = target;
        this.ways[at] = flow === 'branch' ? 'branch' : returns ? 'call' : 'jump';
        if (!returns && target >= 0 && target < parcels) this.work.push(target);
        if (flow === 'jump' && !returns) return;
      }
      at += length >> 1;
    }
  }

  /** Of the instruction itself where a draft begins; where a better region does it is left to that. */
  private handlerAt(area: number, rec: number, isEntry: boolean): number {
    const { view } = this.memory;
    let number = view.getUint16(rec + record.handler, true);
    if (number === special.resolve && this.predecode(area, rec)) {
      number = view.getUint16(rec + record.handler, true);
    }
    if (number !== special.translated) return number;
    const word = view.getUint32(rec + record.hot, true);
    const region = (word >>> hotWord.indexShift) & hotWord.indexMask;
    return isEntry || this.isDraft(region) ? word & hotWord.handlerMask : 0;
  }

  private findLoops(entry: number): void {
    const byStart = new Map<number, Loop>();
    const forward: number[] = [];
    const { labels } = this;
    labels.length = 0;
    // Begins with a jump where the entry is not the first.
    if (entry !== this.starts[0]) forward.push(-1, entry);
    for (const at of this.starts) {
      const way = this.ways[at];
      if (way !== 'branch' && way !== 'jump') continue;
      const target = this.targets[at]!;
      if (target < 0 || target >= parcels || !this.isReached(target)) continue;
      if (target > at) {
        forward.push(at, target);
        continue;
      }
      const loop = byStart.get(target);
      if (!loop) byStart.set(target, { from: target, to: at });
      else if (loop.to < at) loop.to = at;
    }
    let loops = [...byStart.values()].sort((a, b) => a.from - b.from);
    nest(loops);
    loops = loops.filter((loop) => !isEnteredAside(loop, forward));
    this.loops = loops;
    for (let i = 1; i < forward.length; i += 2) labels.push(forward[i]!);
    labels.sort((a, b) => b - a);
  }
}

/** Loops that overlap become nested: the one that begins first ends with the other. */
function nest(loops: readonly Loop[]): void {
  for (let i = loops.length - 1; i >= 0; i--) {
    const outer = loops[i]!;
    for (let j = i + 1; j < loops.length && loops[j]!.from <= outer.to; j++) {
      outer.to = Math.max(outer.to, loops[j]!.to);
    }
  }
}

/** Whether a jump from before the loop leads into its middle. */
function isEnteredAside({ from, to }: Loop, forward: readonly number[]): boolean {
  for (let i = 0; i < forward.length; i += 2) {
    const [at, target] = [forward[i]!, forward[i + 1]!];
    if (at < from && target > from && target <= to) return true;
  }
  return false;
}
