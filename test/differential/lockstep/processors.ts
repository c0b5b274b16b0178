/** Processors that lock step compares, each under both its names. */
import { integerExtensions } from '../processors.ts';

export type Xlen = 32 | 64;

export interface LockstepProcessor {
  readonly name: string;
  readonly xlen: Xlen;
  /** Of so many instructions as are asked for, 1 being all. */
  readonly share: number;
  readonly isa: string;
  /** What `-cpu rv64i` or `rv32i` is given besides. */
  readonly qemu: readonly string[];
}

const on = (names: string): string[] => names.split(/\s+/).map((name) => `${name}=on`);

/** What every processor has: levels of privilege, counters, and translation without Svadu. */
const base = [
  ...on('m a c b s u mmu pmp zicsr zifencei zicntr zihpm svade sstc'),
  'debug=off',
  'priv_spec=v1.13.0',
];
const floats = on('f d zfhmin zfh');
const bits = integerExtensions.map((name) => `${name}=on`);
const small = on(
  'zcb zicond zimop zcmop zacas zabha zawrs zfa zihintpause zihintntl zicbom zicbop zicboz',
);

export const processors: readonly LockstepProcessor[] = [
  {
    name: 'RV64 with everything',
    xlen: 64,
    share: 1,
    isa: `rv64imafdch_zicbom_zicbop_zicboz_zicond_zihintntl_zihintpause_zimop_zabha_zacas_zawrs_zfa_zfh_zcb_zcmop_${integerExtensions.join('_')}_svade_sv57_sstc`,
    qemu: [...base, ...on('h sv57 smaia ssaia'), ...floats, ...bits, ...small],
  },
  {
    name: 'RV32 with everything',
    xlen: 32,
    share: 0.25,
    isa: `rv32imafdch_zicbom_zicbop_zicboz_zicond_zihintntl_zihintpause_zimop_zabha_zacas_zawrs_zfa_zfh_zcb_zcmop_${integerExtensions.join('_')}_svade_sv32_sstc`,
    qemu: [...base, ...on('h sv32 smaia ssaia'), ...floats, ...bits, ...small],
  },
];
