/** Zicbom, Zicboz, Zicbop: cache-block operations (unprivileged manual, chapter CMO). */
import { extensionRows, host, type RowSpec } from './row.ts';

const operation = (mnemonic: string, bits: string, summary: string): RowSpec => [
  mnemonic,
  `${bits} rs1:5 010 00000 0001111`,
  '(rs1)',
  summary,
  host,
];
/** An encoding of ORI that changes nothing. */
const prefetch = (mnemonic: string, bits: string, what: string): RowSpec => [
  mnemonic,
  `imm[11:5] ${bits} rs1:5 110 00000 0010011`,
  'imm(rs1)',
  `Hint: the cache block will be ${what}.`,
  () => {},
];

export const cacheBlockRows = [
  ...extensionRows('Zicbom', 'Unprivileged: Zicbom, cache-block management', [
    operation('cbo.inval', '000000000000', 'Invalidate a cache block.'),
    operation('cbo.clean', '000000000001', 'Write a modified cache block to memory.'),
    operation('cbo.flush', '000000000010', 'Clean and invalidate a cache block.'),
  ]),
  ...extensionRows('Zicboz', 'Unprivileged: Zicboz, cache-block zero', [
    operation('cbo.zero', '000000000100', 'Fill a cache block of 64 bytes with zeros.'),
  ]),
  ...extensionRows('Zicbop', 'Unprivileged: Zicbop, cache-block prefetch', [
    prefetch('prefetch.i', '00000', 'executed'),
    prefetch('prefetch.r', '00001', 'read'),
    prefetch('prefetch.w', '00011', 'written'),
  ]),
];
