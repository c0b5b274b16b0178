/**
 * Commands of Intel's flash command set and the tables a driver asks for, by the names of JEDEC
 * JESD68.01 (Common Flash Interface) and of command set 0001 (JEP137; Intel StrataFlash P30 data
 * sheet, section 6, whose names are used here).
 */

export const READ_ARRAY = 0xff;
export const READ_STATUS = 0x70;
export const CLEAR_STATUS = 0x50;
export const READ_DEVICE_ID = 0x90;
export const CFI_QUERY = 0x98;
export const WORD_PROGRAM = 0x40;
export const WORD_PROGRAM_ALTERNATE = 0x10;
export const BUFFERED_PROGRAM = 0xe8;
export const BLOCK_ERASE = 0x20;
export const BLOCK_LOCK = 0x60;
/** Second cycle of erase, buffered program and unlock. */
export const CONFIRM = 0xd0;

/** Status register: ready; program, erase (both: command sequence) errors. */
export const SR_READY = 0x80;
export const SR_ERASE_ERROR = 0x20;
export const SR_PROGRAM_ERROR = 0x10;

/** Largest buffered program of one chip, as a power of two of bytes. */
export const WRITE_BUFFER_LOG2 = 11;

export const MANUFACTURER_INTEL = 0x89;
export const DEVICE_CODE = 0x18;

/** The query table of one chip (JESD68.01, tables 1 to 4), indexed by word. */
export function cfiTable(chipSize: number, blocks: number, blockSize: number): Uint8Array {
  const table = new Uint8Array(0x52);
  const text = (at: number, s: string) =>
    [...s].forEach((c, i) => (table[at + i] = c.charCodeAt(0)));
  text(0x10, 'QRY');
  table[0x13] = 0x01; // Primary command set 0001: Intel/Sharp extended.
  table[0x15] = 0x31; // Where the primary vendor's table is.
  table[0x1b] = 0x45; // Vcc from 4.5 V …
  table[0x1c] = 0x55; // … to 5.5 V; no Vpp.
  table[0x1f] = 0x07; // Typical times, powers of two: word program 128 µs,
  table[0x20] = 0x07; // buffered program 128 µs,
  table[0x21] = 0x0a; // block erase 1024 ms.
  table[0x23] = 0x04; // Longest times, as powers of two of the typical ones.
  table[0x24] = 0x04;
  table[0x25] = 0x04;
  table[0x27] = Math.log2(chipSize);
  table[0x28] = 0x02; // 8 and 16 bits wide.
  table[0x2a] = WRITE_BUFFER_LOG2;
  table[0x2c] = 1; // One region of equal blocks.
  table[0x2d] = (blocks - 1) & 0xff;
  table[0x2e] = (blocks - 1) >> 8;
  table[0x2f] = (blockSize >> 8) & 0xff;
  table[0x30] = blockSize >> 16;
  text(0x31, 'PRI10');
  table[0x3f] = 1; // One protection field.
  return table;
}
