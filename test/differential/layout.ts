/** Where everything of a differential program lies in physical memory. */
const base = 0x8000_0000;

export const layout = {
  base,
  finish: base + 0x800,
  body: base + 0x1000,
  bodyEnd: base + 0x40000,
  /** `tp` points into its middle, at the beginning of a page. */
  data: base + 0x40000,
  dataBytes: 0x10000,
  tables: base + 0x60000,
  tableBytes: 0x40000,
  log: base + 0x80_0000,
} as const;
