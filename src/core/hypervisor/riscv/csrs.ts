/** Bits and names that the hypervisor uses beside the instruction set's own tables. */
import { exceptionNames } from '../../isa/riscv/csr/fields.ts';
export { CSR as csr } from '../../isa/riscv/csr/numbers.ts';
export { cause } from '../../isa/riscv/trapCause.ts';

export const allOnes = (1n << 64n) - 1n;

/** VS-level interrupts, as bits of hip, hie, hvip and hideleg. */
export const vssip = 1n << 2n;
export const vstip = 1n << 6n;
export const vseip = 1n << 10n;
/** IRQ_S_EXT. */
export const irqSExternal = 9;
export const vsInterrupts = vssip | vstip | vseip;

/** sstatus and vsstatus. */
export const statusSie = 1n << 1n;
export const statusSpie = 1n << 5n;
export const statusSpp = 1n << 8n;
export const statusFsInitial = 1n << 13n;
export const statusFsClean = 2n << 13n;
/** The whole field; Dirty when all of it is set. */
export const statusFs = 3n << 13n;

export const hstatusSpv = 1n << 7n;
export const hstatusSpvp = 1n << 8n;
export const hstatusVgeinShift = 12n;
export const hstatusVgein = 63n << hstatusVgeinShift;
export const hstatusVtw = 1n << 21n;
export const hstatusVsxl64 = 2n << 32n;

/** Where MODE and the identifier are in hgatp, and MODE in satp (privileged manual, hgatp). */
export const translationRegister = {
  32: { mode: 31n, vmid: 22n, vmidBits: 7 },
  64: { mode: 60n, vmid: 44n, vmidBits: 14 },
} as const;

/** hvip below bit 13 is for standard local interrupts. */
export const hvipLocal = (1n << 13n) - 1n;

/** henvcfg. */
export const envcfgCbie = 3n << 4n;
export const envcfgCbcfe = 1n << 6n;
export const envcfgCbze = 1n << 7n;
export const envcfgPmm = 3n << 32n;
export const envcfgAdue = 1n << 61n;
export const envcfgPbmte = 1n << 62n;
export const envcfgStce = 1n << 63n;
/** hstateen0; of the AIA the IMSIC, its CSRs, and siselect with sireg. */
export const stateenAia = 7n << 58n;
export const stateenSe = 1n << 63n;
export const mseccfgSseed = 1n << 9n;

export function causeName(code: number): string {
  return exceptionNames[code] ?? `cause ${code}`;
}

export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
