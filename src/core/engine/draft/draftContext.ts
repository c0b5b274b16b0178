/**
 * The semantic context of drafts: operands are holes, registers in memory. What the inline path
 * cannot do leaves the draft before the instruction, which is interpreted.
 */
import { Bug } from '../../base/assert.ts';
import { effect, load, signExtend32, type Expr } from '../../wasm/expression.ts';
import { loadOperators, storeOperators } from '../accessOperators.ts';
import { tlbMiss, tlbOffset } from '../inlineTlb.ts';
import { hart } from '../layout.ts';
import { LeavingContext, type LeavingPlace } from '../leavingContext.ts';
import { accessBytes, type AccessWidth, type SemanticContext } from '../semantics.ts';
import { hole, type HoleKind } from './holes.ts';

export interface DraftPlace extends LeavingPlace {
  /** Its value, and what it is as a double. */
  register(kind: HoleKind, asFloat: HoleKind): Expr;
  /** To rd. */
  storeRegister(value: Expr): void;
  number(type: 'i32' | 'i64', kind: HoleKind): Expr;
  /** The address at a distance from the page. */
  address(kind: HoleKind): Expr;
  /** Says where an indirect jump goes. */
  setPc(address: Expr): void;
}

export class DraftContext extends LeavingContext<DraftPlace> implements SemanticContext {
  /** It is not worth finding out what the host can do. */
  readonly fuses = false;
  /** Whether jumps say where they came from. */
  links = true;

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
}
