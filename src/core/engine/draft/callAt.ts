/** The function of each module of drafts that makes a call of the guest's a call of a region. */
import { and32, i32, i64, load, local, ltS32, shrU32, sub32 } from '../../wasm/expression.ts';
import { FunctionBuilder } from '../../wasm/functionBuilder.ts';
import { regionType } from '../interpreterTier.ts';
import { hart, hotWord } from '../layout.ts';
import { CodeLookup } from '../translator/codeLookup.ts';

/** callAt(hart, pc, budget, depth) → what the region at pc gives back, or the same where none is. */
export function generateCallAt(typeIndex: number): FunctionBuilder {
  const f = new FunctionBuilder(regionType.parameters, regionType.results);
  const [base, pc, budget, depth] = [0, 1, 2, 3].map((index) => f.parameter(index));
  const set = f.newLocal('i32');
  const word = f.newLocal('i32');
  f.set(set, load('i32.load', base!, hart.tlbSet));
  const lookup = new CodeLookup({
    f,
    set: local('i32', set),
    addressAt: (place) => i64(place),
    pages: new Map(),
  });
  lookup.hotWord(word, pc!);
  f.if(ltS32(local('i32', word), i32(0)));
  f.if(depth!);
  const index = and32(shrU32(local('i32', word), i32(hotWord.indexShift)), i32(hotWord.indexMask));
  f.callIndirect(typeIndex, index, base!, pc!, budget!, sub32(depth!, i32(1)));
  f.return();
  f.end();
  f.end();
  pc!.emit(f);
  budget!.emit(f);
  return f;
}
