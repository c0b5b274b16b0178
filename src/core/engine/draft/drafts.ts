/**
 * Drafts: regions that cost little to make and run at a fraction of what is possible, for code that
 * is executed some hundred times. What gets hotter is translated in earnest.
 */
import { ModuleBuilder, type FunctionBody } from '../../wasm/moduleBuilder.ts';
import type { CodePages } from '../codePages.ts';
import type { EngineMemory } from '../engineMemory.ts';
import { regionType } from '../interpreterTier.ts';
import { record, recordShift, special } from '../layout.ts';
import type { TranslatedIsa } from '../translator/discover.ts';
import type { Places } from '../translator/places.ts';
import { covers } from '../translator/region.ts';
import { generateCallAt } from './callAt.ts';
import { DraftMaker } from './draftMaker.ts';

export interface Draft {
  readonly number: number;
  readonly record: number;
  /** Physical address of its page, and of that a bit for every two bytes of its code. */
  readonly page: number;
  readonly parcels: Uint32Array;
  /** Length of its function. */
  readonly bytes: number;
  /** How often its counter ran out. */
  timesHot: number;
}

/** Of a module, the first function. */
const callAtIndex = 0;

export class Drafts {
  bytes = 0;
  private readonly memory: EngineMemory;
  private readonly codePages: CodePages;
  private readonly places: Places;
  private readonly byNumber = new Map<number, Draft>();
  private readonly byPage = new Map<number, Set<Draft>>();
  private readonly newMaker: () => DraftMaker;
  /** Most runs are too short for the first draft. */
  private maker: DraftMaker | undefined;
  /** The same in all modules. */
  private callAt: FunctionBody | undefined;

  constructor(
    memory: EngineMemory,
    code: CodePages,
    isa: TranslatedIsa,
    places: Places,
    /** Decodes a record that was not executed, if that is wanted and can be done. */
    predecode: (area: number, record: number) => boolean,
  ) {
    this.memory = memory;
    this.codePages = code;
    this.places = places;
    const isDraft = (region: number): boolean => this.byNumber.has(region);
    this.newMaker = () => new DraftMaker(memory, isa, callAtIndex, isDraft, predecode);
  }

  get size(): number {
    return this.byNumber.size;
  }

  at(number: number): Draft | undefined {
    return this.byNumber.get(number);
  }

  covering(page: number, from: number, to: number): Draft[] {
    const found: Draft[] = [];
    for (const draft of this.byPage.get(page) ?? []) {
      if (covers(draft.parcels, from >> 1, (to - 1) >> 1)) found.push(draft);
    }
    return found;
  }

  /**
   * Makes drafts that begin at these records, where that can be done, heard of after they went round
   * so often. Gives the bytes of a module, to be instantiated with `memory` and `table`.
   */
  make(
    area: number,
    records: readonly number[],
    ahead: number,
  ): { bytes: Uint8Array<ArrayBuffer>; made: Draft[] } {
    const module = new ModuleBuilder();
    // All that it has, so that the host sees which constants are in bounds.
    module.importMemory('host', 'memory', this.memory.buffer.byteLength / 0x10000);
    module.importTable('host', 'table', 1);
    const typeIndex = module.typeIndexOf(regionType);
    module.addFunction((this.callAt ??= generateCallAt(typeIndex)));
    const made: Draft[] = [];
    for (const rec of records) {
      const draft = this.draft(module, area, rec, ahead);
      if (draft) made.push(draft);
    }
    return { bytes: module.build() as Uint8Array<ArrayBuffer>, made };
  }

  /** Leads its record to a draft whose function is in the table. */
  install(draft: Draft): void {
    this.places.lead(draft.record, draft.number);
    this.byNumber.set(draft.number, draft);
    let ofPage = this.byPage.get(draft.page);
    if (!ofPage) this.byPage.set(draft.page, (ofPage = new Set()));
    ofPage.add(draft);
    this.bytes += draft.bytes;
  }

  /** It is heard of again after it went round so often. */
  hearAfter(draft: Draft, ahead: number): void {
    this.memory.view.setInt32(this.counterOf(draft.number), ahead - 1, true);
  }

  /** Whether it went round as often as that. */
  isDue({ number }: Draft): boolean {
    return this.memory.view.getInt32(this.counterOf(number), true) < 0;
  }

  drop(draft: Draft): void {
    this.byNumber.delete(draft.number);
    const ofPage = this.byPage.get(draft.page)!;
    ofPage.delete(draft);
    if (ofPage.size === 0) this.byPage.delete(draft.page);
    this.bytes -= draft.bytes;
    this.places.free(draft.number, draft.record);
  }

  dropAll(): void {
    for (const draft of [...this.byNumber.values()]) this.drop(draft);
  }

  /** Whether the record says what to interpret, and nothing more. */
  isDecoded(rec: number): boolean {
    return this.memory.view.getUint16(rec + record.handler, true) >= special.first;
  }

  private draft(
    module: ModuleBuilder,
    area: number,
    rec: number,
    ahead: number,
  ): Draft | undefined {
    if (!this.isDecoded(rec)) return undefined;
    const { page, offset } = this.codePages.locate(rec);
    const records = rec - (offset << recordShift);
    const maker = (this.maker ??= this.newMaker());
    if (!maker.find(area, records, offset >> 1)) return undefined;
    const number = this.places.take();
    const counter = this.counterOf(number);
    const { body, bytes } = maker.emit({ records, entry: offset >> 1, number, counter });
    module.addElement(number, module.addFunction(body));
    const draft = {
      ...{ number, record: rec, page, parcels: maker.parcels(), bytes },
      timesHot: 0,
    };
    this.hearAfter(draft, ahead);
    return draft;
  }

  private counterOf(number: number): number {
    return this.memory.counters + number * 4;
  }
}
