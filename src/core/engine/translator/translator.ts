/**
 * The engine's second tier: hears which places are hot, makes regions of them, and keeps the
 * regions that are valid. A region exists while its record leads to it; nothing else refers to it,
 * so nothing has to be unlinked when code changes.
 */
import { defined } from '../../base/assert.ts';
import { probeHostFeatures, type HostFeatures } from '../../wasm/hostFeatures.ts';
import { ModuleBuilder } from '../../wasm/moduleBuilder.ts';
import type { CodePages, CodeWatcher } from '../codePages.ts';
import type { EngineMemory } from '../engineMemory.ts';
import type { RegionImports } from '../interpreterImports.ts';
import { regionType } from '../interpreterTier.ts';
import {
  floatUnit,
  hart,
  hotWord,
  record,
  recordShift,
  regionExit,
  shared,
  special,
} from '../layout.ts';
import { DraftTier } from '../draft/draftTier.ts';
import type { Draft } from '../draft/drafts.ts';
import { lengthOf, startsOf } from './block.ts';
import { noCounters } from './counters.ts';
import { DirectSites } from './directSites.ts';
import type { ControlWord } from './controlWord.ts';
import { defaultLimits, Discovery, type Discovered, type TranslatedIsa } from './discover.ts';
import { DeviceSites } from './deviceSites.ts';
import { emitRegion } from './emitRegion.ts';
import { EntryWords } from './entryWords.ts';
import { Growth } from './growth.ts';
import { LiveRegions } from './liveRegions.ts';
import { Losses } from './losses.ts';
import { importOutside, type ModuleIndices } from './outside.ts';
import { observeRegion, type ObservedRegion } from './observed.ts';
import type { TranslatorOptions } from './options.ts';
import { Places } from './places.ts';
import { aroundIn, markParcels, type IndirectJump, type Region, type Wanted } from './region.ts';
import { factsOf } from './rowFacts.ts';
import { Youth, type RunSoFar } from './youth.ts';

export type { TranslatorOptions } from './options.ts';

/**
 * To translate and compile costs some 7 µs an instruction, to interpret 3 to 6 ns: it pays after one
 * or two thousand times, and code that runs as often has most of its life before it.
 */
const defaultPeriod = 2048;
/** Of the regions there are, so many may wait to be compiled together. */
const waitingPart = 1 / 16;
const largestBatch = 256;
/** When all regions had to go twice within so many instructions, less is translated. */
const longAgo = 4e9;
/** Each loss doubles what is asked of a place, up to so many. */
const mostDoubts = 12;
/** After so many losses of a page, regions that call code there are given up. */
const lossesForCallers = 4;
/** Instructions from one visit to the next of a place that is not worth a region of its own. */
const seldom = 5000;

export class Translator implements CodeWatcher {
  readonly counters = noCounters();
  private readonly memory: EngineMemory;
  private readonly code: CodePages;
  private readonly isa: TranslatedIsa;
  private readonly discovery: Discovery;
  private readonly batch: number;
  private readonly capacity: number;
  private readonly capacityBytes: number;
  /** What is asked of a place is doubled so many times, since room has run out. */
  private pressure = 0;
  private lastEviction = 0;
  private readonly now: () => number;
  private readonly progress: () => number;
  private readonly wanted = new Map<number, Wanted>();
  private readonly regions = new LiveRegions();
  /** Places where no region pays. */
  private readonly refused = new Set<number>();
  /** Places whose regions were entered in another mode than they were made for. */
  private readonly ofSeveralModes = new Set<number>();
  /** For places inside regions: the count of instructions when they were hot. */
  private readonly whenHot = new Map<number, number>();
  private readonly growth: Growth;
  private readonly losses: Losses;
  private readonly entryWords: EntryWords;
  private readonly deviceSites: DeviceSites;
  readonly directSites: DirectSites;
  private readonly observe: TranslatorOptions['observe'];
  private features: HostFeatures | undefined;
  private readonly givenFeatures: Partial<HostFeatures>;
  /** Of the module under construction. */
  private readonly observed: ObservedRegion[] = [];
  private readonly places: Places;
  private readonly drafts: DraftTier | undefined;
  private readonly period: number;
  private readonly youth: Youth;
  /** As in `InterpreterClient`; set by the interpreter. */
  predecode: (area: number, record: number, behind: number) => number = () => 0;
  /** As in `InterpreterClient`. */
  controlWord: (area: number, record: number, handler: number) => ControlWord | undefined = () =>
    undefined;
  /** What regions call; set by the interpreter. */
  imports: RegionImports | undefined;

  constructor(
    memory: EngineMemory,
    code: CodePages,
    isa: TranslatedIsa,
    run: RunSoFar,
    options: TranslatorOptions = {},
  ) {
    this.progress = () => run.instructions();
    this.losses = new Losses(this.progress);
    this.memory = memory;
    this.entryWords = new EntryWords(memory.view);
    this.directSites = new DirectSites(memory);
    this.code = code;
    this.growth = new Growth(this.regions, code);
    this.isa = isa;
    this.capacity = options.capacity ?? 16_000;
    this.capacityBytes = options.capacityBytes ?? 48 << 20;
    this.batch = Math.min(options.batch ?? 8, this.capacity);
    this.now = options.now ?? (() => 0);
    this.observe = options.observe;
    this.givenFeatures = options.features ?? {};
    this.period = options.period ?? defaultPeriod;
    this.deviceSites = new DeviceSites(Math.ceil(this.period / 2));
    this.youth = new Youth(run, options.youth ?? 0);
    const eager = options.eager ?? false;
    memory.view.setUint32(shared.hotMask, (options.drafts?.period ?? this.period) - 1, true);
    this.discovery = new Discovery(
      memory,
      isa,
      options.limits ?? defaultLimits,
      (at) => this.growth.targetsOf(at),
      (area, rec, behind) => (eager || behind !== 0 ? this.predecode(area, rec, behind) : 0),
      (rec) => this.deviceSites.isOne(rec),
    );
    this.places = new Places(this.capacity, memory.view, isa.handlers);
    if (options.drafts) {
      const { places, losses, counters, now } = this;
      const evict = (): void => this.evict();
      const predecode = (area: number, rec: number): boolean =>
        eager && this.predecode(area, rec, 0) !== 0;
      const surroundings = { memory, code, isa, places, losses, counters, now, evict, predecode };
      this.drafts = new DraftTier(options.drafts, surroundings);
    }
    code.watcher = this;
  }

  get table(): WebAssembly.Table {
    return this.places.table;
  }

  /** As `TierImports.hot`. */
  hot(area: number, rec: number): void {
    const { view } = this.memory;
    const site = view.getUint32(area + hart.exitSite, true);
    view.setUint32(area + hart.exitSite, 0, true);
    if (view.getUint32(area + hart.regionExit, true) === regionExit.interpret && site !== 0) {
      const draft = this.drafts?.at(site);
      if (draft) this.draftLeft(draft, area, rec);
      else this.surprised(area, site, rec);
      return;
    }
    const page = view.getBigUint64(area + hart.pageAddress, true);
    const word = view.getUint32(rec + record.hot, true);
    const isEntry = word >= hotWord.translated;
    const count = isEntry ? 2 * this.period * this.growth.transfersTo(rec) : word;
    const lost = this.losses.of(this.code.locate(rec).page);
    if (this.drafts && !isEntry) {
      if (this.youth.isOver && this.drafts.hear(area, rec, word / 2 ** this.pressure)) return;
      if (word % this.period !== 0) return;
    }
    const doubtsOfAge = this.youth.doubts(this.counters.regions === 0);
    const doubts = Math.min(lost + this.pressure, mostDoubts) + doubtsOfAge;
    const asked = isEntry ? this.period : this.period * 2 ** doubts;
    if (count < asked) {
      const caller = this.regions.at(site);
      if (caller && lost >= lossesForCallers) this.giveUp(caller);
      return;
    }
    const again = count >= 2 * asked;
    const grown = site === 0 ? undefined : this.growth.grownBy(site, rec, page);
    if (grown) {
      // The way out belongs inside. Others, or a loop around both, may get hot at the same time.
      if (!again || count < 2 * this.period * this.growth.factor(site, grown)) return;
      this.want({ ...grown, because: rec });
    } else if (!isEntry && this.isWorthwhile(rec)) {
      if (this.regions.hasBlock(rec) && !this.isBusy(rec)) return;
      this.want({ record: rec, area, page, generation: 0, whole: false, words: 0 });
    }
    this.translateIfMany(again);
  }

  private translateIfMany(atOnce: boolean): void {
    const batch = Math.min(this.regions.size * waitingPart, largestBatch);
    if (atOnce || this.wanted.size >= Math.max(batch, this.batch)) this.translateWanted();
  }

  /** A draft was left at a record, hot or for want of budget. */
  private draftLeft(draft: Draft, area: number, rec: number): void {
    const times = this.drafts!.heat(draft);
    const { page, offset } = this.code.locate(rec);
    const doubts = Math.min(this.losses.of(page) + this.pressure, mostDoubts);
    if (times < 2 ** doubts) return;
    // A draft leaves to better regions what is theirs, where it is made anew.
    if (this.regions.beginningAt(rec)) {
      this.drafts!.drop(page, offset, offset + 2);
      return;
    }
    if (!this.isWorthwhile(rec)) return;
    const address = this.memory.view.getBigUint64(area + hart.pageAddress, true);
    this.want({ record: rec, area, page: address, generation: 0, whole: false, words: 0 });
    this.translateIfMany(times >= 2 * 2 ** doubts);
  }

  /** As in `Interpreter`. */
  deviceAnswered(area: number): void {
    const rec = this.memory.view.getUint32(area + hart.slowRecord, true);
    if (!this.deviceSites.note(rec)) return;
    const { page, offset } = this.code.locate(rec);
    for (const region of this.regions.covering(page, offset, offset + 2)) {
      this.wanted.set(region.record, region);
    }
    this.translateWanted();
  }

  /** Bytes of code from `from` to `to` in a physical page are about to change. */
  codeChanges(page: number, from: number, to: number): void {
    const lost = this.drafts?.drop(page, from, to) ?? 0;
    this.counters.invalidated += lost;
    if (lost > 0) this.losses.add(page);
    const covering = this.regions.covering(page, from, to);
    if (covering.length === 0) return;
    for (const region of covering) this.drop(region);
    this.counters.invalidated += covering.length;
    this.losses.add(page);
  }

  /** The code stays as it is: regions go without being worth less. */
  codeIsWatched(page: number, offset: number): void {
    this.drafts?.drop(page, offset, offset + 2);
    for (const region of this.regions.covering(page, offset, offset + 2)) this.drop(region);
  }

  /** All records are about to go. */
  codeCleared(): void {
    this.dropAll();
    this.drafts?.clear();
    this.wanted.clear();
    this.growth.clear();
    this.losses.clear();
    this.whenHot.clear();
    this.refused.clear();
    this.ofSeveralModes.clear();
    this.directSites.clear();
    this.entryWords.clear();
    this.deviceSites.clear();
  }

  translateWanted(): void {
    // A function begins before its loops, which need no regions of their own as a rule.
    const wanted = [...this.wanted.values()].sort((a, b) => a.record - b.record);
    this.wanted.clear();
    if (wanted.length === 0) return;
    const size = this.regions.bytes + (this.drafts?.bytes ?? 0);
    if (size > this.capacityBytes || !this.places.has(wanted.length)) this.evict();
    const start = this.now();
    const module = new ModuleBuilder();
    module.importMemory('host', 'memory', 1);
    module.importTable('host', 'table', 1);
    const functions = importOutside(module);
    const typeIndex = module.typeIndexOf(regionType);
    const inside = new Set<number>();
    const made = wanted.flatMap(
      (each) => this.emit(module, { typeIndex, functions }, each, inside) ?? [],
    );
    if (made.length === 0) return;
    const bytes = module.build();
    const translated = this.now();
    const instance = new WebAssembly.Instance(
      new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>),
      {
        host: { ...this.imports, memory: this.memory.memory, table: this.table },
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

  /** A region was left at a record for what it took for granted: words on entry, or where loads go. */
  private surprised(area: number, site: number, at: number): void {
    const region = this.regions.at(site);
    if (!region) return;
    const { record: rec, words, direct, mode } = region;
    if (mode !== undefined && this.memory.view.getUint32(area + hart.mode, true) !== mode) {
      this.ofSeveralModes.add(rec);
      return this.drop(region);
    }
    if (this.entryWords.wasWrong(area, rec, words)) return this.drop(region);
    if (this.directSites.surprised(area, rec, direct, at)) this.drop(region);
  }

  /**
   * All regions go at once, as only that frees their modules. Where code goes round in more than
   * there is room for, ever less of it is translated.
   */
  private evict(): void {
    const now = this.progress();
    if (this.counters.evictions > 0) {
      this.pressure = now - this.lastEviction < longAgo ? this.pressure + 1 : 0;
    }
    this.lastEviction = now;
    this.counters.evictions++;
    this.dropAll();
  }

  private want(wanted: Wanted): void {
    const words = this.entryWords.guess(wanted.area, wanted.record);
    this.wanted.set(wanted.record, { ...wanted, words });
  }

  /** A region that mostly leads to code that changes all the time costs more than it saves. */
  private giveUp(region: Region): void {
    this.drop(region);
    this.refused.add(region.record);
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
    const { view } = this.memory;
    let number = view.getUint16(rec + record.handler, true);
    if (number === special.translated) {
      number = view.getUint32(rec + record.hot, true) & hotWord.handlerMask;
    }
    if (number < special.first || this.refused.has(rec)) return false;
    const { handlers, xlen } = this.isa;
    return factsOf(handlers.handlers[number - special.first]!.row, xlen).flow !== 'host';
  }

  /** Unless the place is inside a region made before; adds the records of this one's blocks. */
  private emit(
    module: ModuleBuilder,
    indices: ModuleIndices,
    wanted: Wanted,
    inside: Set<number>,
  ): Region | undefined {
    const { record: rec, area, page } = wanted;
    if (inside.has(rec) || !this.isWorthwhile(rec)) return undefined;
    const { offset } = this.code.locate(rec);
    const records = rec - (offset << recordShift);
    const isOfOneMode = !this.ofSeveralModes.has(rec);
    const wordAt = (at: number, handler: number): ControlWord | undefined =>
      isOfOneMode ? this.controlWord(area, at, handler) : undefined;
    const discovered = this.discovery.find(area, page, records, offset, wanted.whole, wordAt);
    if (wanted.because !== undefined && !this.reaches(wanted, discovered)) return undefined;
    const index = this.places.take();
    const { xlen } = this.isa;
    const unit = this.memory.view.getUint32(area + hart.floatUnit, true);
    const steady = unit === floatUnit.steady;
    const direct = this.directSites.memoryFor(area, rec);
    const request = {
      ...{ discovered, entry: offset, number: index, ...indices, xlen, steady },
      mode: this.memory.view.getUint32(area + hart.mode, true),
      words: wanted.words,
      // Short runs translate nothing, and need not wait for what is found out by trying.
      features: (this.features ??= { ...probeHostFeatures(), ...this.givenFeatures }),
      ...(direct ? { direct } : {}),
      isDirect: this.directSites.takes(area, direct),
      ...(this.memory.harts === 1 ? { onlyHart: area } : {}),
    };
    const { f, graph, words, mode, direct: directUse } = emitRegion(request);
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
      this.counters.instructions += lengthOf(block);
      markParcels(parcels, this.code, discovered.pages, block);
      blocks.push(...startsOf(block));
      const last = block.instructions.at(-1);
      if (last && block.end.kind === 'indirect') {
        indirect.set(last.record, { at: last.at, targets: block.end.targets });
      }
    }
    const { cold, outside } = discovered;
    const around = aroundIn(discovered, page);
    for (const each of blocks) inside.add(each);
    const bytes = f.code.length;
    return {
      ...wanted,
      ...{ words, mode, index, name, parcels, indirect, cold, outside, around, blocks, bytes },
      direct: directUse,
    };
  }

  /** Whether a region made anew has what it is made anew for; if not, it stays as it is for good. */
  private reaches({ because, record: rec }: Wanted, { blocks }: Discovered): boolean {
    for (const block of blocks.values()) {
      if (startsOf(block).includes(because!)) return true;
    }
    for (const region of this.regions.all()) {
      if (region.record !== rec && region.around?.record !== rec) continue;
      region.cold.delete(because!);
      region.outside.delete(because!);
    }
    return false;
  }

  private install(region: Region): void {
    const { record: rec, index } = region;
    // It takes the place of others, and what is in the middle of drafts would never be entered.
    const { page, offset } = this.code.locate(rec);
    this.drafts?.drop(page, offset, offset + 2);
    this.drafts?.forget(rec);
    const before = this.regions.beginningAt(rec);
    if (before) this.drop(before);
    this.places.lead(rec, index);
    this.regions.add(region);
    this.counters.regions++;
  }

  private drop(region: Region): void {
    this.regions.remove(region);
    this.places.free(region.index, region.record);
  }

  private dropAll(): void {
    this.drafts?.dropAll();
    for (const region of this.regions.all()) this.drop(region);
  }
}
