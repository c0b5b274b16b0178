/** The constants of FLI (unprivileged manual, Zfa, load-immediate instructions). */
import { rounding } from './environment.ts';
import type { Format } from './format.ts';
import { roundToFormat } from './round.ts';

/** Names as assemblers write them; entries 1, 30 and 31 depend on the format. */
export const constantNames: readonly string[] = [
  ...['-1.0', 'min', '1.52587890625e-05', '3.0517578125e-05', '0.00390625', '0.0078125'],
  ...['0.0625', '0.125', '0.25', '0.3125', '0.375', '0.4375', '0.5', '0.625', '0.75', '0.875'],
  ...['1.0', '1.25', '1.5', '1.75', '2.0', '2.5', '3.0', '4.0', '8.0', '16.0'],
  ...['128.0', '256.0', '32768.0', '65536.0', 'inf', 'nan'],
];

/** The constant in a format; 65536 is too large for half precision and gives infinity there. */
export function constantPattern(f: Format, index: number): bigint {
  const name = constantNames[index]!;
  if (name === 'min') return f.fractionMask + 1n;
  if (name === 'inf') return f.infinity;
  if (name === 'nan') return f.canonicalNaN;
  const value = Number(name);
  // All of them are multiples of 2^-16.
  const significand = BigInt(Math.abs(value) * 65536);
  const exact = { negative: value < 0, exponent: -16, significand };
  return roundToFormat(f, exact, { rounding: rounding.RNE, flags: 0 });
}
