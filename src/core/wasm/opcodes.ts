/** Numbers of the WebAssembly binary format, core specification 2.0 section 5. */
export const valueTypes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const;
export type ValueType = keyof typeof valueTypes;

export const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  /** Of the tail call extension, version 3.0. */
  returnCall: 0x12,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  voidBlock: 0x40,
  /** Before the numbers of `simd`. */
  simd: 0xfd,
} as const;

/** Vector instructions, and of relaxed SIMD. */
export const simd = { f64x2Splat: 0x14, f64x2ExtractLane: 0x21, f64x2RelaxedMadd: 0x107 } as const;

/** Opcode, result and operand types of every operator an expression may use. */
export interface Operator {
  readonly name: string;
  readonly code: number;
  readonly operand: ValueType;
  readonly result: ValueType;
}

function operators(
  operand: ValueType,
  result: ValueType,
  first: number,
  names: string,
): Record<string, Operator> {
  return Object.fromEntries(
    names.split(' ').map((name, i) => {
      const full = `${operand}.${name}`;
      return [full, { name: full, code: first + i, operand, result }];
    }),
  );
}

/** Operators with operand and result of different types, by name and in order of their codes. */
function conversions(first: number, names: string): Record<string, Operator> {
  return Object.fromEntries(
    names.split(' ').map((name, i) => {
      const [result, rest = ''] = name.split('.');
      const operand = /[if](32|64)/.exec(rest)![0];
      const operator = { name, code: first + i, operand, result } as Operator;
      return [name, operator];
    }),
  );
}

const comparisons = 'eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const arithmetic =
  'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr';
const floatComparisons = 'eq ne lt gt le ge';
const floatArithmetic = 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign';

/** By name as the text format writes them. */
export const operatorTable: Readonly<Record<string, Operator>> = {
  ...operators('i32', 'i32', 0x45, comparisons),
  ...operators('i64', 'i32', 0x50, comparisons),
  ...operators('i32', 'i32', 0x67, arithmetic),
  ...operators('i64', 'i64', 0x79, arithmetic),
  ...operators('f32', 'i32', 0x5b, floatComparisons),
  ...operators('f64', 'i32', 0x61, floatComparisons),
  ...operators('f32', 'f32', 0x8b, floatArithmetic),
  ...operators('f64', 'f64', 0x99, floatArithmetic),
  ...conversions(
    0xa7,
    'i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u ' +
      'i64.extend_i32_s i64.extend_i32_u ' +
      'i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u ' +
      'f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64 ' +
      'f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32 ' +
      'i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64',
  ),
  'i64.extend8_s': { name: 'i64.extend8_s', code: 0xc2, operand: 'i64', result: 'i64' },
  'i64.extend16_s': { name: 'i64.extend16_s', code: 0xc3, operand: 'i64', result: 'i64' },
  'i64.extend32_s': { name: 'i64.extend32_s', code: 0xc4, operand: 'i64', result: 'i64' },
};

export interface LoadOperator {
  readonly name: string;
  readonly code: number;
  readonly result: ValueType;
}
export const loadTable = {
  'i32.load': { name: 'i32.load', code: 0x28, result: 'i32' },
  'i64.load': { name: 'i64.load', code: 0x29, result: 'i64' },
  'f32.load': { name: 'f32.load', code: 0x2a, result: 'f32' },
  'f64.load': { name: 'f64.load', code: 0x2b, result: 'f64' },
  'i32.load8_s': { name: 'i32.load8_s', code: 0x2c, result: 'i32' },
  'i32.load8_u': { name: 'i32.load8_u', code: 0x2d, result: 'i32' },
  'i32.load16_s': { name: 'i32.load16_s', code: 0x2e, result: 'i32' },
  'i32.load16_u': { name: 'i32.load16_u', code: 0x2f, result: 'i32' },
  'i64.load8_s': { name: 'i64.load8_s', code: 0x30, result: 'i64' },
  'i64.load8_u': { name: 'i64.load8_u', code: 0x31, result: 'i64' },
  'i64.load16_s': { name: 'i64.load16_s', code: 0x32, result: 'i64' },
  'i64.load16_u': { name: 'i64.load16_u', code: 0x33, result: 'i64' },
  'i64.load32_s': { name: 'i64.load32_s', code: 0x34, result: 'i64' },
  'i64.load32_u': { name: 'i64.load32_u', code: 0x35, result: 'i64' },
} as const satisfies Record<string, LoadOperator>;

export const storeTable = {
  'i32.store': { name: 'i32.store', code: 0x36 },
  'i64.store': { name: 'i64.store', code: 0x37 },
  'f32.store': { name: 'f32.store', code: 0x38 },
  'f64.store': { name: 'f64.store', code: 0x39 },
  'i32.store16': { name: 'i32.store16', code: 0x3b },
  'i64.store8': { name: 'i64.store8', code: 0x3c },
  'i64.store16': { name: 'i64.store16', code: 0x3d },
  'i64.store32': { name: 'i64.store32', code: 0x3e },
} as const;
export type StoreName = keyof typeof storeTable;
