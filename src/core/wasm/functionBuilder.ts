/** One WebAssembly function under construction: locals, structured control flow, stores, calls. */
import { ByteSink } from './byteSink.ts';
import { local, type Expr } from './expression.ts';
import { op, storeTable, valueTypes, type StoreName, type ValueType } from './opcodes.ts';

/** An open block, as the target of a branch. */
export type Label = number & { readonly __label: true };

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export class FunctionBuilder {
  readonly type: FunctionType;
  readonly code = new ByteSink(2048);
  private readonly locals: ValueType[] = [];
  private readonly free: Record<ValueType, number[]> = { i32: [], i64: [], f32: [], f64: [] };
  private kept: { type: ValueType; index: number }[] | undefined;
  private depth = 0;

  constructor(parameters: readonly ValueType[], results: readonly ValueType[]) {
    this.type = { parameters, results };
  }

  parameter(index: number): Expr {
    return local(this.type.parameters[index]!, index);
  }

  /** A new local's index. */
  newLocal(type: ValueType): number {
    this.locals.push(type);
    return this.type.parameters.length + this.locals.length - 1;
  }

  /** A local for the extent of `use`, shared with others before and after. */
  temporary<R>(type: ValueType, use: (index: number) => R): R {
    const index = this.free[type].pop() ?? this.newLocal(type);
    const result = use(index);
    this.free[type].push(index);
    return result;
  }

  /** Evaluates once: the value in a local of the innermost `scope`, or the constant itself. */
  keep(value: Expr): Expr {
    if (value.constant !== undefined) return value;
    const index = this.free[value.type].pop() ?? this.newLocal(value.type);
    this.kept?.push({ type: value.type, index });
    this.set(index, value);
    return local(value.type, index);
  }

  /** What is kept inside may be overwritten after it: the locals go to others. */
  scope(body: () => void): void {
    const outer = this.kept;
    const kept: { type: ValueType; index: number }[] = [];
    this.kept = kept;
    body();
    this.kept = outer;
    for (const { type, index } of kept) this.free[type].push(index);
  }

  set(index: number, value: Expr): void {
    value.emit(this);
    this.code.byte(op.localSet).unsigned(index);
  }

  block(): Label {
    return this.open(op.block);
  }
  /** A block whose end has a value on the stack, as every branch to it does. */
  blockValue(type: ValueType): Label {
    this.code.byte(op.block).byte(valueTypes[type]);
    return ++this.depth as Label;
  }
  loop(): Label {
    return this.open(op.loop);
  }
  if(condition: Expr): Label {
    condition.emit(this);
    return this.open(op.if);
  }
  /** An `if` that leaves a value; both arms must. */
  ifValue(condition: Expr, type: ValueType): Label {
    condition.emit(this);
    this.code.byte(op.if).byte(valueTypes[type]);
    return ++this.depth as Label;
  }
  else(): void {
    this.code.byte(op.else);
  }
  end(): void {
    this.code.byte(op.end);
    this.depth--;
  }

  /** Statements under a condition; those of one arm where it is a constant. */
  when(condition: Expr, then: () => void, otherwise?: () => void): void {
    if (condition.constant !== undefined) {
      if (condition.constant !== 0n) then();
      else otherwise?.();
      return;
    }
    this.if(condition);
    then();
    if (otherwise) {
      this.else();
      otherwise();
    }
    this.end();
  }

  branch(label: Label): void {
    this.code.byte(op.br).unsigned(this.depth - label);
  }
  branchWith(label: Label, value: Expr): void {
    value.emit(this);
    this.branch(label);
  }
  branchIf(label: Label, condition: Expr): void {
    condition.emit(this);
    this.code.byte(op.brIf).unsigned(this.depth - label);
  }
  branchTable(index: Expr, labels: readonly Label[], otherwise: Label): void {
    index.emit(this);
    this.code.byte(op.brTable).unsigned(labels.length);
    for (const label of labels) this.code.unsigned(this.depth - label);
    this.code.unsigned(this.depth - otherwise);
  }
  return(value?: Expr): void {
    value?.emit(this);
    this.code.byte(op.return);
  }
  unreachable(): void {
    this.code.byte(op.unreachable);
  }

  store(name: StoreName, address: Expr, value: Expr, offset = 0): void {
    address.emit(this);
    value.emit(this);
    this.code.byte(storeTable[name].code).unsigned(0).unsigned(offset);
  }

  /** Leaves the results on the stack. */
  call(functionIndex: number, ...args: readonly Expr[]): void {
    for (const arg of args) arg.emit(this);
    this.code.byte(op.call).unsigned(functionIndex);
  }

  /** Calls the function at `index` of the module's table; leaves the results on the stack. */
  callIndirect(typeIndex: number, index: Expr, ...args: readonly Expr[]): void {
    for (const arg of args) arg.emit(this);
    index.emit(this);
    this.code.byte(op.callIndirect).unsigned(typeIndex).byte(0);
  }

  drop(): void {
    this.code.byte(op.drop);
  }

  /** Takes a local's value from the stack. */
  setFromStack(index: number): void {
    this.code.byte(op.localSet).unsigned(index);
  }

  /** Appends the body as the code section has it: its size, locals, code, end. */
  appendBody(to: ByteSink): void {
    const locals = this.localRuns();
    to.unsigned(locals.length + this.code.length + 1);
    to.append(locals).append(this.code).byte(op.end);
  }

  /** How many blocks up a label is. */
  depthOf(label: Label): number {
    return this.depth - label;
  }

  /** The locals as the body declares them. */
  localRuns(): ByteSink {
    const out = new ByteSink(64);
    const runs: { count: number; type: ValueType }[] = [];
    for (const type of this.locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ count: 1, type });
    }
    out.unsigned(runs.length);
    for (const { count, type } of runs) out.unsigned(count).byte(valueTypes[type]);
    return out;
  }

  private open(opcode: number): Label {
    this.code.byte(opcode).byte(op.voidBlock);
    return ++this.depth as Label;
  }
}
