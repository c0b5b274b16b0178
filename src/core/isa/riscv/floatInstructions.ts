/**
 * Carries out floating-point rows: whether the unit may be used, rounding modes, boxing of operands
 * and results, flags (unprivileged manual, F and D; privileged manual, mstatus.FS). What each
 * computes is in its row.
 */
import { floatUnitIsOn, markFloatsDirty } from './csr/floatStatus.ts';
import { CSR } from './csr/numbers.ts';
import {
  dynamicRounding,
  isRoundingMode,
  rounding,
  type FloatEnvironment,
} from './float/environment.ts';
import { box, unbox } from './float/format.ts';
import { floatArithmeticRows, floatMemoryRows } from './instructions/f.ts';
import type { FloatOperands, FloatRow } from './instructions/floatRow.ts';
import { additionalFloatRows, floatPairRows } from './instructions/zfa.ts';
import { goOn, next, refused, type Execute } from './system.ts';

/** A row of expressions found the unit off, or clean before it writes a register. */
const prepare: Execute = (h) => {
  if (!floatUnitIsOn(h.state)) return refused('illegal', h);
  markFloatsDirty(h.state);
  return goOn;
};

export const floatInstructions: Readonly<Record<string, Execute>> = Object.fromEntries([
  ...[...floatArithmeticRows, ...additionalFloatRows].map((row) => [row.mnemonic, executor(row)]),
  ...[...floatMemoryRows, ...floatPairRows].map((row) => [row.mnemonic, prepare]),
]);

function executor({ pattern, float }: FloatRow): Execute {
  const { source, result, operate } = float;
  const rounds = pattern.includes('rm:3');
  const reads = (register: string): boolean => source !== undefined && pattern.includes(register);
  const [a, b, c] = [reads('frs1'), reads('frs2'), reads('frs3')];
  // One object each for all instructions: nobody keeps them.
  const operands: FloatOperands = { a: 0n, b: 0n, c: 0n, index: 0 };
  const environment: FloatEnvironment = { rounding: rounding.RNE, flags: 0 };
  return (h, o) => {
    const { state } = h;
    if (!floatUnitIsOn(state)) return refused('illegal', h);
    if (rounds) {
      const field = o.imm & 7;
      const mode = field === dynamicRounding ? state.low(CSR.frm) : field;
      if (!isRoundingMode(mode)) return refused('illegal', h);
      environment.rounding = mode;
    }
    environment.flags = 0;
    operands.a = a ? unbox(source!, state.getX(o.rs1)) : state.getX(o.rs1);
    if (b) operands.b = unbox(source!, state.getX(o.rs2));
    if (c) operands.c = unbox(source!, state.getF(o.imm >>> 3));
    operands.index = o.imm;
    const value = operate(operands, environment);
    state.setX(o.rd, result ? box(result, value) : value);
    if (environment.flags) state.setLow(CSR.fflags, state.low(CSR.fflags) | environment.flags);
    if (result || environment.flags) markFloatsDirty(state);
    return next;
  };
}
