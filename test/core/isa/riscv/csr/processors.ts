/** Processors whose CSRs are compared, under our name and under those that QEMU takes. */
export interface Processor {
  readonly isa: string;
  /** For QEMU 7.2, where it has the extensions. */
  readonly old?: string;
  /** For QEMU 10. */
  readonly new?: string;
}

const off = (names: string): string =>
  names
    .split(' ')
    .map((name) => `${name}=off`)
    .join();

/** Triggers belong to Sdtrig here; there are all 29 event counters. */
const old = (xlen: number, options: string): string =>
  `rv${xlen},debug=off,pmu-num=29,v=off,${options}`;
const recent = (xlen: number, options: string): string =>
  `rv${xlen},debug=off,pmu-mask=0xfffffff8,${options}`;

export const processors: readonly Processor[] = [
  { isa: 'rv64gch_sstc', old: old(64, 'h=on,sstc=on'), new: recent(64, 'h=on,sstc=on') },
  { isa: 'rv64gc_sstc', old: old(64, 'h=off,sstc=on') },
  { isa: 'rv64imach', old: old(64, `h=on,${off('sstc f d')}`) },
  { isa: 'rv64imac', new: recent(64, off('h sstc f d zfa zfhmin zfh zcf zcd')) },
  { isa: 'rv64imafdh_sstc', old: old(64, 'h=on,sstc=on,c=off') },
  { isa: 'rv64gch_sstc_sscofpmf', old: old(64, 'h=on,sstc=on,sscofpmf=on') },
  {
    isa: 'rv64gch_sstc_sscofpmf_smcntrpmf_smstateen_smepmp_zkr',
    new: recent(64, 'h=on,sstc=on,sscofpmf=on,smcntrpmf=on,smstateen=on,smepmp=on,zkr=on'),
  },
  {
    isa: 'rv64gch_sstc_svadu_svpbmt_smnpm_ssnpm_zicbom_zicboz',
    new: recent(64, 'h=on,sstc=on,svadu=on,svpbmt=on,smnpm=on,ssnpm=on,zicbom=on,zicboz=on'),
  },
  { isa: 'rv32gch_sstc', old: old(32, 'h=on,sstc=on') },
  { isa: 'rv32gc', old: old(32, off('h sstc')) },
  {
    isa: 'rv32gch_sstc_sscofpmf_smcntrpmf_smstateen_zkr',
    new: recent(32, 'h=on,sstc=on,sscofpmf=on,smcntrpmf=on,smstateen=on,zkr=on'),
  },
];

export const xlenOf = ({ isa }: Processor): 32 | 64 => (isa.startsWith('rv32') ? 32 : 64);

/** Whether H is among the single letters. */
export const hasHypervisor = ({ isa }: Processor): boolean => isa.split('_')[0]!.includes('h');
