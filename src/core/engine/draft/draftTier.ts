/** Which places get drafts, and when: after some hundred jumps to them, several at a time. */
import type { CodePages } from '../codePages.ts';
import type { EngineMemory } from '../engineMemory.ts';
import type { TranslatorCounters } from '../translator/counters.ts';
import type { TranslatedIsa } from '../translator/discover.ts';
import type { Losses } from '../translator/losses.ts';
import type { Places } from '../translator/places.ts';
import { Drafts, type Draft } from './drafts.ts';

export interface DraftOptions {
  /** Jumps to a place until it gets a draft: a power of two, less than the translator's period. */
  readonly period: number;
  /** So often a draft goes round until it is translated in earnest, about. */
  readonly ahead?: number;
  /** So many places are drafted together; more of them where there are many. */
  readonly batch?: number;
  /**
   * Drafts pay where the host compiles them at once as well as it can. By default it does as it does
   * with all modules, which is good enough for tests.
   */
  readonly compile?: (bytes: Uint8Array<ArrayBuffer>) => WebAssembly.Module;
}

/**
 * A draft costs some 3 µs an instruction and saves 4 ns each time. Who was executed so often mostly
 * goes on for long; to translate in earnest costs 7 µs and saves hardly 1 ns, if not in loops.
 */
export const draftPeriod = 256;
const defaultAhead = 16_384;
/**
 * Where fewer places wait, they are soon as hot as it takes to be translated in earnest, and had
 * better be at once. Of drafts that there are, so many may wait to be compiled together.
 */
const defaultBatch = 64;
const waitingPart = 1 / 16;
const largestBatch = 128;
/** Each loss of code in a page doubles what is asked there, up to so many. */
const mostDoubts = 12;

export interface DraftSurroundings {
  readonly memory: EngineMemory;
  readonly code: CodePages;
  readonly isa: TranslatedIsa;
  readonly places: Places;
  readonly losses: Losses;
  readonly counters: TranslatorCounters;
  readonly now: () => number;
  /** Decodes a record that was not executed yet, if drafts are to have that and it can be done. */
  readonly predecode: (area: number, record: number) => boolean;
  /** Frees all places. */
  readonly evict: () => void;
}

export class DraftTier {
  private readonly drafts: Drafts;
  private readonly surroundings: DraftSurroundings;
  private readonly period: number;
  private readonly ahead: number;
  private readonly smallestBatch: number;
  private readonly compile: (bytes: Uint8Array<ArrayBuffer>) => WebAssembly.Module;
  private readonly wanted = new Set<number>();
  /** Records where none can be made. */
  private readonly refused = new Set<number>();

  constructor(options: DraftOptions, surroundings: DraftSurroundings) {
    const { memory, code, isa, places, predecode } = surroundings;
    this.drafts = new Drafts(memory, code, isa, places, predecode);
    this.surroundings = surroundings;
    this.period = options.period;
    this.ahead = options.ahead ?? defaultAhead;
    this.smallestBatch = options.batch ?? defaultBatch;
    this.compile = options.compile ?? ((bytes) => new WebAssembly.Module(bytes));
  }

  /** Of their functions. */
  get bytes(): number {
    return this.drafts.bytes;
  }

  at(number: number): Draft | undefined {
    return this.drafts.at(number);
  }

  /** So many jumps of a hart led to a record, which is interpreted; gives whether drafts were made. */
  hear(area: number, rec: number, count: number): boolean {
    if (this.refused.has(rec)) return false;
    const { losses, code } = this.surroundings;
    const doubts = Math.min(losses.of(code.locate(rec).page), mostDoubts);
    const asked = this.period * 2 ** doubts;
    if (count < asked) return false;
    this.wanted.add(rec);
    if (this.wanted.size < this.batch) return false;
    this.make(area);
    return true;
  }

  private get batch(): number {
    const part = Math.max(this.drafts.size * waitingPart, this.smallestBatch);
    return Math.min(part, largestBatch, this.surroundings.places.capacity);
  }

  /**
   * A draft was left to be interpreted. Gives how often it was as hot as it takes to be heard of, with
   * this time; 0 if it was only short of budget.
   */
  heat(draft: Draft): number {
    if (!this.drafts.isDue(draft)) return 0;
    this.drafts.hearAfter(draft, this.ahead);
    return ++draft.timesHot;
  }

  /** A record is not interpreted any more. */
  forget(rec: number): void {
    this.wanted.delete(rec);
  }

  /** Those with code at offsets of a physical page from the one up to the other; gives how many. */
  drop(page: number, from: number, to: number): number {
    const covering = this.drafts.covering(page, from, to);
    for (const draft of covering) this.drafts.drop(draft);
    return covering.length;
  }

  dropAll(): void {
    this.drafts.dropAll();
  }

  /** All records are about to go. */
  clear(): void {
    this.drafts.dropAll();
    this.wanted.clear();
    this.refused.clear();
  }

  private make(area: number): void {
    const { counters, places, memory, now, evict } = this.surroundings;
    // In the order of their addresses, as it is mostly that of execution.
    const wanted = [...this.wanted].sort((a, b) => a - b);
    this.wanted.clear();
    if (!places.has(wanted.length)) evict();
    const start = now();
    const { bytes, made } = this.drafts.make(area, wanted, this.ahead);
    const records = new Set(made.map((draft) => draft.record));
    for (const rec of wanted) {
      if (!records.has(rec) && this.drafts.isDecoded(rec)) this.refused.add(rec);
    }
    if (made.length === 0) return;
    const drafted = now();
    const module = this.compile(bytes);
    new WebAssembly.Instance(module, { host: { memory: memory.memory, table: places.table } });
    for (const draft of made) this.drafts.install(draft);
    counters.drafts += made.length;
    counters.modules++;
    counters.bytes += bytes.length;
    counters.translateMilliseconds += drafted - start;
    counters.compileMilliseconds += now() - drafted;
  }
}
