/** Zfa: additional floating-point instructions (unprivileged manual, chapter Zfa). */
import { floatUnit } from '../../../engine/layout.ts';
import { i64, or, shl, shrU } from '../../../wasm/expression.ts';
import { chooseOrNaN, compare } from '../float/compare.ts';
import { constantPattern } from '../float/constants.ts';
import { roundToIntegral, toIntegerModular } from '../float/convert.ts';
import { double, half, single, type Format } from '../float/format.ts';
import * as native from '../float/native/convert.ts';
import { choice as nativeChoice, comparison } from '../float/native/select.ts';
import { low32 } from './bitTricks.ts';
import { floatRows, fmt, oneOperand, precisions, twoOperands, type FloatSpec } from './floatRow.ts';
import { extensionRows } from './row.ts';

const section = 'Unprivileged: Zfa, additional floating-point instructions';

function additional(f: Format): FloatSpec[] {
  const both = { source: f, result: f };
  const { suffix } = f;
  const p = precisions.get(f);
  const choice = (name: string, funct3: string, which: 'minimum' | 'maximum', what: string) =>
    twoOperands(name, f, `00101 ${funct3}`, `The ${what}; NaN if one is.`, {
      ...both,
      // The native form leaves NaNs alone.
      native: p && nativeChoice(p, which),
      operate: ({ a, b }, e) => chooseOrNaN(f, a, b, which, e),
    });
  const relation = (name: string, funct3: string, holds: 'less' | 'lessOrEqual', what: string) =>
    twoOperands(name, f, `10100 ${funct3}`, `Set if ${what}; quiet.`, {
      source: f,
      native: p && comparison(p, holds, true),
      operate: ({ a, b }, e) => (compare(f, a, b, holds, true, e) ? 1n : 0n),
    });
  const integral = (name: string, selector: string, raises: boolean, what: string): FloatSpec =>
    oneOperand(`${name}.${suffix}`, `01000 ${fmt(f)} ${selector}`, 'frd, frs1', what, {
      ...both,
      native: p && native.toIntegral(p, raises),
      operate: ({ a }, e) => roundToIntegral(f, a, raises, e),
    });
  return [
    [
      `fli.${suffix}`,
      `11110 ${fmt(f)} 00001 constant:5 000 frd:5 1010011`,
      'frd, constant',
      'Load one of 32 constants.',
      { result: f, operate: ({ index }) => constantPattern(f, index) },
    ],
    choice('fminm', '010', 'minimum', 'smaller'),
    choice('fmaxm', '011', 'maximum', 'greater'),
    integral('fround', '00100', false, 'Round to an integral value.'),
    integral('froundnx', '00101', true, 'Round to an integral value; may raise inexact.'),
    relation('fltq', '101', 'less', 'less'),
    relation('fleq', '100', 'lessOrEqual', 'less or equal'),
  ];
}

export const additionalFloatRows = [
  ...floatRows('Zfa', section, additional(single), { needs: ['F'] }),
  ...floatRows('Zfa', section, additional(half), { needs: ['Zfh'] }),
  ...floatRows(
    'Zfa',
    section,
    [
      ...additional(double),
      oneOperand(
        'fcvtmod.w.d',
        '11000 01 01000 001',
        'rd, frs1',
        'Convert to word modulo 2^32, towards zero.',
        {
          source: double,
          native: native.toIntegerModular,
          operate: ({ a }, e) => toIntegerModular(double, a, e),
        },
      ),
    ],
    { needs: ['D'] },
  ),
];

/** What FMV.X.D and FMV.D.X do on RV64 takes two registers on RV32. */
export const floatPairRows = extensionRows(
  'Zfa',
  section,
  [
    [
      'fmvh.x.d',
      '11100 01 00001 frs1:5 000 rd:5 1010011',
      'rd, frs1',
      'Move the upper word of a double.',
      (c) => {
        c.needFloatUnit(floatUnit.on);
        c.wr(shrU(c.rs1(), i64(32)));
      },
    ],
    [
      'fmvp.d.x',
      '10110 01 rs2:5 rs1:5 000 frd:5 1010011',
      'frd, rs1, rs2',
      'Move two words to a double, rs2 the upper one.',
      (c) => {
        c.needFloatUnit(floatUnit.dirty);
        c.wrWide(or(low32(c.rs1()), shl(c.rs2(), i64(32))));
      },
    ],
  ],
  { needs: ['D'], xlen: 32 },
);
