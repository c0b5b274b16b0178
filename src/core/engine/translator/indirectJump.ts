/** An indirect jump to places inside its region: compared one by one, or through a table. */
import { eq, i64, local, ltU, shrU, sub, wrap, type Expr } from '../../wasm/expression.ts';
import type { FunctionBuilder, Label } from '../../wasm/functionBuilder.ts';

/** Up to so many are compared one by one. */
const fewTargets = 3;
/** The longest table of targets. */
const mostParcels = 2048;

/** Branches to the label of the place that `pc` is; past it otherwise. */
export function branchToPlaces(
  f: FunctionBuilder,
  pc: Expr,
  address: (place: number) => Expr,
  labels: ReadonlyMap<number, Label>,
): void {
  const first = Math.min(...labels.keys());
  const parcels = (Math.max(...labels.keys()) - first) / 2 + 1;
  if (labels.size <= fewTargets || parcels > mostParcels) {
    for (const [to, label] of labels) f.branchIf(label, eq(pc, address(to)));
    return;
  }
  const otherwise = f.block();
  const distance = f.newLocal('i64');
  f.set(distance, sub(pc, address(first)));
  f.branchIf(otherwise, ltU(i64(parcels * 2 - 1), local('i64', distance)));
  const table = Array.from({ length: parcels }, (_, i) => labels.get(first + i * 2) ?? otherwise);
  f.branchTable(wrap(shrU(local('i64', distance), i64(1))), table, otherwise);
  f.end();
}
