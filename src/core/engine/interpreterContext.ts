/** The semantic context of the interpreter: operands from the record, registers in memory. */
import { assert, defined } from '../base/assert.ts';
import {
  add,
  add32,
  and32,
  callValue,
  effect,
  eq,
  eq32,
  eqz32,
  i32,
  i64,
  load,
  local,
  ltS32,
  ltU,
  ne32,
  ofBits,
  select,
  shl32,
  signExtend32,
  sub,
  wrap,
  zeroExtend,
  type Expr,
} from '../wasm/expression.ts';
import type { FunctionBuilder, Label } from '../wasm/functionBuilder.ts';
import { loadOperators, storeOperators } from './accessOperators.ts';
import { alignedTlbHit, tlbHit, tlbMiss, tlbOffset } from './inlineTlb.ts';
import type { LoopState } from './loopState.ts';
import type { FunctionIndices } from './interpreterImports.ts';
import type { Handler } from './handlers.ts';
import { inWidth, pcOf, savePc } from './recordPc.ts';
import {
  exit,
  hart,
  leave,
  pageBytes,
  record,
  recordShift,
  registerBytes,
  zeroSink,
} from './layout.ts';
import {
  accessBytes,
  accessWidths,
  type AccessWidth,
  type AtomicWidth,
  type GiveUp,
  type RegisterWidth,
  type SemanticContext,
} from './semantics.ts';

export interface InterpreterPlace {
  readonly xlen: RegisterWidth;
  readonly handler: Handler;
  /** Bytes of the instruction, where its handler does not say. */
  readonly length?: Expr | undefined;
  readonly functions: FunctionIndices;
  readonly state: LoopState;
  /** Number of the handler that runs: several share one place when TypeScript does all the work. */
  readonly handlerNumber: Expr;
  /** The instruction is retired, and the record of the one behind it is set. */
  readonly next: Label;
  /** Goes on so many bytes of records ahead. */
  readonly ahead: (bytes: Expr) => void;
  readonly left: Label;
  readonly leftSavingPc: Label;
  /** In the loop, whose handlers call nothing. */
  readonly loop?: LoopLabels | undefined;
}

/** Where the loop's handlers go on, besides with the instruction behind theirs. */
export interface LoopLabels {
  /** A jump led to the record that is now set. */
  readonly jumped: Label;
  /** A jump leads to the pc on the stack, in any page. */
  readonly jumpsTo: Label;
  /** As `jumpsTo`, where it is not counted. */
  readonly goesTo: Label;
  /**
   * Where a condition says that things are not as usual, the instruction, of which nothing has been
   * done, begins anew in a function apart, whose handlers call what they need.
   */
  readonly inFullIf: (isUnusual: Expr) => void;
  /** Jumps backward are counted. */
  readonly counts: boolean;
}

export class InterpreterContext implements SemanticContext {
  readonly xlen: RegisterWidth;
  /** The interpreter is made before it is known what the host can do. */
  readonly fuses = false;
  private readonly f: FunctionBuilder;
  private readonly place: InterpreterPlace;
  private readonly rec: Expr;
  private ended = false;

  constructor(f: FunctionBuilder, place: InterpreterPlace) {
    this.f = f;
    this.place = place;
    this.xlen = place.xlen;
    this.rec = place.state.record;
  }

  rs1(): Expr {
    return this.register(record.rs1);
  }
  rs2(): Expr {
    return this.register(record.rs2);
  }
  rd(): Expr {
    const field = load('i32.load16_u', this.rec, record.rd);
    const isZero = eq32(field, i32(zeroSink * registerBytes));
    return select(i64(0), this.register(record.rd), isZero);
  }
  imm(): Expr {
    return load('i64.load32_s', this.rec, record.immediate);
  }
  pcImm(): Expr {
    return add(pcOf(this.place.state.base, this.rec), this.imm());
  }
  keep(value: Expr): Expr {
    return this.f.keep(value);
  }

  wr(value: Expr): void {
    this.wrWide(this.xlen === 32 ? signExtend32(value) : value);
  }

  wrWide(value: Expr): void {
    const address = add32(this.place.state.base, load('i32.load16_u', this.rec, record.rd));
    const { bitsOf } = value;
    if (bitsOf) this.f.store('f64.store', address, bitsOf, hart.registers);
    else if (this.place.loop) this.f.store('i64.store', address, value, hart.registers);
    // The value first: what it takes may be a call, across which the address would live.
    else this.f.store('i64.store', address, this.f.keep(value), hart.registers);
  }

  load(width: AccessWidth, address: Expr): Expr {
    const { functions, state, loop } = this.place;
    const { base, set } = state;
    return effect('i64', (f) => {
      const a = f.keep(this.reached(address));
      f.temporary('i32', (entry) => {
        if (loop) {
          loop.inFullIf(tlbMiss(set, a, entry, 'read', accessBytes[width]));
          load(loadOperators[width], tlbOffset(a, entry, 'read')).emit(f);
          return;
        }
        f.ifValue(tlbHit(set, a, entry, 'read', accessBytes[width]), 'i64');
        load(loadOperators[width], tlbOffset(a, entry, 'read')).emit(f);
        f.else();
        f.store('i64.store', base, a, hart.argAddress);
        this.callSlow(functions.slowLoad, width);
        load('i64.load', base, hart.argValue).emit(f);
        f.end();
      });
    });
  }

  store(width: AccessWidth, address: Expr, value: Expr): void {
    const { functions, state, loop } = this.place;
    const { base, set } = state;
    const f = this.f;
    const a = f.keep(this.reached(address));
    f.temporary('i32', (entry) => {
      if (loop) {
        loop.inFullIf(tlbMiss(set, a, entry, 'write', accessBytes[width]));
        f.store(storeOperators[width], tlbOffset(a, entry, 'write'), value);
        return;
      }
      f.if(tlbHit(set, a, entry, 'write', accessBytes[width]));
      f.store(storeOperators[width], tlbOffset(a, entry, 'write'), value);
      f.else();
      f.store('i64.store', base, a, hart.argAddress);
      f.store('i64.store', base, value, hart.argValue);
      this.callSlow(functions.slowStore, width);
      f.end();
    });
  }

  amo(width: AtomicWidth, address: Expr, update: (old: Expr) => Expr): void {
    const where = this.keep(this.atomicAddress(width, address));
    const old = this.keep(load(loadOperators[width], where));
    this.f.store(storeOperators[width], where, this.keep(update(old)));
    this.wr(old);
  }

  loadReserved(width: 'w' | 'd', address: Expr): void {
    const { functions, state, loop } = this.place;
    const { base, set } = state;
    const f = this.f;
    const a = f.keep(this.reached(address));
    const size = accessBytes[width];
    const value = effect('i64', () => {
      f.temporary('i32', (entry) => {
        if (loop) {
          loop.inFullIf(eqz32(alignedTlbHit(set, a, entry, 'read', size)));
          load(loadOperators[width], tlbOffset(a, entry, 'read')).emit(f);
          return;
        }
        f.ifValue(alignedTlbHit(set, a, entry, 'read', size), 'i64');
        load(loadOperators[width], tlbOffset(a, entry, 'read')).emit(f);
        f.else();
        f.store('i64.store', base, a, hart.argAddress);
        // Sixteen marks a load that must be aligned.
        this.callSlow(functions.slowLoad, width, 16);
        load('i64.load', base, hart.argValue).emit(f);
        f.end();
      });
    });
    this.wr(value);
    f.store('i64.store', base, a, hart.reservation);
  }

  storeConditional(width: 'w' | 'd', address: Expr, value: Expr): void {
    const { base } = this.place.state;
    const f = this.f;
    const a = f.keep(this.reached(address));
    // The access is checked whether or not it will be made, as the memory faults come first.
    const where = f.keep(this.atomicAddress(width, a));
    const holds = f.keep(eq(a, load('i64.load', base, hart.reservation)));
    f.if(holds);
    f.store(storeOperators[width], where, value);
    f.end();
    f.store('i64.store', base, i64(-1), hart.reservation);
    this.wr(sub(i64(1), zeroExtend(holds)));
  }

  branch(condition: Expr): void {
    this.f.if(condition);
    this.goToTarget('backward');
    this.f.end();
  }

  jumpAndLink(): void {
    this.wr(this.linkAddress());
    this.goToTarget('always');
    this.ended = true;
  }

  jumpAndLinkRegister(target: Expr): void {
    const { state } = this.place;
    const { base } = state;
    const { jumped, jumpsTo } = this.inLoop();
    const f = this.f;
    const to = f.keep(this.reached(target));
    this.wr(this.linkAddress());
    const distance = f.keep(sub(to, load('i64.load', base, hart.pageAddress)));
    f.if(ltU(distance, i64(pageBytes)));
    const inPage = shl32(wrap(distance), i32(recordShift));
    state.setRecord(add32(load('i32.load', base, hart.recordPage), inPage));
    f.branch(jumped);
    f.end();
    f.branchWith(jumpsTo, to);
    this.ended = true;
  }

  host(): void {
    this.callHost(true);
  }

  control(): void {
    this.host();
  }

  rs3(): Expr {
    // The field lies above the rounding mode's three bits, which makes it an offset as it is.
    const field = load('i32.load', this.rec, record.immediate);
    return this.registerAt(and32(field, i32(-registerBytes)), hart.floats);
  }
  roundingField(): Expr {
    return and32(load('i32.load', this.rec, record.immediate), i32(7));
  }
  floatUnit(): Expr {
    return load('i32.load', this.place.state.base, hart.floatUnit);
  }

  orHost(body: (giveUpIf: GiveUp) => void): void {
    const { f } = this;
    const givenUp = f.block();
    body((condition) => {
      if (condition.constant !== 0n) f.branchIf(givenUp, condition);
    });
    this.finish();
    f.end();
    this.callHost();
  }

  when(condition: Expr, then: () => void, otherwise?: () => void): void {
    this.f.when(condition, then, otherwise);
  }

  needFloatUnit(state: number): void {
    const f = this.f;
    const isNotReady = ltS32(this.floatUnit(), i32(state));
    if (this.place.loop) {
      this.place.loop.inFullIf(isNotReady);
      return;
    }
    f.if(isNotReady);
    this.callHost();
    f.end();
  }

  /** What every handler ends with that did not jump: on to the next record. */
  finish(): void {
    if (this.ended) return;
    this.place.ahead(shl32(this.length, i32(recordShift)));
  }

  /** `mayJump`: the instruction may be a jump, behind which the slice goes on. */
  private callHost(mayJump = false): void {
    const { functions, handler, state } = this.place;
    const { base } = state;
    const f = this.f;
    savePc(f, this.xlen, base, this.rec);
    const { length } = handler;
    const code = callValue(
      'i32',
      functions.host,
      base,
      this.rec,
      this.place.handlerNumber,
      i32(length),
      state.budget,
    );
    f.temporary('i32', (result) => {
      state.around(() => f.set(result, code));
      f.if(ltS32(local('i32', result), i32(0)));
      if (mayJump) {
        f.if(eq32(local('i32', result), i32(leave.jumped)));
        f.branchWith(this.inLoop().goesTo, load('i64.load', base, hart.pc));
        f.end();
        f.if(eq32(local('i32', result), i32(leave.trapped)));
        f.branchWith(this.inLoop().jumpsTo, load('i64.load', base, hart.pc));
        f.end();
      } else {
        // Out of a function apart the way to the handler is through the run loop.
        f.if(eq32(local('i32', result), i32(leave.trapped)));
        f.store('i32.store', base, i32(exit.changed), hart.exit);
        f.store('i32.store', base, i32(1), hart.beginsAtTrap);
        f.set(result, i32(leave.after));
        f.end();
      }
      // TypeScript has set pc and exit; only the count is left to us.
      const isNotRetired = ne32(local('i32', result), i32(leave.after));
      state.setRetired(add32(state.retired, isNotRetired));
      f.branch(this.place.left);
      f.end();
      state.setBudget(local('i32', result));
    });
  }

  /** The address that is meant: registers of 32 bits are sign-extended, addresses are not. */
  private reached(address: Expr): Expr {
    return inWidth(this.xlen, address);
  }

  private register(field: number): Expr {
    return this.registerAt(load('i32.load16_u', this.rec, field), hart.registers);
  }

  /** By its offset in the register file. */
  private registerAt(offset: Expr, file: number): Expr {
    const address = add32(this.place.state.base, offset);
    return ofBits(load('i64.load', address, file), load('f64.load', address, file));
  }

  private get length(): Expr {
    const { handler, length } = this.place;
    return length ?? i32(handler.length);
  }

  private linkAddress(): Expr {
    return add(pcOf(this.place.state.base, this.rec), zeroExtend(this.length));
  }

  /** Loops begin at targets of backward jumps; forward branches need no counting. */
  private goToTarget(counted: 'backward' | 'always'): void {
    const { handler, next, state } = this.place;
    const { jumped, jumpsTo, counts } = this.inLoop();
    assert(handler.row.direct, `${handler.row.mnemonic} has no direct target`);
    const f = this.f;
    if (handler.far) {
      f.branchWith(jumpsTo, this.reached(this.pcImm()));
      return;
    }
    const to = (distance: Expr): void =>
      state.setRecord(add32(this.rec, shl32(distance, i32(recordShift))));
    const immediate = load('i32.load', this.rec, record.immediate);
    if (counts && counted === 'backward') {
      const distance = f.keep(immediate);
      to(distance);
      f.branchIf(jumped, ltS32(distance, i32(0)));
      f.branch(next);
    } else {
      to(immediate);
      f.branch(jumped);
    }
  }

  /** Labels that only jumps need, and those are in the loop. */
  private inLoop(): LoopLabels {
    return defined(this.place.loop, 'the loop around a jump');
  }

  /** Sets the budget to what the slow path gives back, or leaves with a trap. */
  private callSlow(functionIndex: number, width: AccessWidth, flags = 0): void {
    const { leftSavingPc, state } = this.place;
    const { base } = state;
    const f = this.f;
    f.store('i32.store', base, this.rec, hart.slowRecord);
    const code = i32(accessWidths.indexOf(width) | flags);
    f.temporary('i32', (result) => {
      const called = callValue('i32', functionIndex, base, code, state.budget);
      state.around(() => f.set(result, called));
      f.branchIf(leftSavingPc, ltS32(local('i32', result), i32(0)));
      state.setBudget(local('i32', result));
    });
  }

  /** Offset in memory of a word that may be read and written at once. */
  private atomicAddress(width: AtomicWidth, address: Expr): Expr {
    const { functions, state, loop } = this.place;
    const { base, set } = state;
    return effect('i32', (f) => {
      const a = f.keep(this.reached(address));
      f.temporary('i32', (entry) => {
        if (loop) {
          const hit = alignedTlbHit(set, a, entry, 'write', accessBytes[width]);
          loop.inFullIf(eqz32(hit));
          tlbOffset(a, entry, 'write').emit(f);
          return;
        }
        f.ifValue(alignedTlbHit(set, a, entry, 'write', accessBytes[width]), 'i32');
        tlbOffset(a, entry, 'write').emit(f);
        f.else();
        f.store('i64.store', base, a, hart.argAddress);
        this.callSlow(functions.slowAtomic, width);
        load('i32.load', base, hart.argValue).emit(f);
        f.end();
      });
    });
  }
}
