/**
 * What the translator needs to know of a row before it translates: which operands it reads, whether
 * it writes one, how control goes on. The row's own meaning says it, run with a context that only
 * takes notes.
 */
import { i64, local, type Expr } from '../../wasm/expression.ts';
import type {
  AccessWidth,
  EngineRow,
  GiveUp,
  RegisterWidth,
  SemanticContext,
} from '../semantics.ts';

/** How control goes on after an instruction; `control` and `host` are TypeScript's, the latter outside regions. */
export type Flow = 'next' | 'branch' | 'jump' | 'indirect' | 'control' | 'host';

export interface RowFacts {
  readonly readsRs1: boolean;
  readonly readsRs2: boolean;
  readonly readsRd: boolean;
  readonly readsRs3: boolean;
  readonly readsImm: boolean;
  readonly writesRd: boolean;
  /** May have to be left to the interpreter: it accesses memory, or asks for a unit. */
  readonly mayLeave: boolean;
  /** Depends on what the floating-point unit is ready for. */
  readonly asksFloatUnit: boolean;
  readonly flow: Flow;
  /** The one load or store that it makes, if its address is rs1 or that and the immediate. */
  readonly access: Access | undefined;
  /** What it writes to rd, if that is all it does; of operands that stand for any. */
  readonly result: Expr | undefined;
}

export interface Access {
  readonly kind: 'load' | 'store';
  readonly width: AccessWidth;
  /** The immediate is added. */
  readonly displaced: boolean;
}

const known = new WeakMap<EngineRow, RowFacts>();

export function factsOf(row: EngineRow, xlen: RegisterWidth): RowFacts {
  let facts = known.get(row);
  if (!facts) {
    const notes = new Notes(xlen);
    row.execute(notes);
    notes.finish();
    known.set(row, (facts = notes));
  }
  return facts;
}

/** Stands for any value: it is never emitted, and has no constant to fold. */
const something: Expr = local('i64', 0);
/** Stands for rs1. As the immediate is taken to be 0, what is at a distance of it from rs1 is it. */
const firstSource: Expr = local('i64', 1);

class Notes implements SemanticContext, RowFacts {
  readonly xlen: RegisterWidth;
  readonly fuses = false;
  readsRs1 = false;
  readsRs2 = false;
  readsRd = false;
  writesRd = false;
  readsRs3 = false;
  access: Access | undefined;
  private accesses = 0;
  readsImm = false;
  mayLeave = false;
  asksFloatUnit = false;
  flow: Flow = 'next';
  result: Expr | undefined;
  private isMore = false;

  constructor(xlen: RegisterWidth) {
    this.xlen = xlen;
  }

  rs1(): Expr {
    this.readsRs1 = true;
    return firstSource;
  }
  rs2(): Expr {
    this.readsRs2 = true;
    return something;
  }
  rd(): Expr {
    this.readsRd = true;
    return something;
  }
  imm(): Expr {
    this.readsImm = true;
    return i64(0);
  }
  pcImm(): Expr {
    return something;
  }
  keep(value: Expr): Expr {
    return value;
  }
  wr(value: Expr): void {
    this.isMore ||= this.writesRd;
    this.writesRd = true;
    this.result = value;
  }
  wrWide(): void {
    this.writesRd = true;
  }
  load(width: AccessWidth, address: Expr): Expr {
    this.noteAccess('load', width, address);
    return something;
  }
  store(width: AccessWidth, address: Expr): void {
    this.noteAccess('store', width, address);
  }
  amo(_width: unknown, _address: Expr, update: (old: Expr) => Expr): void {
    update(something);
    this.mayLeave = true;
    this.writesRd = true;
  }
  loadReserved(): void {
    this.mayLeave = true;
    this.writesRd = true;
  }
  storeConditional(): void {
    this.mayLeave = true;
    this.writesRd = true;
  }
  branch(): void {
    this.flow = 'branch';
  }
  jumpAndLink(): void {
    this.flow = 'jump';
    this.writesRd = true;
  }
  jumpAndLinkRegister(): void {
    this.flow = 'indirect';
    this.writesRd = true;
  }
  host(): void {
    this.flow = 'host';
  }
  control(): void {
    this.flow = 'control';
  }
  needFloatUnit(): void {
    this.mayLeave = true;
    this.asksFloatUnit = true;
  }
  rs3(): Expr {
    this.readsRs3 = true;
    return something;
  }
  roundingField(): Expr {
    return local('i32', 0);
  }
  floatUnit(): Expr {
    this.asksFloatUnit = true;
    return local('i32', 0);
  }
  finish(): void {
    const isAll = this.flow === 'next' && !this.isMore && !this.mayLeave && !this.asksFloatUnit;
    if (!isAll) this.result = undefined;
  }
  private noteAccess(kind: Access['kind'], width: AccessWidth, address: Expr): void {
    this.mayLeave = true;
    this.accesses++;
    const isPlain = this.accesses === 1 && address === firstSource;
    this.access = isPlain ? { kind, width, displaced: this.readsImm } : undefined;
  }
  orHost(body: (giveUpIf: GiveUp) => void): void {
    this.mayLeave = true;
    body(() => {});
  }
  when(_condition: Expr, then: () => void, otherwise?: () => void): void {
    this.isMore = true;
    then();
    otherwise?.();
  }
}
