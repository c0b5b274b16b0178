/**
 * Instructions that TypeScript carries out without the region being left: accesses to control
 * registers and devices. All registers are in memory then, and the budget says what is left without
 * the instruction. Where what the region takes for granted may have changed, or the instruction
 * traps, all regions are left at once.
 */
import {
  add32,
  callValue,
  eq32,
  i32,
  i64,
  local,
  ltS32,
  sub32,
  tee,
  type Expr,
} from '../../wasm/expression.ts';
import type { FunctionBuilder } from '../../wasm/functionBuilder.ts';
import type { ModuleBuilder } from '../../wasm/moduleBuilder.ts';
import type { RegionImports } from '../interpreterImports.ts';
import { hart, leave, nowhere, regionExit } from '../layout.ts';
import type { Instruction } from './block.ts';

/** Indices of the functions that regions import. */
export type OutsideFunctions = Readonly<Record<keyof RegionImports, number>>;

/** What regions of a module have in common. */
export interface ModuleIndices {
  /** Of `regionType`. */
  readonly typeIndex: number;
  readonly functions: OutsideFunctions;
}

export function importOutside(module: ModuleBuilder): OutsideFunctions {
  const imported = (name: keyof RegionImports, parameters: number): number =>
    module.importFunction('host', name, Array(parameters).fill('i32'), ['i32']);
  return {
    control: imported('control', 5),
    deviceLoad: imported('deviceLoad', 3),
    deviceStore: imported('deviceStore', 3),
  };
}

export interface OutsidePlace {
  readonly f: FunctionBuilder;
  readonly base: Expr;
  readonly functions: OutsideFunctions;
  /** Local. */
  readonly budget: number;
}

/** An instruction at the end of its block whose row says `control`. */
export function emitControl(
  { f, base, functions, budget }: OutsidePlace,
  { record, number, handler }: Instruction,
  pc: Expr,
): void {
  f.store('i64.store', base, pc, hart.pc);
  const before = add32(local('i32', budget), i32(1));
  const numbers = [i32(record), i32(number), i32(handler.length)];
  const called = callValue('i32', functions.control, base, ...numbers, before);
  f.temporary('i32', (result) => {
    f.if(ltS32(tee(result, called), i32(0)));
    f.store('i32.store', base, i32(regionExit.left), hart.regionExit);
    i64(nowhere).emit(f);
    // An instruction that traps did not retire.
    f.return(add32(local('i32', budget), eq32(local('i32', result), i32(leave.before))));
    f.end();
    f.set(budget, sub32(local('i32', result), i32(1)));
  });
}

/** An access at the end of its block, address and value being where TypeScript looks for them. */
export function callDevice(
  { f, base, functions, budget }: OutsidePlace,
  name: 'deviceLoad' | 'deviceStore',
  width: number,
  leaveRegion: () => void,
): void {
  const before = add32(local('i32', budget), i32(1));
  const called = callValue('i32', functions[name], base, i32(width), before);
  f.temporary('i32', (result) => {
    f.if(ltS32(tee(result, called), i32(0)));
    leaveRegion();
    f.end();
    f.set(budget, sub32(local('i32', result), i32(1)));
  });
}
