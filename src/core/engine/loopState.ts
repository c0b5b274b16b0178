/**
 * What the interpreter's loop has in locals, and how it outlasts calls: in memory. A local that lives
 * across a call is given a place on the stack by V8, to which it is stored each time it changes, on
 * ways without calls too. Nearly every handler has a call in its slow path; so every instruction
 * would store where it is and what is left of the budget, and load both again for the next.
 */
import { add32, i32, load, local, sub32, type Expr } from '../wasm/expression.ts';
import type { FunctionBuilder } from '../wasm/functionBuilder.ts';
import { hart, shared } from './layout.ts';

/** Indices of locals. */
interface LoopLocals {
  readonly base: number;
  readonly set: number;
  readonly record: number;
  readonly budget: number;
}

export class LoopState {
  readonly base: Expr;
  /** Offset of the TLB set in use. */
  readonly set: Expr;
  readonly record: Expr;
  /** What remains of the budget when the instruction in progress, if one is, has been retired. */
  readonly retired: Expr;
  /** What remains while it has not. */
  readonly budget: Expr;
  private readonly f: FunctionBuilder;
  private readonly locals: LoopLocals;

  constructor(f: FunctionBuilder, locals: LoopLocals) {
    this.f = f;
    this.locals = locals;
    this.base = local('i32', locals.base);
    this.set = local('i32', locals.set);
    this.record = local('i32', locals.record);
    this.retired = local('i32', locals.budget);
    this.budget = add32(this.retired, i32(1));
  }

  /** Where a run begins, whose hart is in `base`. */
  begin(): void {
    this.f.store('i32.store', i32(0), this.base, shared.running);
    this.f.set(this.locals.set, load('i32.load', this.base, hart.tlbSet));
  }

  /** Around code that calls. */
  around(calls: () => void): void {
    const { f, base, locals } = this;
    f.store('i32.store', base, this.record, hart.loopRecord);
    f.store('i32.store', base, this.retired, hart.loopBudget);
    calls();
    f.set(locals.base, load('i32.load', i32(0), shared.running));
    f.set(locals.set, load('i32.load', base, hart.tlbSet));
    f.set(locals.record, load('i32.load', base, hart.loopRecord));
    f.set(locals.budget, load('i32.load', base, hart.loopBudget));
  }

  setRecord(value: Expr): void {
    this.f.set(this.locals.record, value);
  }

  /** What remains where no instruction is in progress, or once it has been retired. */
  setRetired(value: Expr): void {
    this.f.set(this.locals.budget, value);
  }

  /** What remains while the instruction in progress has not been retired. */
  setBudget(value: Expr): void {
    this.setRetired(sub32(value, i32(1)));
  }

  /** An instruction begins: all handlers but those that do not retire it need no count of their own. */
  begins(): void {
    this.setRetired(sub32(this.retired, i32(1)));
  }

  /** The instruction that began is not retired after all. */
  givesBack(): void {
    this.setRetired(this.budget);
  }
}
