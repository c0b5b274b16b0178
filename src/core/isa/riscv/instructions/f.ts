/**
 * F, D, Zfh and Zfhmin: floating point in single, double and half precision (unprivileged manual,
 * chapters F, D and Zfh). The instructions are the same in each format.
 */
import { add, divide, fuse, multiply, squareRoot, subtract } from '../float/arithmetic.ts';
import { choose, classify, compare, injectSign } from '../float/compare.ts';
import * as soft from '../float/convert.ts';
import { double, half, isNaN, single, type Format } from '../float/format.ts';
import {
  fusedDouble,
  fusedSingle,
  product,
  quotient,
  root,
  sum,
} from '../float/native/arithmetic.ts';
import { fromInteger, narrowing, toInteger, widening } from '../float/native/convert.ts';
import type { Native } from '../float/native/precision.ts';
import {
  choice,
  classification,
  comparison,
  moveFromInteger,
  moveToInteger,
  signInjection,
} from '../float/native/select.ts';
import {
  floatRows,
  fmt,
  memoryRows,
  onDoublewords,
  oneOperand,
  precisions,
  rm,
  twoOperands,
  type FloatSpec,
} from './floatRow.ts';
import { compressedExtensionRows, extensionRows } from './row.ts';

const bit = (condition: boolean): bigint => (condition ? 1n : 0n);
/** Negation by the sign alone; a NaN's sign has no meaning, and results never keep it. */
const negated = (f: Format, x: bigint): bigint => (isNaN(f, x) ? x : x ^ f.sign);

function computation(f: Format): FloatSpec[] {
  const both = { source: f, result: f };
  const p = precisions.get(f);
  const fused = (
    mnemonic: string,
    opcode: string,
    summary: string,
    product: boolean,
    addend: boolean,
  ): FloatSpec => [
    `${mnemonic}.${f.suffix}`,
    `frs3:5 ${fmt(f)} frs2:5 frs1:5 ${rm} frd:5 ${opcode}`,
    'frd, frs1, frs2, frs3[, rm]',
    summary,
    {
      ...both,
      native: p && (f === single ? fusedSingle : fusedDouble)({ product, addend }),
      operate: ({ a, b, c }, e) =>
        fuse(f, product ? negated(f, a) : a, b, addend ? negated(f, c) : c, e),
    },
  ];
  return [
    fused('fmadd', '1000011', 'Fused frs1 × frs2 + frs3.', false, false),
    fused('fmsub', '1000111', 'Fused frs1 × frs2 − frs3.', false, true),
    fused('fnmsub', '1001011', 'Fused −(frs1 × frs2) + frs3.', true, false),
    fused('fnmadd', '1001111', 'Fused −(frs1 × frs2) − frs3.', true, true),
    twoOperands('fadd', f, '00000', 'Add.', {
      ...both,
      native: p && sum(p, false),
      operate: ({ a, b }, e) => add(f, a, b, e),
    }),
    twoOperands('fsub', f, '00001', 'Subtract.', {
      ...both,
      native: p && sum(p, true),
      operate: ({ a, b }, e) => subtract(f, a, b, e),
    }),
    twoOperands('fmul', f, '00010', 'Multiply.', {
      ...both,
      native: p && product(p),
      operate: ({ a, b }, e) => multiply(f, a, b, e),
    }),
    twoOperands('fdiv', f, '00011', 'Divide.', {
      ...both,
      native: p && quotient(p),
      operate: ({ a, b }, e) => divide(f, a, b, e),
    }),
    oneOperand(`fsqrt.${f.suffix}`, `01011 ${fmt(f)} 00000`, 'frd, frs1', 'Square root.', {
      ...both,
      native: p && root(p),
      operate: ({ a }, e) => squareRoot(f, a, e),
    }),
  ];
}

function selection(f: Format): FloatSpec[] {
  const both = { source: f, result: f };
  const p = precisions.get(f);
  const sign = (
    name: string,
    funct3: string,
    summary: string,
    how: Parameters<typeof injectSign>[3],
  ) =>
    twoOperands(name, f, `00100 ${funct3}`, summary, {
      ...both,
      native: signInjection(f, how),
      operate: ({ a, b }) => injectSign(f, a, b, how),
    });
  const relation = (
    name: string,
    funct3: string,
    summary: string,
    holds: Parameters<typeof compare>[3],
  ): FloatSpec =>
    twoOperands(name, f, `10100 ${funct3}`, summary, {
      source: f,
      native: p && comparison(p, holds, holds === 'equal'),
      operate: ({ a, b }, e) => bit(compare(f, a, b, holds, holds === 'equal', e)),
    });
  return [
    sign('fsgnj', '000', 'frs1 with the sign of frs2.', 'same'),
    sign('fsgnjn', '001', 'frs1 with the opposite sign of frs2.', 'opposite'),
    sign('fsgnjx', '010', 'frs1 with the exclusive or of both signs.', 'exclusiveOr'),
    twoOperands('fmin', f, '00101 000', 'The smaller; a number if one is.', {
      ...both,
      native: p && choice(p, 'minimum'),
      operate: ({ a, b }, e) => choose(f, a, b, 'minimum', e),
    }),
    twoOperands('fmax', f, '00101 001', 'The greater; a number if one is.', {
      ...both,
      native: p && choice(p, 'maximum'),
      operate: ({ a, b }, e) => choose(f, a, b, 'maximum', e),
    }),
    relation('feq', '010', 'Set if equal; quiet.', 'equal'),
    relation('flt', '001', 'Set if less; invalid for NaN.', 'less'),
    relation('fle', '000', 'Set if less or equal; invalid for NaN.', 'lessOrEqual'),
    oneOperand(`fclass.${f.suffix}`, `11100 ${fmt(f)} 00000 001`, 'rd, frs1', 'Class mask.', {
      source: f,
      native: classification(f),
      operate: ({ a }) => classify(f, a),
    }),
  ];
}

const integers = [
  ['w', '00000', 32, true, 'word'],
  ['wu', '00001', 32, false, 'unsigned word'],
  ['l', '00010', 64, true, 'doubleword'],
  ['lu', '00011', 64, false, 'unsigned doubleword'],
] as const;

function integerConversion(f: Format): FloatSpec[] {
  const { suffix } = f;
  const p = precisions.get(f);
  return integers.flatMap(([name, selector, width, signed, what]): FloatSpec[] => {
    const both: FloatSpec[] = [
      oneOperand(
        `fcvt.${name}.${suffix}`,
        `11000 ${fmt(f)} ${selector}`,
        'rd, frs1',
        `Convert to ${what}; saturates.`,
        {
          source: f,
          native: p && toInteger(p, width, signed),
          // Words are sign-extended, unsigned ones too.
          operate: ({ a }, e) => BigInt.asIntN(width, soft.toInteger(f, a, width, signed, e)),
        },
      ),
      oneOperand(
        `fcvt.${suffix}.${name}`,
        `11010 ${fmt(f)} ${selector}${width < f.fractionBits ? ' exact' : ''}`,
        'frd, rs1',
        `Convert from ${what}.`,
        {
          result: f,
          native: p && fromInteger(p, width, signed),
          operate: ({ a }, e) =>
            soft.fromInteger(f, signed ? BigInt.asIntN(width, a) : BigInt.asUintN(width, a), e),
        },
      ),
    ];
    return width === 64 ? both.map(onDoublewords) : both;
  });
}

/** Between a register of each kind, bits as they are: what is narrower is sign-extended or boxed. */
function moves(f: Format, letter: string): FloatSpec[] {
  return [
    oneOperand(
      `fmv.x.${letter}`,
      `11100 ${fmt(f)} 00000 000`,
      'rd, frs1',
      'Move bits from float.',
      {
        native: moveToInteger(f),
        operate: ({ a }) => BigInt.asIntN(f.bits, a),
      },
    ),
    oneOperand(`fmv.${letter}.x`, `11110 ${fmt(f)} 00000 000`, 'frd, rs1', 'Move bits to float.', {
      result: f,
      native: moveFromInteger(f),
      operate: ({ a }) => BigInt.asUintN(f.bits, a),
    }),
  ];
}

/** The selector is the source's format. */
const conversion = (from: Format, to: Format, native?: Native): FloatSpec =>
  oneOperand(
    `fcvt.${to.suffix}.${from.suffix}`,
    `01000 ${fmt(to)} 000${fmt(from)}${from.bits < to.bits ? ' exact' : ''}`,
    'frd, frs1',
    `Convert ${from.bits} to ${to.bits} bits.`,
    { source: from, result: to, native, operate: ({ a }, e) => soft.convert(from, to, a, e) },
  );

const F = 'Unprivileged: F, single-precision floating point';
const D = 'Unprivileged: D, double-precision floating point';
const Zfh = 'Unprivileged: Zfh and Zfhmin, half-precision floating point';
const common = (f: Format): FloatSpec[] => [
  ...computation(f),
  ...selection(f),
  ...integerConversion(f),
];

export const floatArithmeticRows = [
  ...floatRows('F', F, [...common(single), ...moves(single, 'w')]),
  ...floatRows('D', D, [
    ...common(double),
    conversion(double, single, narrowing),
    conversion(single, double, widening),
    ...moves(double, 'd').map(onDoublewords),
  ]),
  ...floatRows('Zfh', Zfh, common(half)),
  ...floatRows('Zfhmin', Zfh, [
    conversion(half, single),
    conversion(single, half),
    ...moves(half, 'h'),
  ]),
  ...floatRows('Zfhmin', Zfh, [conversion(half, double), conversion(double, half)], {
    needs: ['D'],
  }),
];

export const floatMemoryRows = [
  ...extensionRows('F', F, memoryRows(single)),
  ...extensionRows('D', D, memoryRows(double)),
  ...extensionRows('Zfhmin', Zfh, memoryRows(half)),
];

/** Zcf (unprivileged manual, Zc*): singles in 16 bits, where RV64 has doublewords. */
export const compressedSingleRows = compressedExtensionRows(
  'Zcf',
  'Unprivileged: Zcf, compressed single-precision loads and stores',
  [
    [
      'c.flw',
      "011 uimm[5:3] rs1':3 uimm[2|6] frd':3 00",
      "frd', uimm(rs1')",
      "flw frd=frd' rs1=rs1' imm=uimm",
    ],
    [
      'c.fsw',
      "111 uimm[5:3] rs1':3 uimm[2|6] frs2':3 00",
      "frs2', uimm(rs1')",
      "fsw rs1=rs1' frs2=frs2' imm=uimm",
    ],
    [
      'c.flwsp',
      '011 uimm[5] frd:5 uimm[4:2|7:6] 10',
      'frd, uimm(sp)',
      'flw frd=frd rs1=2 imm=uimm',
    ],
    ['c.fswsp', '111 uimm[5:2|7:6] frs2:5 10', 'frs2, uimm(sp)', 'fsw rs1=2 frs2=frs2 imm=uimm'],
  ],
  { xlen: 32 },
);

/** Zcd (unprivileged manual, Zc*): doubles in 16 bits. */
export const compressedDoubleRows = compressedExtensionRows(
  'Zcd',
  'Unprivileged: Zcd, compressed double-precision loads and stores',
  [
    [
      'c.fld',
      "001 uimm[5:3] rs1':3 uimm[7:6] frd':3 00",
      "frd', uimm(rs1')",
      "fld frd=frd' rs1=rs1' imm=uimm",
    ],
    [
      'c.fsd',
      "101 uimm[5:3] rs1':3 uimm[7:6] frs2':3 00",
      "frs2', uimm(rs1')",
      "fsd rs1=rs1' frs2=frs2' imm=uimm",
    ],
    [
      'c.fldsp',
      '001 uimm[5] frd:5 uimm[4:3|8:6] 10',
      'frd, uimm(sp)',
      'fld frd=frd rs1=2 imm=uimm',
    ],
    ['c.fsdsp', '101 uimm[5:3|8:6] frs2:5 10', 'frs2, uimm(sp)', 'fsd rs1=2 frs2=frs2 imm=uimm'],
  ],
);
