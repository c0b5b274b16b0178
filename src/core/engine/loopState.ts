/**
 * What the interpreter's loop has in locals, and how it outlasts calls: in memory. A local that lives
 * across a call is given a place on the stack by V8, to which it is stored each time it changes, on
 * ways without calls too. Nearly every handler has a call in its slow path; so every instruction
 * would store where it is and what is left of the budget, and load both again for the next.
 */
import { i32, load, local, type Expr } from '../wasm/expression.ts';
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
  readonly budget: Expr;
  private readonly f: FunctionBuilder;
  private readonly locals: LoopLocals;

  constructor(f: FunctionBuilder, locals: LoopLocals) {
    this.f = f;
    this.locals = locals;
    this.base = local('i32', locals.base);
    this.set = local('i32', locals.set);
    this.record = local('i32', locals.record);
    this.budget = local('i32', locals.budget);
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
    f.store('i32.store', base, this.budget, hart.loopBudget);
    calls();
    f.set(locals.base, load('i32.load', i32(0), shared.running));
    f.set(locals.set, load('i32.load', base, hart.tlbSet));
    f.set(locals.record, load('i32.load', base, hart.loopRecord));
    f.set(locals.budget, load('i32.load', base, hart.loopBudget));
  }

  setRecord(value: Expr): void {
    this.f.set(this.locals.record, value);
  }

  setBudget(value: Expr): void {
    this.f.set(this.locals.budget, value);
  }
}
