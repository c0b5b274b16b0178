/** One program, interpreted and translated, slice by slice: both must be alike after each. */
import assert from 'node:assert/strict';
import { integerNames } from '../../../src/core/isa/riscv/registers.ts';
import { eagerTranslation, ramBase, rig, type Rig } from '../isa/riscv/rig.ts';

interface Alike {
  readonly isa?: string;
  readonly slices: number;
  /** Instructions of the n-th slice. */
  readonly slice: (n: number) => number;
  /** Of RAM, from its beginning. */
  readonly bytes: number;
}

/** Runs both, and fails where a program could tell them apart, or where nothing was translated. */
export function runAlike(
  source: string,
  { isa, slices, slice, bytes }: Alike,
): { interpreted: Rig; translated: Rig } {
  const options = isa === undefined ? {} : { isa };
  const interpreted = rig(source, { ...options, translate: undefined });
  const translated = rig(source, { ...options, translate: eagerTranslation });
  for (let n = 0; n < slices; n++) {
    const budget = slice(n);
    assert.deepEqual(translated.hart.run(budget), interpreted.hart.run(budget));
    assert.deepEqual(stateOf(translated, bytes), stateOf(interpreted, bytes), source);
  }
  assert.ok(translated.translator!.counters.regions > 0);
  return { interpreted, translated };
}

const stateOf = ({ hart, memory }: Rig, bytes: number): unknown => ({
  registers: integerNames.map((name) => hart.readRegister(name)),
  pc: hart.pc,
  instructions: hart.instructions,
  memory: Buffer.from(memory.view8(ramBase, bytes)!).toString('base64'),
});
