/** A hart of the Advanced Interrupt Architecture, with or without an IMSIC, and its CSRs by name. */
import { InterruptFile } from '../../../../../src/core/devices/intc/imsic/interruptFile.ts';
import type { CsrRefusal } from '../../../../../src/core/isa/riscv/csr/refusal.ts';
import { csrTable } from '../../../../../src/core/isa/riscv/csr/table.ts';
import type { Hart } from '../../../../../src/core/isa/riscv/hart.ts';
import { interrupt } from '../../../../../src/core/isa/riscv/trapCause.ts';
import { rig } from '../rig.ts';

export type ModeName = 'M' | 'S' | 'U' | 'VS' | 'VU';
const modes = {
  M: [3, false],
  S: [1, false],
  U: [0, false],
  VS: [1, true],
  VU: [0, true],
} as const;

export interface AiaOptions {
  readonly isa?: string;
  /** Guest interrupt files; undefined for a hart without IMSIC. */
  readonly guests?: number;
}

export const aiaIsa = 'rv64imach_zicsr_smaia_sstc';
export const all = 0xffff_ffff_ffff_ffffn;
export const bit = (code: number): bigint => 1n << BigInt(code);

export function aiaRig({ isa = aiaIsa, guests }: AiaOptions = {}, source = 'nop') {
  let hart: Hart | undefined;
  const line = (set: (level: boolean) => void) => ({ set });
  const file = (to: ReturnType<typeof line>) => new InterruptFile('file', 255, to);
  const input = (code: number) => line((level) => hart?.setInterruptInput(code, level));
  const imsic =
    guests === undefined
      ? undefined
      : {
          machine: file(input(interrupt.MEI)),
          supervisor: file(input(interrupt.SEI)),
          guests: Array.from({ length: guests }, (_, i) =>
            file(line((level) => hart?.setGuestExternal(i + 1, level))),
          ),
        };
  const made = rig(source, { isa, ...(imsic ? { external: [{ imsic }] } : {}) });
  hart = made.hart;
  const { csrs, state } = hart;
  const numbers = new Map(csrTable(hart.xlen).map((row) => [row.name, row.number]));
  const number = (name: string): number => {
    const found = numbers.get(name);
    if (found === undefined) throw new Error(`no CSR ${name}`);
    return found;
  };
  return {
    ...made,
    imsic,
    /** Identities of a file, all enabled and delivered, and these pending. */
    deliver(to: InterruptFile, ...identities: number[]): void {
      to.write(0x70, 64, 1n);
      for (let select = 0xc0; select < 0xc8; select += 2) to.write(select, 64, all);
      for (const identity of identities) to.setPending(identity);
    },
    get: (name: string): bigint => csrs.read(number(name)),
    set: (name: string, value: bigint): void => csrs.write(number(name), BigInt.asUintN(64, value)),
    exists: (name: string): boolean => csrs.exists(number(name)),
    /** Selects a register and reads or writes it. */
    indirect(window: 'm' | 's' | 'vs', select: number, value?: bigint): bigint {
      csrs.write(number(`${window}iselect`), BigInt(select));
      if (value !== undefined) csrs.write(number(`${window}ireg`), value);
      return csrs.read(number(`${window}ireg`));
    },
    /** How an access in a mode ends. */
    access(mode: ModeName, name: string, write = false): CsrRefusal | 'done' {
      const [privilege, virtualized] = modes[mode];
      state.privilege = privilege;
      state.virtualized = virtualized;
      const refusal = csrs.refusal(number(name), write);
      state.privilege = 3;
      state.virtualized = false;
      return refusal ?? 'done';
    },
  };
}
