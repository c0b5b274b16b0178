/**
 * The semantic context of the translator: operands are constants, registers WebAssembly locals.
 * What the inline path cannot do leaves the region before the instruction, which is interpreted.
 */
import { defined } from '../../base/assert.ts';
import {
  add,
  add32,
  effect,
  eqz32,
  geU,
  i32,
  i64,
  load,
  local,
  ltU,
  mul32,
  positive,
  select,
  signExtend,
  signExtend32,
  sub,
  wrap,
  type Expr,
} from '../../wasm/expression.ts';
import { asDouble, doubleBits } from '../../wasm/floatExpression.ts';
import type { Label } from '../../wasm/functionBuilder.ts';
import { loadOperators, storeOperators } from '../accessOperators.ts';
import { tlbHit, tlbOffset } from '../inlineTlb.ts';
import { hart, zeroSink } from '../layout.ts';
import { LeavingContext } from '../leavingContext.ts';
import { accessBytes, accessWidths, type AccessWidth, type SemanticContext } from '../semantics.ts';
import type { AccessGroup } from './accessGroups.ts';
import { thirdSource, type Instruction } from './block.ts';
import { accessWord } from './controlWord.ts';
import type { DirectMemory } from './directMemory.ts';
import { keptWord, loadOfWidth } from './narrow.ts';
import { callDevice } from './outside.ts';
import type { RegionPlace } from './regionPlace.ts';
import { bankOf, bitOf } from './registerMasks.ts';

export class RegionContext extends LeavingContext<RegionPlace> implements SemanticContext {
  readonly fuses: boolean;
  /** Whether the branch just translated is taken, in this local. */
  readonly condition: number;
  /** Where an indirect jump goes, in this local. */
  readonly target: number;
  private instruction!: Instruction;
  private group: AccessGroup | undefined;
  private words = 0;
  private writesWord = false;
  private outside = false;
  /** Words that the block is known to have made not negative. */
  private positive = 0;
  /** What instructions that a branch skips have made of registers, while they are computed. */
  private computed: Map<number, Expr> | undefined;
  /** The condition is 1 or 0. */
  private isTruth = false;

  constructor(place: RegionPlace, target: number) {
    super(place);
    this.fuses = place.fuses;
    this.condition = place.f.newLocal('i32');
    this.target = target;
  }

  /**
   * An instruction, the group that its access belongs to, the registers that are words before it,
   * and whether it makes one. `outside`: where the TLB does not serve its access, a device may.
   */
  translate(
    instruction: Instruction,
    group: AccessGroup | undefined,
    words: number,
    writesWord: boolean,
    outside = false,
  ): void {
    this.outside = outside;
    this.instruction = instruction;
    this.group = group;
    this.words = words;
    this.writesWord = writesWord;
    this.f.scope(() => instruction.handler.row.execute(this));
  }

  /**
   * A branch over a few instructions: they are computed in any case, and chosen where it is not
   * taken; else what they took from the budget is given back. `words` and `wordsAfter` are the
   * registers that are words before and behind all.
   */
  translateSkipping(
    branch: Instruction,
    skipped: readonly Instruction[],
    words: number,
    wordsAfter: number,
  ): void {
    const { f, place } = this;
    this.translate(branch, undefined, words, false);
    const isTaken = local('i32', this.condition);
    f.scope(() => {
      const computed = (this.computed = new Map<number, Expr>());
      for (const each of skipped) {
        this.instruction = each;
        each.handler.row.execute(this);
      }
      this.computed = undefined;
      for (const [rd, value] of computed) {
        const chosen = select(this.read(rd), value, isTaken);
        const isWord = (wordsAfter & bitOf(rd)) !== 0;
        if (isWord) f.set(place.word(rd), defined(chosen.low, 'a low half'));
        else f.set(place.register(rd), chosen);
        this.positive &= ~bitOf(rd);
      }
    });
    const count = i32(skipped.length);
    const back = this.isTruth ? mul32(isTaken, count) : select(count, i32(0), isTaken);
    f.set(place.budget, add32(local('i32', place.budget), back));
  }

  beginBlock(): void {
    this.positive = 0;
  }

  /** Whether the region assumed too much when the test of a group fails. */
  surprises({ direct }: AccessGroup): boolean {
    return direct;
  }

  /** Tests a group where its block begins, with these words. */
  testEarly(
    group: AccessGroup,
    words: number,
    interpret: Label,
    surprised: Label | undefined,
  ): void {
    this.instruction = group.first;
    this.words = words;
    this.f.scope(() => {
      const { direct } = this.place;
      if (!group.direct || !direct) {
        this.testGroup(group, (hit) => this.f.branchIf(interpret, eqz32(hit)));
        return;
      }
      const leaveIf = (condition: Expr): void => {
        this.f.branchIf(defined(surprised, 'a way out'), condition);
      };
      this.testDirect(direct, group.low, group.high - group.low, this.rs1(), leaveIf);
    });
  }

  rs1(): Expr {
    return this.read(this.instruction.rs1);
  }
  rs2(): Expr {
    return this.read(this.instruction.rs2);
  }
  rd(): Expr {
    return this.read(this.instruction.rd);
  }
  imm(): Expr {
    return i64(this.instruction.imm);
  }
  pcImm(): Expr {
    return this.place.address(this.instruction.at + this.instruction.imm);
  }
  keep(value: Expr): Expr {
    return keptWord(value, (low) => this.f.keep(low)) ?? this.f.keep(value);
  }

  wr(value: Expr): void {
    const written = this.xlen === 32 ? signExtend32(value) : value;
    if (this.computed) {
      this.computed.set(this.instruction.rd, this.keep(written));
      return;
    }
    if (!this.writesWord) return this.wrWide(written);
    const { rd } = this.instruction;
    const low = defined(written.low, 'a low half');
    this.f.set(this.place.word(rd), low);
    if (low.isPositive || low.isTruth) this.positive |= bitOf(rd);
    else this.positive &= ~bitOf(rd);
  }

  wrWide(value: Expr): void {
    const { rd } = this.instruction;
    if (bankOf(rd) === 0) this.positive &= ~bitOf(rd);
    if (rd === zeroSink || rd === 0) {
      value.emit(this.f);
      this.f.drop();
      return;
    }
    this.f.set(this.place.register(rd), bankOf(rd) === 0 ? value : asDouble(value));
  }

  load(width: AccessWidth, address: Expr): Expr {
    if (this.outside) return this.loadOutside(width, address);
    const whole = effect('i64', (f) => this.loadBy(width, address, (value) => value.emit(f)));
    const low = effect('i32', (f) => this.loadBy(width, address, (value) => wrap(value).emit(f)));
    return loadOfWidth(width, whole, low);
  }

  /** Tests the access, then gives the load itself to `emit`. */
  private loadBy(width: AccessWidth, address: Expr, emit: (value: Expr) => void): void {
    const { group, f } = this;
    const { direct, set } = this.place;
    if (direct && (group ? group.direct : this.place.isDirect(this.instruction))) {
      const { at, distance } = this.inDirect(direct, accessBytes[width], address);
      return emit(load(loadOperators[width], at, distance));
    }
    if (group) {
      const { at, distance } = this.inGroup(group);
      return emit(load(loadOperators[width], at, distance));
    }
    const a = f.keep(this.reached(address));
    f.temporary('i32', (entry) => {
      this.leaveUnless(tlbHit(set, a, entry, 'read', accessBytes[width]));
      emit(load(loadOperators[width], tlbOffset(a, entry, 'read')));
    });
  }

  store(width: AccessWidth, address: Expr, value: Expr): void {
    const { f, group } = this;
    if (this.outside) return this.storeOutside(width, address, value);
    if (group) {
      const { at, distance } = this.inGroup(group);
      f.store(storeOperators[width], at, value, distance);
      return;
    }
    const a = f.keep(this.reached(address));
    f.temporary('i32', (entry) => {
      this.leaveUnless(tlbHit(this.place.set, a, entry, 'write', accessBytes[width]));
      f.store(storeOperators[width], tlbOffset(a, entry, 'write'), value);
    });
  }

  private loadOutside(width: AccessWidth, address: Expr): Expr {
    const { f, place } = this;
    const a = f.keep(this.reached(address));
    const value = effect('i64', () => {
      f.temporary('i32', (entry) => {
        f.ifValue(tlbHit(place.set, a, entry, 'read', accessBytes[width]), 'i64');
        load(loadOperators[width], tlbOffset(a, entry, 'read')).emit(f);
        f.else();
        f.store('i64.store', place.base, a, hart.argAddress);
        callDevice(place, 'deviceLoad', accessWidths.indexOf(width), () => place.leave());
        load('i64.load', place.base, hart.argValue).emit(f);
        f.end();
      });
    });
    return loadOfWidth(width, value, wrap(value));
  }

  private storeOutside(width: AccessWidth, address: Expr, value: Expr): void {
    const { f, place } = this;
    const a = f.keep(this.reached(address));
    f.temporary('i32', (entry) => {
      f.if(tlbHit(place.set, a, entry, 'write', accessBytes[width]));
      f.store(storeOperators[width], tlbOffset(a, entry, 'write'), value);
      f.else();
      f.store('i64.store', place.base, a, hart.argAddress);
      f.store('i64.store', place.base, value, hart.argValue);
      callDevice(place, 'deviceStore', accessWidths.indexOf(width), () => place.leave());
      f.end();
    });
  }

  branch(condition: Expr): void {
    this.isTruth = condition.isTruth ?? false;
    this.f.set(this.condition, condition);
  }

  jumpAndLink(): void {
    this.wr(this.linkAddress());
  }

  jumpAndLinkRegister(target: Expr): void {
    this.f.set(this.target, this.reached(target));
    this.wr(this.linkAddress());
  }

  host(): void {
    this.place.leave();
  }
  control(): void {
    const { controlWord } = this.instruction;
    if (!controlWord) return this.place.leave();
    const read = accessWord(this.f, this.place.base, controlWord, () => this.rs1());
    this.wr(read);
  }

  rs3(): Expr {
    return this.read(thirdSource(this.instruction));
  }
  roundingField(): Expr {
    return i32(this.instruction.imm & 7);
  }
  floatUnit(): Expr {
    const { floatUnit, base } = this.place;
    return floatUnit === undefined ? load('i32.load', base, hart.floatUnit) : i32(floatUnit);
  }

  private read(register: number): Expr {
    if (register === 0 || register === zeroSink) return i64(0);
    const computed = this.computed?.get(register);
    if (computed) return computed;
    if (bankOf(register) === 0 && this.words & bitOf(register)) {
      const word = local('i32', this.place.word(register));
      return signExtend(this.positive & bitOf(register) ? positive(word) : word);
    }
    const index = this.place.register(register);
    return bankOf(register) === 0 ? local('i64', index) : doubleBits(local('f64', index));
  }

  private linkAddress(): Expr {
    return this.place.address(this.instruction.at + this.instruction.handler.length);
  }

  /** Where a group's lowest byte is, and this access's distance from it. */
  private inGroup(group: AccessGroup): { at: Expr; distance: number } {
    if (group.offset === undefined) this.testGroup(group, (hit) => this.leaveUnless(hit));
    const { facts, imm } = this.instruction;
    const own = facts.access?.displaced ? imm : 0;
    return { at: local('i32', defined(group.offset, 'a test')), distance: own - group.low };
  }

  /** Tests the TLB for all of a group, at its first member or before. */
  private testGroup(group: AccessGroup, unless: (hit: Expr) => void): void {
    const { f } = this;
    const kind = group.kind === 'load' ? 'read' : 'write';
    const lowest = f.keep(this.reached(add(this.rs1(), i64(group.low))));
    const offset = group.offset ?? f.newLocal('i32');
    f.temporary('i32', (entry) => {
      const size = group.high - group.low;
      unless(tlbHit(this.place.set, lowest, entry, kind, size));
      f.set(offset, tlbOffset(lowest, entry, kind));
    });
    group.offset = offset;
  }

  /**
   * Where a load finds its bytes in directly reached memory, and a distance that is known. Of a
   * group the first member tests, if that was not done where the block began.
   */
  private inDirect(
    direct: DirectMemory,
    size: number,
    address: Expr,
  ): { at: Expr; distance: number } {
    const { f, group } = this;
    const { facts, imm } = this.instruction;
    const own = facts.access?.displaced ? imm : 0;
    const base = facts.access ? this.rs1() : f.keep(address);
    if (!group?.early && group?.offset === undefined) {
      const low = group?.low ?? own;
      const span = group ? group.high - group.low : size;
      this.testDirect(direct, low, span, base, (c) => this.leaveSurprisedIf(c));
    }
    // The sum is taken apart from the test, which so is not in the way of the load.
    const lowest = group?.low ?? own;
    const at = add32(wrap(base), i32((direct.offset - direct.base + lowest) | 0));
    if (!group) return { at, distance: own - lowest };
    if (group.offset === undefined) {
      group.offset = f.newLocal('i32');
      f.set(group.offset, at);
    }
    return { at: local('i32', group.offset), distance: own - lowest };
  }

  /** Tests that so many bytes from `low` behind `from` on are in directly reached memory. */
  private testDirect(
    { base, hole, reached }: DirectMemory,
    low: number,
    span: number,
    from: Expr,
    leaveIf: (condition: Expr) => void,
  ): void {
    const behind = this.f.keep(add(from, i64(low - base - reached.at)));
    leaveIf(geU(behind, i64(reached.bytes - span + 1)));
    if (reached.holed) {
      const before = sub(behind, i64(hole.at - span + 1));
      leaveIf(ltU(before, i64(hole.bytes + span - 1)));
    }
  }

  private leaveSurprisedIf(condition: Expr): void {
    this.f.if(condition);
    this.place.leaveSurprised();
    this.f.end();
  }
}
