/**
 * Ways out of a region. Exits that must write the same registers back share one epilogue, so that
 * the hot code holds only a branch to it.
 */
import { defined } from '../../base/assert.ts';
import {
  add32,
  and32,
  i32,
  local,
  mul32,
  shrS32,
  shrU32,
  signExtend,
  type Expr,
} from '../../wasm/expression.ts';
import type { FunctionBuilder, Label } from '../../wasm/functionBuilder.ts';
import { hart, regionExit } from '../layout.ts';
import type { Masks } from './registerMasks.ts';
import type { Written } from './narrow.ts';

/**
 * `interpret`: before an instruction that the interpreter must do. `goOn`: to a place outside the
 * region. `indirect`: as an indirect jump says. `return`: to a guest's caller.
 */
export type ExitKind = 'interpret' | 'goOn' | 'indirect' | 'return';

/** What exits do besides, once registers are written back. */
export interface Finish {
  readonly id: number;
  emit(): void;
}

interface Group {
  readonly kind: ExitKind;
  readonly finish: Finish | undefined;
  readonly masks: Masks;
  /**
   * Those of the registers that are words at all of these exits. The others are made whole on the
   * way here, so that exits that differ by them can share an epilogue.
   */
  words: number;
  label: Label | undefined;
}

export interface ExitPlace {
  readonly f: FunctionBuilder;
  readonly base: Expr;
  /** The address at a distance from the region's page, 64 bits. */
  addressAt(distance: Expr): Expr;
  /** Locals. */
  readonly budget: number;
  readonly pc: number;
  /** What the interpreter is to find in `exitSite`. */
  readonly region: number;
  storeRegisters(written: Written): void;
  /** Makes registers whole that are words. */
  widen(words: number): void;
}

export class Exits {
  private readonly groups = new Map<string, Group>();
  private readonly place: ExitPlace;
  /** Where a `interpret` or `goOn` exit leaves, and how much of the block's budget it gives back. */
  private readonly site: number;

  constructor(place: ExitPlace) {
    this.place = place;
    this.site = place.f.newLocal('i32');
  }

  /** Says that such an exit will be there; all must be said before `open`. */
  expect(kind: ExitKind, { masks, words }: Written, finish?: Finish): void {
    const key = keyOf(kind, masks, finish);
    const group = this.groups.get(key);
    if (group) group.words &= words;
    else this.groups.set(key, { kind, masks, words, finish, label: undefined });
  }

  open(): void {
    for (const group of this.groups.values()) group.label = this.place.f.block();
  }

  /** Leaves at a place in the code, with `back` instructions that were taken from the budget. */
  leave(
    kind: 'interpret' | 'goOn',
    written: Written,
    at: number,
    back: number,
    finish?: Finish,
  ): void {
    const { f } = this.place;
    f.set(this.site, i32((at << placeShift) | back));
    this.branchTo(kind, written, finish);
  }

  /** As `leave` to be interpreted, and the translator is to hear that the region assumed too much. */
  leaveSurprised(written: Written, at: number, back: number, finish?: Finish): void {
    const { f } = this.place;
    f.set(this.site, i32((at << placeShift) | surprised | back));
    this.branchTo('interpret', written, finish);
  }

  /** Leaves to where `pc` says. */
  leaveToPc(kind: 'indirect' | 'return', written: Written): void {
    this.branchTo(kind, written);
  }

  /** The epilogues. */
  close(): void {
    const { f, base, budget, pc, region, storeRegisters } = this.place;
    const site = local('i32', this.site);
    for (const { kind, masks, words, finish } of [...this.groups.values()].reverse()) {
      f.end();
      storeRegisters({ masks, words });
      finish?.emit();
      if (kind === 'interpret') {
        f.store('i32.store', base, i32(regionExit.interpret), hart.regionExit);
        const flag = shrU32(and32(site, i32(surprised)), i32(surprisedShift));
        f.store('i32.store', base, mul32(flag, i32(region)), hart.exitSite);
      }
      if (kind === 'goOn') f.store('i32.store', base, i32(region), hart.exitSite);
      if (kind === 'interpret' || kind === 'goOn') {
        this.place.addressAt(signExtend(shrS32(site, i32(placeShift)))).emit(f);
        f.return(add32(local('i32', budget), and32(site, i32(0xff))));
      } else {
        local('i64', pc).emit(f);
        f.return(local('i32', budget));
      }
    }
  }

  private branchTo(kind: ExitKind, { masks, words }: Written, finish?: Finish): void {
    const key = keyOf(kind, masks, finish);
    const group = defined(this.groups.get(key), 'an exit that was expected');
    this.place.widen(words & masks[0] & ~group.words);
    this.place.f.branch(defined(group.label, 'an open epilogue'));
  }
}

/** What an exit tells its epilogue: instructions to give back, a flag, the place. */
const surprisedShift = 8;
const surprised = 1 << surprisedShift;
const placeShift = 9;

const keyOf = (kind: ExitKind, [first, second]: Masks, finish: Finish | undefined): string =>
  `${kind} ${first} ${second} ${finish?.id}`;
