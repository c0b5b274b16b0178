/** The WebAssembly operators of guest memory accesses, by width. */
export const loadOperators = {
  b: 'i64.load8_s',
  bu: 'i64.load8_u',
  h: 'i64.load16_s',
  hu: 'i64.load16_u',
  w: 'i64.load32_s',
  wu: 'i64.load32_u',
  d: 'i64.load',
} as const;

export const storeOperators = {
  b: 'i64.store8',
  bu: 'i64.store8',
  h: 'i64.store16',
  hu: 'i64.store16',
  w: 'i64.store32',
  wu: 'i64.store32',
  d: 'i64.store',
} as const;
