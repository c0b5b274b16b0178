/**
 * The semantic context of drafts: operands are holes, registers in memory. What the inline path
 * cannot do leaves the draft before the instruction, which is interpreted.
 */
import { Bug } from '../../base/assert.ts';
import {
  effect,
  eq,
  eqz32,
  i32,
  i64,
  load,
  ltS32,
  sub,
  signExtend32,
  zeroExtend,
  type Expr,
} from '../../wasm/expression.ts';
import type { FunctionBuilder } from '../../wasm/functionBuilder.ts';
import { loadOperators, storeOperators } from '../accessOperators.ts';
import { alignedTlbHit, tlbMiss, tlbOffset } from '../inlineTlb.ts';
import { hart } from '../layout.ts';
import { inWidth } from '../recordPc.ts';
import {
  accessBytes,
  type AccessWidth,
  type AtomicWidth,
  type GiveUp,
  type RegisterWidth,
  type SemanticContext,
} from '../semantics.ts';
import { hole, type HoleKind } from './holes.ts';

export interface DraftPlace {
  readonly f: FunctionBuilder;
  readonly xlen: RegisterWidth;
  readonly base: Expr;
  /** Offset of the TLB set in use. */
  readonly set: Expr;
  /** Its value, and what it is as a double. */
  register(kind: HoleKind, asFloat: HoleKind): Expr;
  /** To rd. */
  storeRegister(value: Expr): void;
  number(type: 'i32' | 'i64', kind: HoleKind): Expr;
  /** The address at a distance from the page. */
  address(kind: HoleKind): Expr;
  /** Says where an indirect jump goes. */
  setPc(address: Expr): void;
  /** The present instruction is to be interpreted. */
  leave(): void;
}

export class DraftContext implements SemanticContext {
  readonly xlen: RegisterWidth;
  /** It is not worth finding out what the host can do. */
  readonly fuses = false;
  /** Whether jumps say where they came from. */
  links = true;
  private readonly place: DraftPlace;
  private readonly f: FunctionBuilder;

  constructor(place: DraftPlace) {
    this.place = place;
    this.f = place.f;
    this.xlen = place.xlen;
  }

  rs1(): Expr {
    return this.place.register(hole.rs1, hole.rs1Float);
  }
  rs2(): Expr {
    return this.place.register(hole.rs2, hole.rs2Float);
  }
  rd(): Expr {
    throw new Bug('what rd holds before is not asked of drafts');
  }
  rs3(): Expr {
    return this.place.register(hole.rs3, hole.rs3Float);
  }
  imm(): Expr {
    return this.place.number('i64', hole.imm);
  }
  pcImm(): Expr {
    return this.place.address(hole.target);
  }
  roundingField(): Expr {
    return this.place.number('i32', hole.rounding);
  }
  floatUnit(): Expr {
    return load('i32.load', this.place.base, hart.floatUnit);
  }
  keep(value: Expr): Expr {
    return this.f.keep(value);
  }

  wr(value: Expr): void {
    this.wrWide(this.xlen === 32 ? signExtend32(value) : value);
  }
  wrWide(value: Expr): void {
    this.place.storeRegister(value);
  }

  load(width: AccessWidth, address: Expr): Expr {
    return effect('i64', (f) => {
      const a = f.keep(this.reached(address));
      f.temporary('i32', (entry) => {
        this.leaveIf(tlbMiss(this.place.set, a, entry, 'read', accessBytes[width]));
        load(loadOperators[width], tlbOffset(a, entry, 'read')).emit(f);
      });
    });
  }

  store(width: AccessWidth, address: Expr, value: Expr): void {
    const { f } = this;
    const a = f.keep(this.reached(address));
    f.temporary('i32', (entry) => {
      this.leaveIf(tlbMiss(this.place.set, a, entry, 'write', accessBytes[width]));
      f.store(storeOperators[width], tlbOffset(a, entry, 'write'), value);
    });
  }

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

  /** Leaves the condition on the stack. */
  branch(condition: Expr): void {
    condition.emit(this.f);
  }

  jumpAndLink(): void {
    if (this.links) this.wr(this.place.address(hole.next));
  }

  jumpAndLinkRegister(target: Expr): void {
    this.place.setPc(this.reached(target));
    this.jumpAndLink();
  }

  host(): void {
    this.place.leave();
  }
  control(): void {
    this.place.leave();
  }

  needFloatUnit(state: number): void {
    this.leaveIf(ltS32(this.floatUnit(), i32(state)));
  }

  orHost(body: (giveUpIf: GiveUp) => void): void {
    body((condition) => this.leaveIf(condition));
  }

  when(condition: Expr, then: () => void, otherwise?: () => void): void {
    const { f } = this;
    if (condition.constant !== undefined) {
      if (condition.constant !== 0n) then();
      else otherwise?.();
      return;
    }
    f.if(condition);
    then();
    if (otherwise) {
      f.else();
      otherwise();
    }
    f.end();
  }

  /** The address that is meant: registers of 32 bits are sign-extended, addresses are not. */
  private reached(address: Expr): Expr {
    return inWidth(this.xlen, address);
  }

  private leaveUnless(hit: Expr): void {
    this.leaveIf(eqz32(hit));
  }

  private leaveIf(condition: Expr): void {
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
