/** Makes the body of a draft: its instructions in their order, one after the other, by templates. */
import { defined } from '../../base/assert.ts';
import type { EngineMemory } from '../engineMemory.ts';
import { pageBytes, record, recordShift } from '../layout.ts';
import type { DraftCode } from './draftCode.ts';
import type { DraftLayout, Loop } from './draftLayout.ts';
import { draftLocals } from './holes.ts';
import type { Templates } from './templates.ts';

export interface DraftRequest {
  readonly records: number;
  /** Parcel where it begins. */
  readonly entry: number;
  readonly number: number;
  /** Offset of its counter. */
  readonly counter: number;
}

export class DraftEmitter {
  private readonly memory: EngineMemory;
  private readonly templates: Templates;
  private readonly layout: DraftLayout;
  private readonly code: DraftCode;
  /** Instructions since the budget was last charged. */
  private done = 0;
  /** By parcel, labels of blocks that end and of loops that begin there. */
  private readonly blocks = new Map<number, number>();
  private readonly loopLabels = new Map<number, number>();
  private readonly openLoops: Loop[] = [];

  constructor(memory: EngineMemory, templates: Templates, layout: DraftLayout, code: DraftCode) {
    this.memory = memory;
    this.templates = templates;
    this.layout = layout;
    this.code = code;
  }

  emit({ records, entry, number, counter }: DraftRequest): void {
    const { code, layout, templates, blocks } = this;
    const { fillings } = code;
    const { starts, loops, labels } = layout;
    blocks.clear();
    this.loopLabels.clear();
    this.openLoops.length = 0;
    this.done = 0;
    fillings.count = starts.length;
    fillings.counter = counter;
    fillings.entry = entry * 2;
    fillings.region = number;
    code.begin();
    code.append(templates.prologue);
    this.openBlocks(undefined);
    if (entry !== starts[0]) code.branch(blocks.get(entry)!);
    let [nextLoop, nextLabel] = [0, labels.length - 1];
    for (const at of starts) {
      while (this.openLoops.length > 0 && this.openLoops.at(-1)!.to < at) {
        this.openLoops.pop();
        code.end();
      }
      if (labels[nextLabel] === at) {
        this.endPiece();
        code.forget();
        code.end();
        while (labels[nextLabel] === at) nextLabel--;
      }
      if (loops[nextLoop]?.from === at) {
        const loop = loops[nextLoop++]!;
        this.endPiece();
        code.forget();
        this.loopLabels.set(at, code.loop());
        this.openLoops.push(loop);
        this.openBlocks(loop);
      }
      this.emitInstruction(records, at);
    }
    while (this.openLoops.pop()) code.end();
    code.unreachable();
  }

  /** Those that end within the loop and not within one inside it, the last first. */
  private openBlocks(loop: Loop | undefined): void {
    const { code, layout, blocks } = this;
    let last = -1;
    for (const at of layout.labels) {
      if (at === last) continue;
      last = at;
      if (this.innermost(at) === loop) blocks.set(at, code.block());
    }
  }

  /** The loop that a place is in and does not begin, the smallest. */
  private innermost(at: number): Loop | undefined {
    let found: Loop | undefined;
    for (const loop of this.layout.loops) {
      if (loop.from >= at) break;
      if (at <= loop.to) found = loop;
    }
    return found;
  }

  private emitInstruction(records: number, at: number): void {
    const { code, layout, templates } = this;
    const { fillings } = code;
    const template = layout.templates[at]!;
    const way = layout.ways[at]!;
    const place = at * 2;
    const next = place + template.length;
    const { u32 } = this.memory;
    const word = (records + (place << recordShift)) >>> 2;
    const sources = u32[word + (record.rs1 >> 2)]!;
    fillings.rd = u32[word]! >>> 16;
    fillings.rs1 = sources & 0xffff;
    fillings.rs2 = sources >>> 16;
    fillings.imm = u32[word + (record.immediate >> 2)]! | 0;
    fillings.target = place + fillings.imm;
    fillings.next = next;
    fillings.place = place;
    fillings.done = this.done;
    const behind = next >> 1;
    switch (way) {
      case 'next':
        code.append(template);
        this.done++;
        break;
      case 'branch':
        this.done++;
        this.endPiece();
        code.append(template);
        this.goTo(at, true);
        break;
      case 'jump':
        code.append(template);
        this.done++;
        this.endPiece();
        this.goTo(at, false);
        return;
      case 'return':
        code.append(template);
        this.done++;
        this.endPiece();
        code.append(templates.toPc);
        return;
      default:
        code.append(template);
        this.done++;
        this.endPiece();
        code.append(way === 'call' ? templates.call : templates.callToPc);
        code.forget();
    }
    if (next < pageBytes && layout.isReached(behind)) return;
    this.endPiece();
    code.append(templates.toNext);
  }

  /** With a condition on the stack, or in any case. */
  private goTo(at: number, isConditional: boolean): void {
    const { code, layout } = this;
    const target = layout.targets[at]!;
    const inside = target >= 0 && target < pageBytes / 2 && layout.isReached(target);
    if (inside && target > at) {
      const block = defined(this.blocks.get(target), 'a block');
      if (isConditional) code.branchIf(block);
      else code.branch(block);
      return;
    }
    if (isConditional) code.if();
    const loop = this.openLoops.find(({ from }) => from === target);
    if (inside && loop) {
      code.append(this.templates.goRound);
      code.branch(defined(this.loopLabels.get(target), 'a loop'));
    } else {
      code.append(this.templates.toTarget);
    }
    if (isConditional) code.end();
  }

  /** What has been done is taken from the budget, and all registers are in memory. */
  private endPiece(): void {
    if (this.done > 0) this.code.subtract(draftLocals.budget, this.done);
    this.done = 0;
    this.code.writeBack();
  }
}
