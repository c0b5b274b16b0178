/**
 * Finds the blocks of a region: from a hot place through everything it may lead to, as records show,
 * up to a limit. The region ends at what is not decoded.
 */
import type { EngineMemory } from '../engineMemory.ts';
import {
  hart,
  hotWord,
  pageBytes,
  record,
  recordShift,
  special,
  tlb,
  zeroSink,
} from '../layout.ts';
import type { HandlerTable } from '../handlers.ts';
import type { RegisterWidth } from '../semantics.ts';
import {
  isInTwoPages,
  pageOf,
  successorsOf,
  type Block,
  type BlockEnd,
  type Instruction,
} from './block.ts';
import { joinBlocks } from './joinBlocks.ts';
import { factsOfWord, type ControlWord } from './controlWord.ts';
import { factsOf } from './rowFacts.ts';

/** What a translator must know of an instruction set beyond its rows. */
export interface TranslatedIsa {
  readonly xlen: RegisterWidth;
  readonly handlers: HandlerTable;
  /** Registers that calls put return addresses into, so that a jump through one is a return. */
  readonly linkRegisters: ReadonlySet<number>;
}

export interface Limits {
  /** Instructions in a region, and in a block of it. */
  readonly instructions: number;
  readonly blockInstructions: number;
}

export const defaultLimits: Limits = { instructions: 300, blockInstructions: 60 };

/** Bytes that a region may reach from its entry. */
const farthest = 0x10000;

export interface Discovered {
  readonly blocks: ReadonlyMap<number, Block>;
  /** Records of the pages that blocks lie in, by number of the page from the region's first. */
  readonly pages: ReadonlyMap<number, number>;
  /** Records where the region ends since they were not executed yet. */
  readonly cold: Set<number>;
  /** Records behind a loop, where a region that is a loop ends. */
  readonly outside: Set<number>;
  /** Where the loop around a region that is one begins. */
  readonly around: number | undefined;
}

/**
 * Decodes a record that was not, if that is wanted and can be done: gives its handler's number or 0.
 * With the records of the page `behind`, one that goes on there, and only such a one.
 */
type Predecode = (area: number, record: number, behind: number) => number;

/** What an instruction of a record, with this handler, comes to in the region's mode. */
type ControlWords = (record: number, handler: number) => ControlWord | undefined;

export class Discovery {
  private readonly memory: EngineMemory;
  private readonly isa: TranslatedIsa;
  private readonly limits: Limits;
  private readonly indirectTargets: (record: number) => ReadonlySet<number>;
  private readonly predecode: Predecode;
  private readonly meetsDevice: (record: number) => boolean;

  constructor(
    memory: EngineMemory,
    isa: TranslatedIsa,
    limits: Limits,
    /** Where an indirect jump was seen to go to, by its record: distances from the jump. */
    indirectTargets: (record: number) => ReadonlySet<number>,
    predecode: Predecode,
    /** Whether the access of a record mostly goes to a device. */
    meetsDevice: (record: number) => boolean,
  ) {
    this.predecode = predecode;
    this.meetsDevice = meetsDevice;
    this.memory = memory;
    this.isa = isa;
    this.limits = limits;
    this.indirectTargets = indirectTargets;
  }

  /**
   * Blocks from the record of `entry`, a place in the page at virtual address `page`. Where the
   * entry is in a loop the loop alone, unless the `whole` is asked for: code behind it is some
   * other region's, as a rule that of a loop around it.
   */
  find(
    area: number,
    page: bigint,
    records: number,
    entry: number,
    whole: boolean,
    controlWord: ControlWords,
  ): Discovered {
    const pages = new Map<number, number>([[0, records]]);
    const code = new Code(this.memory, this.isa, area, page, pages, this.predecode, controlWord);
    const leaders = new Set<number>([entry]);
    const reached = new Set<number>();
    const work = [entry];
    let count = 0;
    for (let at = work.shift(); at !== undefined; at = work.shift()) {
      for (let here = at; count < this.limits.instructions;) {
        if (reached.has(here)) break;
        const instruction = code.at(here);
        if (!instruction || instruction.facts.flow === 'host') break;
        reached.add(here);
        count++;
        if (isInTwoPages(instruction)) leaders.add(here);
        const next = here + instruction.handler.length;
        if (instruction.facts.flow === 'next' && !this.goesOutside(instruction)) {
          if (pageOf(next) !== pageOf(here)) leaders.add(next);
          here = next;
          continue;
        }
        for (const place of this.targets(instruction)) {
          if (Math.abs(place - entry) > farthest) continue;
          leaders.add(place);
          work.push(place);
        }
        break;
      }
    }
    const blocks = new Map<number, Block>();
    for (const at of leaders) this.addBlocks(blocks, code, leaders, reached, at);
    const { outside, around } = whole
      ? { outside: new Set<number>(), around: undefined }
      : leaveLoop(blocks, entry);
    joinBlocks(blocks, entry, this.limits.blockInstructions);
    return { blocks, pages, cold: code.cold, outside, around };
  }

  private addBlocks(
    blocks: Map<number, Block>,
    code: Code,
    leaders: ReadonlySet<number>,
    reached: ReadonlySet<number>,
    first: number,
  ): void {
    for (let at: number | undefined = first; at !== undefined;) {
      if (blocks.has(at) || !reached.has(at)) return;
      const block = this.blockAt(code, leaders, reached, at);
      blocks.set(at, block);
      // A block that was too long goes on in another.
      const to: number | undefined = block.end.kind === 'goTo' ? block.end.to : undefined;
      at = to !== undefined && !leaders.has(to) ? to : undefined;
    }
  }

  private blockAt(
    code: Code,
    leaders: ReadonlySet<number>,
    reached: ReadonlySet<number>,
    at: number,
  ): Block {
    const instructions: Instruction[] = [];
    for (let here = at; ;) {
      const instruction = code.at(here);
      if (instruction?.facts.flow === 'host') {
        return { at, instructions, end: { kind: 'interpret', at: here } };
      }
      if (!instruction || !reached.has(here)) {
        return { at, instructions, end: { kind: 'goTo', to: here } };
      }
      instructions.push(instruction);
      const next = here + instruction.handler.length;
      if (instruction.facts.flow !== 'next' || this.goesOutside(instruction)) {
        return { at, instructions, end: this.endOf(instruction) };
      }
      if (leaders.has(next) || instructions.length === this.limits.blockInstructions) {
        return { at, instructions, end: { kind: 'goTo', to: next } };
      }
      here = next;
    }
  }

  private endOf(instruction: Instruction): BlockEnd {
    const { at, imm, rd, rs1, handler, facts } = instruction;
    const next = at + handler.length;
    if (this.goesOutside(instruction)) return { kind: 'outside', next };
    const links = this.isa.linkRegisters.has(rd);
    switch (facts.flow) {
      case 'branch': {
        const taken = at + imm;
        // To the next instruction there is one way: code behind two would be there twice.
        return taken === next ? { kind: 'goTo', to: next } : { kind: 'branch', taken, next };
      }
      case 'jump':
        return links ? { kind: 'call', to: at + imm, next } : { kind: 'goTo', to: at + imm };
      default:
        if (links) return { kind: 'indirectCall', next };
        if (rd === zeroSink && this.isa.linkRegisters.has(rs1)) return { kind: 'return' };
        return {
          kind: 'indirect',
          targets: [...this.indirectTargets(instruction.record)].map((distance) => at + distance),
        };
    }
  }

  private goesOutside({ facts, record: rec }: Instruction): boolean {
    return facts.flow === 'control' || (facts.access !== undefined && this.meetsDevice(rec));
  }

  private targets(instruction: Instruction): readonly number[] {
    const end = this.endOf(instruction);
    switch (end.kind) {
      case 'goTo':
        return [end.to];
      case 'branch':
        return [end.next, end.taken];
      case 'call':
      case 'indirectCall':
      case 'outside':
        return [end.next];
      case 'indirect':
        return end.targets;
      default:
        return [];
    }
  }
}

/**
 * Takes out blocks that are not in the loop that the entry heads, if it heads one; gives their
 * records. All of a nest may lead back to the entry of an inner loop: what jumps back to it without
 * having been there tells the inner one. `around` is where the next loop around it begins.
 */
function leaveLoop(
  blocks: Map<number, Block>,
  entry: number,
): { outside: Set<number>; around: number | undefined } {
  const predecessors = new Map<number, number[]>();
  for (const { at, end } of blocks.values()) {
    for (const to of successorsOf(end)) {
      const known = predecessors.get(to);
      if (known) known.push(at);
      else predecessors.set(to, [at]);
    }
  }
  const leadingTo = (ends: readonly number[], known: Iterable<number>): Set<number> => {
    const found = new Set(known);
    const work = [...ends];
    for (let at = work.pop(); at !== undefined; at = work.pop()) {
      if (found.has(at)) continue;
      found.add(at);
      work.push(...(predecessors.get(at) ?? []));
    }
    return found;
  };
  const outside = new Set<number>();
  const ways = predecessors.get(entry) ?? [];
  if (ways.length === 0) return { outside, around: undefined };
  const nest = leadingTo(ways, []);
  const back = ways.filter((from) => from >= entry);
  const inside = back.length > 0 ? leadingTo(back, [entry]) : nest;
  let around: number | undefined;
  for (const from of inside === nest ? [] : nest) {
    if (from < entry) continue;
    for (const to of successorsOf(blocks.get(from)!.end)) {
      if (to < entry && nest.has(to)) around = Math.max(to, around ?? to);
    }
  }
  for (const [at, { instructions }] of [...blocks]) {
    if (inside.has(at)) continue;
    blocks.delete(at);
    if (instructions[0]) outside.add(instructions[0].record);
  }
  return { outside, around };
}

/** Instructions of a region by place, from the records of its pages. */
class Code {
  readonly cold = new Set<number>();
  private readonly memory: EngineMemory;
  private readonly isa: TranslatedIsa;
  private readonly area: number;
  private readonly page: bigint;
  private readonly pages: Map<number, number>;
  private readonly predecode: Predecode;
  private readonly controlWord: ControlWords;
  private readonly decoded = new Map<number, Instruction | undefined>();

  constructor(
    memory: EngineMemory,
    isa: TranslatedIsa,
    area: number,
    page: bigint,
    pages: Map<number, number>,
    predecode: Predecode,
    controlWord: ControlWords,
  ) {
    this.predecode = predecode;
    this.controlWord = controlWord;
    this.memory = memory;
    this.isa = isa;
    this.area = area;
    this.page = page;
    this.pages = pages;
  }

  at(place: number): Instruction | undefined {
    if (this.decoded.has(place)) return this.decoded.get(place);
    const instruction = this.decode(place);
    this.decoded.set(place, instruction);
    return instruction;
  }

  private decode(at: number): Instruction | undefined {
    const page = pageOf(at);
    const records = this.recordsOf(page);
    if (records === 0) return undefined;
    const { view } = this.memory;
    const offset = at - page * pageBytes;
    const rec = records + (offset << recordShift);
    let number = view.getUint16(rec + record.handler, true);
    if (number === special.resolve) {
      number = this.predecode(this.area, rec, 0);
      const behind = number === 0 && offset === pageBytes - 2 ? this.recordsOf(page + 1) : 0;
      if (behind !== 0) number = this.predecode(this.area, rec, behind);
    }
    if (number === special.translated) {
      number = view.getUint32(rec + record.hot, true) & hotWord.handlerMask;
    }
    if (number < special.first) {
      this.cold.add(rec);
      return undefined;
    }
    const { handlers } = this.isa;
    number = handlers.own(view, rec, number);
    const handler = handlers.handlers[number - special.first]!;
    const facts = factsOf(handler.row, this.isa.xlen);
    const word = facts.flow === 'control' ? this.controlWord(rec, number) : undefined;
    const instruction = {
      handler,
      number,
      facts: word ? factsOfWord(facts, word) : facts,
      ...(word ? { controlWord: word } : {}),
      at,
      record: rec,
      rd: view.getUint16(rec + record.rd, true) >>> 3,
      rs1: view.getUint16(rec + record.rs1, true) >>> 3,
      rs2: view.getUint16(rec + record.rs2, true) >>> 3,
      imm: view.getInt32(rec + record.immediate, true),
    };
    // TypeScript would look at the record, which is of the page that was behind it the last time.
    const isLookedAt = instruction.facts.flow === 'control' && isInTwoPages(instruction);
    return isLookedAt ? undefined : instruction;
  }

  /** Records of another page of the region, as the hart's fetch TLB has them; 0 when it does not. */
  private recordsOf(page: number): number {
    const known = this.pages.get(page);
    if (known !== undefined) return known;
    const { view } = this.memory;
    const address = BigInt.asUintN(64, this.page + BigInt(page) * BigInt(pageBytes));
    const index = Number((address >> 12n) & BigInt(tlb.fetchEntries - 1));
    const set = view.getUint32(this.area + hart.tlbSet, true);
    const entry = set + tlb.fetch + index * tlb.entryBytes;
    const hit = view.getBigUint64(entry + tlb.tag, true) === address;
    const records = hit ? view.getUint32(entry + tlb.addend, true) : 0;
    if (records !== 0) this.pages.set(page, records);
    return records;
  }
}
