/** Makes functions of the code that records lead to: what is made once for all drafts. */
import type { FunctionBody } from '../../wasm/moduleBuilder.ts';
import { op } from '../../wasm/opcodes.ts';
import type { EngineMemory } from '../engineMemory.ts';
import { regionType } from '../interpreterTier.ts';
import { pageBytes } from '../layout.ts';
import type { TranslatedIsa } from '../translator/discover.ts';
import { DraftCode } from './draftCode.ts';
import { DraftLayout } from './draftLayout.ts';
import { DraftEmitter, type DraftRequest } from './emitDraft.ts';
import { Templates } from './templates.ts';

export class DraftMaker {
  private readonly templates: Templates;
  private readonly layout: DraftLayout;
  private readonly code: DraftCode;
  private readonly emitter: DraftEmitter;

  /** `callAt`, `isDraft`, `predecode`: as in `Templates`, `DraftLayout` and `Drafts`. */
  constructor(
    memory: EngineMemory,
    isa: TranslatedIsa,
    callAt: number,
    isDraft: (region: number) => boolean,
    predecode: (area: number, record: number) => boolean,
  ) {
    const onlyHart = memory.harts === 1 ? memory.hartArea(0) : undefined;
    this.code = new DraftCode(onlyHart);
    this.templates = new Templates(isa, callAt, onlyHart);
    this.layout = new DraftLayout(memory, this.templates, isa.linkRegisters, isDraft, predecode);
    this.emitter = new DraftEmitter(memory, this.templates, this.layout, this.code);
  }

  /** As in `DraftLayout`; what is found is what `emit` and `parcels` are about. */
  find(area: number, records: number, entry: number): boolean {
    return this.layout.find(area, records, entry);
  }

  /** The function, and the length of its code. */
  emit(request: DraftRequest): { body: FunctionBody; bytes: number } {
    this.emitter.emit(request);
    const code = this.code.result();
    return { body: this.bodyOf(code), bytes: code.length };
  }

  /** A bit for every two bytes of the page that are in it. */
  parcels(): Uint32Array {
    const bits = new Uint32Array(pageBytes / 64);
    const { starts, templates } = this.layout;
    for (const at of starts) {
      bits[at >> 5]! |= 1 << (at & 31);
      if (templates[at]!.length === 4) bits[(at + 1) >> 5]! |= 1 << ((at + 1) & 31);
    }
    return bits;
  }

  /** The locals are those that there are when the module is made. */
  private bodyOf(code: Uint8Array): FunctionBody {
    return {
      type: regionType,
      appendBody: (to) => {
        const { locals } = this.templates;
        to.unsigned(locals.length + code.length + 1)
          .append(locals)
          .append(code)
          .byte(op.end);
      },
    };
  }
}
