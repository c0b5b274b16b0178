/**
 * Profiles: names for sets of extensions (RISC-V profiles, chapters RVI20, RVA20, RVA22, RVA23 and
 * RVB23), by their mandatory extensions. What is always there need not be said.
 */

interface Profile {
  readonly name: string;
  readonly mandatory: readonly string[];
  /** Mandatory, and not implemented. */
  readonly absent: readonly string[];
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const rva20u64 = words('i m a f d c ziccif ziccrse ziccamoa za128rs zicclsm zicntr');
const rva20s64 = [...rva20u64, ...words('zifencei svbare sv39 svade ssccptr sstvecd sstvala')];
const rva22u64 = [
  ...rva20u64,
  ...words('za64rs b zihpm zihintpause zic64b zicbom zicbop zicboz zfhmin zkt'),
];
const rva22s64 = [...rva20s64, ...rva22u64, ...words('sscounterenw svpbmt svinval')];
const newIn23 = words('zihintntl zicond zimop zcmop zcb zfa zawrs');
const supervisor23 = words('svnapot sstc sscofpmf ssu64xl');
const rva23u64 = [...rva22u64, ...newIn23, 'supm'];
const rva23s64 = [...rva22s64, ...rva23u64, ...supervisor23, ...words('ssnpm sha')];
const rvb23u64 = [...rva22u64.filter((name) => name !== 'zfhmin'), ...newIn23];
const rvb23s64 = [...rva22s64.filter((name) => name !== 'zfhmin'), ...newIn23, ...supervisor23];
/** The vector extension is not there, nor what depends on it. */
const vector = words('v zvfhmin zvbb zvkt');

const profiles: readonly Profile[] = (
  [
    ['rvi20u32', ['i']],
    ['rvi20u64', ['i']],
    ['rva20u64', rva20u64],
    ['rva20s64', rva20s64],
    ['rva22u64', rva22u64],
    ['rva22s64', rva22s64],
    ['rva23u64', rva23u64, vector],
    ['rva23s64', rva23s64, vector],
    ['rvb23u64', rvb23u64],
    ['rvb23s64', rvb23s64],
  ] as const
).map(([name, mandatory, absent = []]) => ({ name, mandatory, absent }));

export const profileNames: readonly string[] = profiles.map(({ name }) => name);

export const profileOf = (name: string): Profile | undefined =>
  profiles.find((profile) => profile.name === name);
