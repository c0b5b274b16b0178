/**
 * The engine's second tier: hears which places are hot, makes regions of them, and keeps the
 * regions that are valid. A region exists while its record leads to it; nothing else refers to it,
 * so nothing has to be unlinked when code changes.
 */
import { defined } from '../../base/assert.ts';
import { ModuleBuilder } from '../../wasm/moduleBuilder.ts';
import type { CodePages, CodeWatcher } from '../codePages.ts';
import type { EngineMemory } from '../engineMemory.ts';
import { regionType } from '../interpreterTier.ts';
import {
  floatUnit,
  hart,
  hotWord,
  pageBytes,
  record,
  recordShift,
  regionExit,
  shared,
  special,
} from '../layout.ts';
import type { DirectMemory } from './assumptions.ts';
import type { Block } from './block.ts';
import { defaultLimits, Discovery, type Limits, type TranslatedIsa } from './discover.ts';
import { emitRegion } from './emitRegion.ts';
import { observeRegion, type ObservedModule, type ObservedRegion } from './observed.ts';
import { factsOf } from './rowFacts.ts';

export interface TranslatorOptions {
  readonly limits?: Limits;
  /** Jumps to a place until the translator hears of it, a power of two. */
  readonly period?: number;
  /** Regions include code that was not executed yet. */
  readonly eager?: boolean;
  /** Regions that may wait to be compiled together. */
  readonly batch?: number;
  /** Regions that may exist at a time. */
  readonly capacity?: number;
  /** Milliseconds, to measure with; without it times are 0. */
  readonly now?: () => number;
  /** Is told of each module. */
  readonly observe?: ((module: ObservedModule) => void) | undefined;
}

/** What was done so far. */
export interface TranslatorCounters {
  regions: number;
  instructions: number;
  modules: number;
  bytes: number;
  /** Regions that lost their code's validity, and times that all were dropped for lack of room. */
  invalidated: number;
  evictions: number;
  translateMilliseconds: number;
  compileMilliseconds: number;
}

/** A place where a region is to begin. */
interface Wanted {
  readonly record: number;
  readonly area: number;
  /** Virtual address of its page when it was hot. */
  readonly page: bigint;
  readonly generation: number;
  /** With what is behind the loop, if the place is in one. */
  readonly whole: boolean;
}

interface IndirectJump {
  readonly at: number;
  readonly targets: readonly number[];
}

interface Region extends Wanted {
  readonly index: number;
  /** Of its function. */
  readonly name: string;
  /** Parcels of its code by physical page: a bit for every two bytes. */
  readonly parcels: ReadonlyMap<number, Uint32Array>;
  /** Its indirect jumps by record: their places, and where they may go inside. */
  readonly indirect: ReadonlyMap<number, IndirectJump>;
  /** As in `Discovered`. */
  readonly cold: ReadonlySet<number>;
  readonly outside: ReadonlySet<number>;
  /** Records that its blocks begin with. */
  readonly blocks: readonly number[];
}

const pageParcels = pageBytes / 2;
/** A region is made anew for a way out that turned out to be hot, but not for ever. */
const mostGenerations = 8;
/** Each loss doubles what is asked of a place, up to so many. */
const mostLosses = 12;
/** After so many losses of a page, regions that call code there are given up. */
const lossesForCallers = 4;
/** So often a region may be left for what it assumed; then it is made without. */
const mostSurprises = 100;
/** Instructions from one visit to the next of a place that is not worth a region of its own. */
const seldom = 5000;
/** Places that an indirect jump may go to without leaving its region. */
const mostTargets = 128;

export class Translator implements CodeWatcher {
  readonly table: WebAssembly.Table;
  readonly counters: TranslatorCounters = {
    regions: 0,
    instructions: 0,
    modules: 0,
    bytes: 0,
    invalidated: 0,
    evictions: 0,
    translateMilliseconds: 0,
    compileMilliseconds: 0,
  };
  private readonly memory: EngineMemory;
  private readonly code: CodePages;
  private readonly isa: TranslatedIsa;
  private readonly discovery: Discovery;
  private readonly batch: number;
  private readonly capacity: number;
  private readonly now: () => number;
  private readonly progress: () => number;
  private readonly wanted = new Map<number, Wanted>();
  private readonly regions = new Map<number, Region>();
  /** Records that blocks of regions begin with, and in how many. */
  private readonly blocks = new Map<number, number>();
  /** Places where no region pays. */
  private readonly refused = new Set<number>();
  /** For places inside regions: the count of instructions when they were hot. */
  private readonly whenHot = new Map<number, number>();
  private readonly byPage = new Map<number, Set<Region>>();
  /** Where indirect jumps went when they left their region, as distances from the jump. */
  private readonly targets = new Map<number, Set<number>>();
  /** How often a page's regions were lost to stores: code that changes is worth less. */
  private readonly losses = new Map<number, number>();
  /** How often regions that begin at a record were left for assuming too much. */
  private readonly surprises = new Map<number, number>();
  private freeIndices: number[] = [];
  private readonly observe: TranslatorOptions['observe'];
  /** Of the module under construction. */
  private readonly observed: ObservedRegion[] = [];
  private readonly period: number;
  /** As in `InterpreterClient`; set by the interpreter. */
  predecode: (area: number, record: number) => boolean = () => false;

  constructor(
    memory: EngineMemory,
    code: CodePages,
    isa: TranslatedIsa,
    /** Instructions retired so far, about. */
    progress: () => number,
    options: TranslatorOptions = {},
  ) {
    this.progress = progress;
    this.memory = memory;
    this.code = code;
    this.isa = isa;
    this.capacity = options.capacity ?? 2000;
    this.batch = Math.min(options.batch ?? 8, this.capacity);
    this.now = options.now ?? (() => 0);
    this.observe = options.observe;
    this.period = options.period ?? 512;
    const eager = options.eager ?? false;
    memory.view.setUint32(shared.hotMask, this.period - 1, true);
    this.discovery = new Discovery(
      memory,
      isa,
      options.limits ?? defaultLimits,
      (at) => this.targets.get(at) ?? none,
      (area, rec) => eager && this.predecode(area, rec),
    );
    this.table = new WebAssembly.Table({ element: 'anyfunc', initial: this.capacity + 1 });
    this.freeAll();
    code.watcher = this;
  }

  /** As `TierImports.hot`. */
  hot(area: number, rec: number): void {
    const { view } = this.memory;
    const site = view.getUint32(area + hart.exitSite, true);
    view.setUint32(area + hart.exitSite, 0, true);
    if (view.getUint32(area + hart.regionExit, true) === regionExit.interpret && site !== 0) {
      this.surprised(site);
      return;
    }
    const page = view.getBigUint64(area + hart.pageAddress, true);
    const word = view.getUint32(rec + record.hot, true);
    const isEntry = word >= hotWord.translated;
    const count = isEntry ? 2 * this.period : word;
    const lost = this.losses.get(this.code.locate(rec).page) ?? 0;
    if (!isEntry && count < this.period * 2 ** Math.min(lost, mostLosses)) {
      const caller = this.regions.get(site);
      if (caller && lost >= lossesForCallers) this.giveUp(caller);
      return;
    }
    const again = count >= 2 * this.period;
    const grown = site === 0 ? undefined : this.grownBy(site, rec, page);
    if (grown) {
      // The way out belongs inside. Others, or a loop around both, may get hot at the same time.
      if (!again) return;
      this.drop(defined(this.regions.get(grown.index), 'a region'));
      this.want(grown);
    } else if (!isEntry && this.isWorthwhile(rec)) {
      if (this.blocks.has(rec) && !this.isBusy(rec)) return;
      this.want({ record: rec, area, page, generation: 0, whole: false });
    }
    if (again || this.wanted.size >= this.batch) this.translateWanted();
  }

  /** Bytes of code from `from` to `to` in a physical page are about to change. */
  codeChanges(page: number, from: number, to: number): void {
    const covering = this.byPage.get(page);
    if (!covering) return;
    for (const region of covering) {
      if (!covers(region.parcels.get(page)!, from >> 1, (to - 1) >> 1)) continue;
      this.drop(region);
      this.counters.invalidated++;
      this.losses.set(page, (this.losses.get(page) ?? 0) + 1);
    }
  }

  /** The code stays as it is: regions go without being worth less. */
  codeIsWatched(page: number, offset: number): void {
    for (const region of this.byPage.get(page) ?? []) {
      if (covers(region.parcels.get(page)!, offset >> 1, offset >> 1)) this.drop(region);
    }
  }

  /** All records are about to go. */
  codeCleared(): void {
    this.dropAll();
    this.wanted.clear();
    this.targets.clear();
    this.losses.clear();
    this.whenHot.clear();
    this.refused.clear();
    this.surprises.clear();
  }

  translateWanted(): void {
    // A function begins before its loops, which need no regions of their own as a rule.
    const wanted = [...this.wanted.values()].sort((a, b) => a.record - b.record);
    this.wanted.clear();
    if (this.freeIndices.length < wanted.length) {
      this.counters.evictions++;
      this.dropAll();
    }
    const start = this.now();
    const module = new ModuleBuilder();
    module.importMemory('host', 'memory', 1);
    module.importTable('host', 'table', 1);
    const typeIndex = module.typeIndexOf(regionType);
    const inside = new Set<number>();
    const made = wanted.flatMap((each) => this.emit(module, typeIndex, each, inside) ?? []);
    if (made.length === 0) return;
    const bytes = module.build();
    const translated = this.now();
    const instance = new WebAssembly.Instance(
      new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>),
      {
        host: { memory: this.memory.memory, table: this.table },
      },
    );
    for (const region of made) {
      this.table.set(region.index, defined(instance.exports[region.name], 'a region'));
      this.install(region);
    }
    const { counters } = this;
    counters.modules++;
    counters.bytes += bytes.length;
    counters.translateMilliseconds += translated - start;
    counters.compileMilliseconds += this.now() - translated;
    this.observe?.({ bytes, regions: this.observed.splice(0) });
  }

  /** How often regions were entered from the interpreter, and left for it to do an instruction. */
  traffic(harts: number): { entries: number; leaves: number } {
    let [entries, leaves] = [0, 0];
    for (let i = 0; i < harts; i++) {
      const area = this.memory.hartArea(i);
      entries += Number(this.memory.view.getBigUint64(area + hart.regionEntries, true));
      leaves += Number(this.memory.view.getBigUint64(area + hart.regionLeaves, true));
    }
    return { entries, leaves };
  }

  /** A region was left because loads went elsewhere than to memory that they reach directly. */
  private surprised(site: number): void {
    const region = this.regions.get(site);
    if (!region) return;
    const times = (this.surprises.get(region.record) ?? 0) + 1;
    this.surprises.set(region.record, times);
    if (times === mostSurprises) this.drop(region);
  }

  /** Memory that loads reach directly in the hart's present way of accessing it. */
  private directMemory(area: number, rec: number): DirectMemory | undefined {
    const { view } = this.memory;
    const bytes = view.getUint32(area + hart.directBytes, true);
    if (bytes === 0 || (this.surprises.get(rec) ?? 0) >= mostSurprises) return undefined;
    const base = Number(view.getBigUint64(area + hart.directBase, true));
    return { base, bytes, offset: view.getUint32(area + hart.directOffset, true) };
  }

  private want(wanted: Wanted): void {
    this.wanted.set(wanted.record, wanted);
  }

  /** A region that mostly leads to code that changes all the time costs more than it saves. */
  private giveUp(region: Region): void {
    this.drop(region);
    this.refused.add(region.record);
  }

  /** The region that was left for a place that belongs into it, as it should be made again. */
  private grownBy(site: number, rec: number, page: bigint): Region | undefined {
    if (site < firstRecord) {
      const region = this.regions.get(site);
      if (!region || region.generation >= mostGenerations) return undefined;
      const generation = region.generation + 1;
      if (region.outside.has(rec)) return { ...region, generation, whole: true };
      return region.cold.has(rec) ? { ...region, generation } : undefined;
    }
    for (const region of this.regions.values()) {
      const jump = region.indirect.get(site);
      if (jump === undefined) continue;
      const { offset } = this.code.locate(rec);
      const distance = Number(BigInt.asIntN(64, page + BigInt(offset) - region.page)) - jump.at;
      // A target that it goes out for all the same cannot be had inside.
      const refused = jump.targets.includes(jump.at + distance);
      if (refused || Math.abs(distance) > 0x10000) return undefined;
      let known = this.targets.get(site);
      if (!known) this.targets.set(site, (known = new Set()));
      if (!known.has(distance) && known.size === mostTargets) return undefined;
      known.add(distance);
      if (region.generation >= mostGenerations) return undefined;
      return { ...region, generation: region.generation + 1 };
    }
    return undefined;
  }

  /**
   * Whether a place inside a region is hot all the same: the interpreter stays there instead of
   * passing by on its way to where the region begins.
   */
  private isBusy(rec: number): boolean {
    const now = this.progress();
    const before = this.whenHot.get(rec);
    this.whenHot.set(rec, now);
    return before !== undefined && now - before < this.period * seldom;
  }

  /** Whether a region may begin with this instruction. */
  private isWorthwhile(rec: number): boolean {
    const number = this.memory.view.getUint16(rec + record.handler, true);
    if (number < special.first || this.refused.has(rec)) return false;
    const { handlers, xlen } = this.isa;
    return factsOf(handlers.handlers[number - special.first]!.row, xlen).flow !== 'host';
  }

  /** Unless the place is inside a region made before; adds the records of this one's blocks. */
  private emit(
    module: ModuleBuilder,
    typeIndex: number,
    wanted: Wanted,
    inside: Set<number>,
  ): Region | undefined {
    const { record: rec, area, page } = wanted;
    if (inside.has(rec) || !this.isWorthwhile(rec)) return undefined;
    const { offset } = this.code.locate(rec);
    const records = rec - (offset << recordShift);
    const discovered = this.discovery.find(area, page, records, offset, wanted.whole);
    const index = defined(this.freeIndices.pop(), 'a free place in the table');
    const { xlen } = this.isa;
    const unit = this.memory.view.getUint32(area + hart.floatUnit, true);
    const steady = unit === floatUnit.steady;
    const direct = this.directMemory(area, rec);
    const request = {
      ...{ discovered, entry: offset, number: index, typeIndex, xlen, steady },
      ...(direct ? { direct } : {}),
    };
    const { f, graph } = emitRegion(request);
    const name = `r${index}.${this.counters.modules}`;
    module.addFunction(f, name);
    if (this.observe) {
      module.namesFunctions = true;
      const place = { page, entry: offset };
      this.observed.push(observeRegion(name, place, discovered, graph, this.code));
    }
    const parcels = new Map<number, Uint32Array>();
    const indirect = new Map<number, IndirectJump>();
    const blocks: number[] = [];
    for (const { block } of graph.nodes) {
      this.counters.instructions += block.instructions.length;
      this.mark(parcels, discovered.pages, block);
      const first = block.instructions[0];
      if (first) blocks.push(first.record);
      const last = block.instructions.at(-1);
      if (last && block.end.kind === 'indirect') {
        indirect.set(last.record, { at: last.at, targets: block.end.targets });
      }
    }
    const { cold, outside } = discovered;
    for (const each of blocks) inside.add(each);
    return { ...wanted, index, name, parcels, indirect, cold, outside, blocks };
  }

  private mark(
    parcels: Map<number, Uint32Array>,
    pages: ReadonlyMap<number, number>,
    { instructions }: Block,
  ): void {
    for (const { at, handler } of instructions) {
      const number = Math.floor(at / pageBytes);
      const physical = defined(this.code.pageAt(pages.get(number)!), 'a page with records');
      let bits = parcels.get(physical);
      if (!bits) parcels.set(physical, (bits = new Uint32Array(pageParcels / 32)));
      for (let i = 0; i < handler.length; i += 2) {
        const parcel = (at - number * pageBytes + i) >> 1;
        bits[parcel >> 5]! |= 1 << (parcel & 31);
      }
    }
  }

  private install(region: Region): void {
    const { view } = this.memory;
    const { record: rec, index } = region;
    const handler = view.getUint16(rec + record.handler, true);
    const word = (hotWord.translated | (index << hotWord.indexShift) | handler) >>> 0;
    view.setUint16(rec + record.handler, special.translated, true);
    view.setUint32(rec + record.hot, word, true);
    this.regions.set(index, region);
    for (const page of region.parcels.keys()) {
      let covering = this.byPage.get(page);
      if (!covering) this.byPage.set(page, (covering = new Set()));
      covering.add(region);
    }
    for (const each of region.blocks) this.blocks.set(each, (this.blocks.get(each) ?? 0) + 1);
    this.counters.regions++;
  }

  private drop(region: Region): void {
    const { view } = this.memory;
    const { record: rec, index } = region;
    const word = view.getUint32(rec + record.hot, true);
    view.setUint16(rec + record.handler, word & hotWord.handlerMask, true);
    view.setUint32(rec + record.hot, 0, true);
    this.table.set(index, null);
    this.regions.delete(index);
    for (const page of region.parcels.keys()) this.byPage.get(page)?.delete(region);
    for (const each of region.blocks) {
      const left = this.blocks.get(each)! - 1;
      if (left === 0) this.blocks.delete(each);
      else this.blocks.set(each, left);
    }
    this.freeIndices.push(index);
  }

  private dropAll(): void {
    for (const region of [...this.regions.values()]) this.drop(region);
    this.freeAll();
  }

  private freeAll(): void {
    this.freeIndices = Array.from({ length: this.capacity }, (_, i) => this.capacity - i);
  }
}

const none: ReadonlySet<number> = new Set();
/** Offsets of records are greater than indices of regions. */
const firstRecord = 0x10000;

function covers(bits: Uint32Array, first: number, last: number): boolean {
  for (let parcel = first; parcel <= last; parcel++) {
    if ((bits[parcel >> 5]! >>> (parcel & 31)) & 1) return true;
  }
  return false;
}
