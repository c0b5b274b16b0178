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

/** QEMU's environments have their fields whether they exist or not. */
const blocks = ['zicbom', 'zicbop', 'zicboz'];

/** Letters and integer extensions, and what all of them have behind them in our ISA strings. */
const named = (extensions: string): string =>
  `rv64imafdch_${blocks.join('_')}_${integerExtensions.join('_')}_svade_sv57_sstc_${extensions.split(/\s+/).join('_')}`;

/** What 64 bits have besides, each with a share of its own. */
const rv64 = (name: string, share: number, extensions: string): LockstepProcessor => ({
  name: `RV64 with ${name}`,
  xlen: 64,
  share,
  isa: named(extensions),
  qemu: [...base, ...on(`h sv57 smaia ssaia f d ${blocks.join(' ')} ${extensions}`), ...bits],
});

export const processors: readonly LockstepProcessor[] = [
  {
    name: 'RV64 with everything',
    xlen: 64,
    share: 0.4,
    isa: `rv64imafdch_zicbom_zicbop_zicboz_zicond_zihintntl_zihintpause_zimop_zabha_zacas_zawrs_zfa_zfh_zcb_zcmop_${integerExtensions.join('_')}_svade_sv57_sstc`,
    qemu: [...base, ...on('h sv57 smaia ssaia'), ...floats, ...bits, ...small],
  },
  rv64('page tables', 0.25, 'svadu svnapot svpbmt svinval zama16b zabha zacas'),
  rv64('masked pointers', 0.15, 'smnpm ssnpm svadu zabha zacas'),
  rv64('states', 0.1, 'smstateen sscofpmf smcntrpmf'),
  {
    name: 'RV64 without guests and floats',
    xlen: 64,
    share: 0.1,
    isa: `rv64imac_zba_zbb_zbs_${blocks.join('_')}_svade_sv39_sstc`,
    qemu: [...base, ...on(`sv39 smaia ssaia ${blocks.join(' ')}`)],
  },
  {
    name: 'RV32 with everything',
    xlen: 32,
    share: 0.25,
    isa: `rv32imafdch_zicbom_zicbop_zicboz_zicond_zihintntl_zihintpause_zimop_zabha_zacas_zawrs_zfa_zfh_zcb_zcmop_${integerExtensions.join('_')}_svade_sv32_sstc`,
    qemu: [...base, ...on('h sv32 smaia ssaia'), ...floats, ...bits, ...small],
  },
];
