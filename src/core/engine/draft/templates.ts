/**
 * Instructions as WebAssembly with holes: made once for each handler from its row, and copied for
 * every instruction that is drafted. Nothing is taken for granted but the code itself.
 */
import { assert } from '../../base/assert.ts';
import {
  add,
  effect,
  i32,
  load,
  local,
  ltS32,
  ne,
  ofBits,
  or32,
  sub,
  sub32,
  type Expr,
} from '../../wasm/expression.ts';
import { FunctionBuilder, type Label } from '../../wasm/functionBuilder.ts';
import { op, type ValueType } from '../../wasm/opcodes.ts';
import { regionType } from '../interpreterTier.ts';
import { hart, regionExit, special } from '../layout.ts';
import { inWidth } from '../recordPc.ts';
import type { HandlerTable } from '../handlers.ts';
import type { RegisterWidth } from '../semantics.ts';
import type { TranslatedIsa } from '../translator/discover.ts';
import { factsOf, type Flow } from '../translator/rowFacts.ts';
import { DraftContext } from './draftContext.ts';
import { draftLocals, hole, generalRegisters, type HoleKind, type Template } from './holes.ts';

export interface InstructionTemplate extends Template {
  readonly flow: Flow;
  /** Bytes of the instruction. */
  readonly length: number;
}

/** All are cut out of one function, so that they agree on what its locals are. */
export class Templates {
  /** What a draft begins with. */
  readonly prologue: Template;
  /** What goes before the jump back of a loop. */
  readonly goRound: Template;
  /** Calls of the region where a call of the guest leads: as the instruction says, or `pc`. */
  readonly call: Template;
  readonly callToPc: Template;
  /** Ways out: to where the instruction leads, to what is behind it, to `pc`. */
  readonly toTarget: Template;
  readonly toNext: Template;
  readonly toPc: Template;
  private readonly f = new FunctionBuilder(regionType.parameters, regionType.results);
  private readonly base: Expr;
  private readonly pc = this.f.parameter(draftLocals.pc);
  private readonly budget = this.f.parameter(draftLocals.budget);
  private readonly page = local('i64', draftLocals.page);
  readonly handlers: HandlerTable;
  private readonly xlen: RegisterWidth;
  private readonly made: InstructionTemplate[] = [];
  private holes: number[] = [];
  private from = 0;
  private needsMemory = false;
  private readonly outermost: Label;
  private readonly context: DraftContext;

  /** `callAt`: index of a function that calls a region, or gives pc back where there is none. */
  constructor({ handlers, xlen }: TranslatedIsa, callAt: number, onlyHart: number | undefined) {
    this.handlers = handlers;
    this.xlen = xlen;
    const { f, pc, budget } = this;
    this.base = onlyHart === undefined ? f.parameter(draftLocals.base) : i32(onlyHart);
    const { base } = this;
    assert(f.newLocal('i64') === draftLocals.page, 'the page');
    assert(f.newLocal('i32') === draftLocals.set, 'the TLB set');
    assert(f.newLocal('i64') === draftLocals.register1, 'a register');
    for (let i = 2; i < generalRegisters; i++) f.newLocal('i64');
    const register = (kind: HoleKind, asFloat: HoleKind): Expr =>
      ofBits(this.filled('i64', kind), this.filled('f64', asFloat));
    this.context = new DraftContext({
      ...{ f, xlen, base, register },
      set: local('i32', draftLocals.set),
      storeRegister: (value) => this.storeRegister(value),
      number: (type, kind) => this.number(type, kind),
      address: (kind) => this.address(kind),
      setPc: (value) => f.set(draftLocals.pc, value),
      leave: () => this.leave(),
    });
    this.outermost = f.block();
    this.prologue = this.cut(() => {
      f.set(draftLocals.page, sub(pc, this.number('i64', hole.entry)));
      this.leaveIfDue(pc);
      f.set(draftLocals.set, load('i32.load', base, hart.tlbSet));
    });
    this.goRound = this.cut(() => this.leaveIfDue(this.address(hole.target)));
    const call = (to: Expr): Template =>
      this.cut(() => {
        f.call(callAt, base, to, budget, f.parameter(draftLocals.depth));
        f.setFromStack(draftLocals.budget);
        f.setFromStack(draftLocals.pc);
        f.if(or32(ne(pc, this.address(hole.next)), this.isShort()));
        this.goOnAt(pc);
        f.end();
      });
    this.call = call(this.address(hole.target));
    this.callToPc = call(pc);
    this.toTarget = this.cut(() => this.goOnAt(this.address(hole.target)));
    this.toNext = this.cut(() => this.goOnAt(this.address(hole.next)));
    this.toPc = this.cut(() => this.goOnAt(pc));
  }

  /** By number of the handler; jumps that do not link have others. */
  of(number: number, links: boolean): InstructionTemplate {
    return (this.made[number * 2 + (links ? 1 : 0)] ??= this.make(number, links));
  }

  /** The locals of all templates so far, as the body of a function declares them. */
  get locals(): Uint8Array {
    return this.f.localRuns().result();
  }

  private make(number: number, links: boolean): InstructionTemplate {
    const { row, length } = this.handlers.handlers[number - special.first]!;
    const facts = factsOf(row, this.xlen);
    // What rd holds before would be asked of the place that takes writes to a register of zeros.
    const flow = facts.readsRd ? 'host' : facts.flow;
    if (flow === 'host' || flow === 'control') return { flow, length, ...nothing };
    this.context.links = links;
    const body = this.cut(() => this.f.scope(() => row.execute(this.context)));
    return { flow, length, ...body };
  }

  private cut(emit: () => void): Template {
    const { code } = this.f;
    this.from = code.length;
    this.holes = [];
    this.needsMemory = false;
    emit();
    const bytes = code.result().slice(this.from);
    return { bytes, holes: Int32Array.from(this.holes), needsMemory: this.needsMemory };
  }

  private goOnAt(pc: Expr): void {
    pc.emit(this.f);
    this.f.return(this.budget);
  }

  /** Before the instruction, which is to be interpreted. */
  private leave(): void {
    const { f, base, budget } = this;
    this.needsMemory = true;
    f.store('i32.store', base, i32(regionExit.interpret), hart.regionExit);
    this.address(hole.place).emit(f);
    f.return(sub32(budget, this.number('i32', hole.done)));
  }

  /**
   * Counts, and leaves when the translator is to hear of it, or the budget may not last to the end of
   * the draft: both are negative then.
   */
  private leaveIfDue(pc: Expr): void {
    const { f, base } = this;
    f.temporary('i32', (left) => {
      const counter = this.number('i32', hole.counter);
      f.set(left, sub32(load('i32.load', counter), i32(1)));
      f.store('i32.store', counter, local('i32', left));
      const spare = sub32(this.budget, this.number('i32', hole.count));
      f.if(ltS32(or32(local('i32', left), spare), i32(0)));
      f.store('i32.store', base, i32(regionExit.interpret), hart.regionExit);
      f.store('i32.store', base, this.number('i32', hole.region), hart.exitSite);
      this.goOnAt(pc);
      f.end();
    });
  }

  private isShort(): Expr {
    return ltS32(this.budget, this.number('i32', hole.count));
  }

  private storeRegister(value: Expr): void {
    if (this.f.depthOf(this.outermost) > 0) this.needsMemory = true;
    this.mark(value.bitsOf ? hole.writesFloat : hole.writes);
    (value.bitsOf ?? value).emit(this.f);
    this.mark(value.bitsOf ? hole.writtenFloat : hole.written);
  }

  private filled(type: ValueType, kind: HoleKind): Expr {
    return effect(type, () => this.mark(kind));
  }

  private number(type: 'i32' | 'i64', kind: HoleKind): Expr {
    return effect(type, ({ code }) => {
      code.byte(type === 'i32' ? op.i32Const : op.i64Const);
      this.mark(kind);
    });
  }

  private address(kind: HoleKind): Expr {
    return inWidth(this.xlen, add(this.page, this.number('i64', kind)));
  }

  private mark(kind: HoleKind): void {
    const { f } = this;
    this.holes.push(f.code.length - this.from, kind, f.depthOf(this.outermost));
  }
}

const nothing: Template = { bytes: new Uint8Array(), holes: new Int32Array(), needsMemory: false };
