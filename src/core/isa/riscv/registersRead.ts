/**
 * Which registers an instruction names as what it reads, by its operands (unprivileged manual, each
 * instruction's format; Zicsr, for CSRs). What it reads without naming it, as MRET reads mepc, is
 * not among them.
 */
import { firstFloat } from '../../engine/layout.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import { csrByNumber, csrName } from './csr/names.ts';
import { decodeBytes } from './disassemble.ts';
import { parsePattern } from './pattern.ts';
import { floatNames, integerNames } from './registers.ts';

/** `inGuest`: with V=1, where supervisor CSRs are the guest's (hypervisor, Virtual Supervisor CSRs). */
export function registersRead(
  bytes: Uint8Array,
  xlen: RegisterWidth,
  inGuest: boolean,
): readonly string[] {
  const { decoded } = decodeBytes(bytes, xlen);
  if (!decoded) return [];
  const { mnemonic, pattern } = decoded.row;
  const { fields } = parsePattern(pattern);
  const has = (name: string) => fields.has(name) || fields.has(`f${name}`);
  const named = (index: number) =>
    index < firstFloat ? integerNames[index] : floatNames[index - firstFloat];
  const read: (string | undefined)[] = [];
  if (has('rs1')) read.push(named(decoded.rs1));
  if (has('rs2')) read.push(named(decoded.rs2));
  if (fields.has('frs3')) read.push(floatNames[decoded.imm >>> 3]);
  // Compare-and-swap compares with what is in rd.
  if (mnemonic.startsWith('amocas')) read.push(named(decoded.rd));
  // "If rd=x0, then the instruction shall not read the CSR" (CSRRW and CSRRWI).
  const isWriteOnly = mnemonic.startsWith('csrrw') && decoded.rd === 0;
  if (fields.has('csr') && !isWriteOnly) {
    const row = csrByNumber(decoded.imm & 0xfff);
    read.push(inGuest && row?.guest !== undefined ? csrName(row.guest) : row?.name);
  }
  return read.filter((name) => name !== undefined);
}
