/**
 * What semantic contexts have in common whose code leaves before an instruction that cannot be
 * carried out inline, so that it is interpreted: atomic accesses, and what rows ask of the rest.
 */
import {
  effect,
  eq,
  eqz32,
  i32,
  i64,
  load,
  ltS32,
  sub,
  zeroExtend,
  type Expr,
} from '../wasm/expression.ts';
import type { FunctionBuilder } from '../wasm/functionBuilder.ts';
import { loadOperators, storeOperators } from './accessOperators.ts';
import { alignedTlbHit, tlbOffset } from './inlineTlb.ts';
import { hart } from './layout.ts';
import { inWidth } from './recordPc.ts';
import { accessBytes, type AtomicWidth, type GiveUp, type RegisterWidth } from './semantics.ts';

export interface LeavingPlace {
  readonly f: FunctionBuilder;
  readonly xlen: RegisterWidth;
  readonly base: Expr;
  /** Offset of the TLB set in use. */
  readonly set: Expr;
  /** The present instruction is to be interpreted. */
  leave(): void;
}

export abstract class LeavingContext<Place extends LeavingPlace> {
  readonly xlen: RegisterWidth;
  protected readonly place: Place;
  protected readonly f: FunctionBuilder;

  constructor(place: Place) {
    this.place = place;
    this.xlen = place.xlen;
    this.f = place.f;
  }

  /** As in `SemanticContext`. */
  abstract keep(value: Expr): Expr;
  abstract wr(value: Expr): void;
  abstract floatUnit(): Expr;

  amo(width: AtomicWidth, address: Expr, update: (old: Expr) => Expr): void {
    const where = this.keep(this.atomicAddress(width, address));
    const old = this.keep(load(loadOperators[width], where));
    this.f.store(storeOperators[width], where, this.keep(update(old)));
    this.wr(old);
  }

  loadReserved(width: 'w' | 'd', address: Expr): void {
    const { f } = this;
    const { base, set } = this.place;
    const a = f.keep(this.reached(address));
    f.temporary('i32', (entry) => {
      this.leaveUnless(alignedTlbHit(set, a, entry, 'read', accessBytes[width]));
      this.wr(load(loadOperators[width], tlbOffset(a, entry, 'read')));
    });
    f.store('i64.store', base, a, hart.reservation);
  }

  storeConditional(width: 'w' | 'd', address: Expr, value: Expr): void {
    const { f } = this;
    const { base } = this.place;
    const a = f.keep(this.reached(address));
    const where = f.keep(this.atomicAddress(width, a));
    const holds = f.keep(eq(a, load('i64.load', base, hart.reservation)));
    f.if(holds);
    f.store(storeOperators[width], where, value);
    f.end();
    f.store('i64.store', base, i64(-1), hart.reservation);
    this.wr(sub(i64(1), zeroExtend(holds)));
  }

  needFloatUnit(state: number): void {
    this.leaveIf(ltS32(this.floatUnit(), i32(state)));
  }

  orHost(body: (giveUpIf: GiveUp) => void): void {
    body((condition) => this.leaveIf(condition));
  }

  when(condition: Expr, then: () => void, otherwise?: () => void): void {
    this.f.when(condition, then, otherwise);
  }

  /** The address that is meant: registers of 32 bits are sign-extended, addresses are not. */
  protected reached(address: Expr): Expr {
    return inWidth(this.xlen, address);
  }

  protected leaveUnless(hit: Expr): void {
    this.leaveIf(eqz32(hit));
  }

  protected leaveIf(condition: Expr): void {
    if (condition.constant === 0n) return;
    this.f.if(condition);
    this.place.leave();
    this.f.end();
  }

  /** Offset in memory of a word that may be read and written at once. */
  private atomicAddress(width: AtomicWidth, address: Expr): Expr {
    return effect('i32', (f) => {
      const a = f.keep(this.reached(address));
      f.temporary('i32', (entry) => {
        this.leaveUnless(alignedTlbHit(this.place.set, a, entry, 'write', accessBytes[width]));
        tlbOffset(a, entry, 'write').emit(f);
      });
    });
  }
}
