/**
 * Every name that an ISA string takes switches something that can be seen in the hart, or is listed
 * here as one that holds of all: a name that nothing depends on would be a promise.
 */
import assert from 'node:assert/strict';
import { csrNumber } from '../../../../src/core/isa/riscv/csr/names.ts';
import { Decoder } from '../../../../src/core/isa/riscv/decode.ts';
import { always, named } from '../../../../src/core/isa/riscv/extensions.ts';
import { parseIsaString } from '../../../../src/core/isa/riscv/isaString.ts';
import { encode } from '../../../differential/encode.ts';
import { ramBase, rig } from './rig.ts';

/** Says whether a machine with this ISA string has what the name stands for. */
type Witness = (isa: string) => boolean;
const xlenOf = (isa: string): 32 | 64 => (isa.startsWith('rv32') ? 32 : 64);

/** The instruction is not illegal in M-mode. */
const instruction =
  (mnemonic: string, values: Readonly<Record<string, number>> = {}): Witness =>
  (isa) => {
    const { hart, memory, csr, setCsr } = rig('', { isa });
    const word = encode(mnemonic, values, xlenOf(isa));
    memory.load(ramBase, Uint8Array.of(word, word >>> 8, word >>> 16, word >>> 24));
    setCsr('mtvec', BigInt(ramBase + 0x100));
    setCsr('mstatus', 0x6000n);
    for (let i = 1; i < 32; i++) hart.setX(i, BigInt(ramBase + 0x1000));
    hart.run(1);
    return csr('mcause') !== 2n;
  };

/** HINTs execute as what they are encoded as; the machine knows them by name. */
const hint =
  (mnemonic: string): Witness =>
  (isa) => {
    const { extensions } = parseIsaString(isa);
    const decoder = new Decoder((name) => name === 'I' || extensions.has(name.toLowerCase()), 64);
    return decoder.decode(encode(mnemonic, { rs1: 8 }))?.written.mnemonic === mnemonic;
  };

/** The CSR is there, and has these bits when all ones are written. */
const register =
  (name: string, bits = 0n): Witness =>
  (isa) => {
    const { hart } = rig('nop', { isa });
    const number = csrNumber(name);
    if (!hart.csrs.exists(number)) return false;
    if (bits === 0n) return true;
    for (const value of [0xffff_ffff_ffff_ffffn, bits]) {
      hart.setCsr(number, value);
      if ((hart.getCsr(number) & bits) === bits) return true;
    }
    return false;
  };

/** A load in S-mode through a leaf of Sv39 with these bits does not fault. */
const translation =
  (leaf: bigint): Witness =>
  (isa) => {
    const { hart, memory, csr, setCsr } = rig('', { isa });
    const [root, middle, last] = [0x10000, 0x11000, 0x12000].map((at) => ramBase + at);
    const entry = (at: number, value: bigint): void => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, value, true);
      memory.load(at, bytes);
    };
    const pointer = (to: number): bigint => (BigInt(to / 4096) << 10n) | 1n;
    entry(root!, pointer(middle!));
    entry(middle!, pointer(last!));
    // NAPOT pages of 64 KiB have 8 in the low bits of the PPN.
    for (let i = 0; i < 16; i++) entry(last! + i * 8, pointer(ramBase) | (8n << 10n) | leaf | 3n);
    setCsr('satp', (8n << 60n) | BigInt(root! / 4096));
    memory.load(ramBase, Uint8Array.of(0x03, 0x35, 0x00, 0x00)); // ld a0, (x0)
    setCsr('mtvec', BigInt(ramBase + 0x100));
    setCsr('mstatus', (1n << 17n) | (1n << 11n));
    setCsr('pmpaddr0', (1n << 54n) - 1n);
    setCsr('pmpcfg0', 0x1fn);
    hart.run(1);
    return csr('mcause') === 0n;
  };

const misalignedAmo: Witness = (isa) => {
  const { hart, memory, csr } = rig('', { isa });
  const word = encode('amoadd.w', { rs1: 8 });
  memory.load(ramBase, Uint8Array.of(word, word >>> 8, word >>> 16, word >>> 24));
  hart.setX(8, BigInt(ramBase + 0x1001));
  hart.run(1);
  return csr('mcause') === 0n;
};

const accessed = 0x40n;
const PMM = 1n << 32n;
const envcfg = (bit: bigint): Witness => register('menvcfg', 1n << bit);
const aes = instruction('aes64ds', { rd: 1, rs1: 2, rs2: 3 });
const sm3 = instruction('sm3p0', { rd: 1, rs1: 2 });

/** Where the base is not enough: without the name, and with it. */
interface Switch {
  readonly witness: Witness;
  readonly without?: string;
  readonly with?: string;
  /** It takes something away instead. */
  readonly forbids?: true;
}

const switches: Readonly<Record<string, Switch>> = {
  m: { witness: instruction('mul') },
  a: { witness: instruction('amoadd.w', { rs1: 8 }), with: 'rv64ia' },
  f: { witness: instruction('fadd.s', { frs1: 1 }), with: 'rv64if' },
  d: { witness: instruction('fadd.d'), without: 'rv64if', with: 'rv64ifd' },
  c: { witness: instruction('c.nop') },
  b: { witness: instruction('sh1add') },
  h: { witness: register('hstatus') },
  zicbom: { witness: instruction('cbo.clean', { rs1: 8 }) },
  zicbop: { witness: hint('prefetch.r') },
  zicboz: { witness: instruction('cbo.zero', { rs1: 8 }) },
  zicond: { witness: instruction('czero.eqz') },
  zihintntl: { witness: hint('ntl.p1') },
  zihintpause: { witness: hint('pause') },
  zimop: { witness: instruction('mop.r.0') },
  zaamo: { witness: instruction('amoadd.w', { rs1: 8 }) },
  zabha: { witness: instruction('amoadd.b', { rs1: 8 }) },
  zacas: { witness: instruction('amocas.w', { rs1: 8 }) },
  zama16b: { witness: misalignedAmo, without: 'rv64ia' },
  zalrsc: { witness: instruction('lr.w', { rs1: 8 }) },
  zawrs: { witness: instruction('wrs.nto') },
  zfa: { witness: instruction('fli.s') },
  zfh: { witness: instruction('fadd.h') },
  zfhmin: { witness: instruction('fmv.x.h') },
  zca: { witness: instruction('c.nop') },
  zcb: { witness: instruction('c.not') },
  zcd: { witness: instruction('c.fld'), without: 'rv64ifd_zca', with: 'rv64ifd_zcd' },
  zcf: { witness: instruction('c.flw'), without: 'rv32ifd_zca', with: 'rv32ifd_zcf' },
  zcmop: { witness: instruction('c.mop.1'), without: 'rv64ic', with: 'rv64ic_zcmop' },
  zba: { witness: instruction('sh1add') },
  zbb: { witness: instruction('clz') },
  zbc: { witness: instruction('clmulr') },
  zbkb: { witness: instruction('brev8') },
  zbkc: { witness: instruction('clmul') },
  zbkx: { witness: instruction('xperm8') },
  zbs: { witness: instruction('bset') },
  zk: { witness: (isa) => aes(isa) && register('seed')(isa) },
  zkn: { witness: aes },
  zknd: { witness: aes },
  zkne: { witness: instruction('aes64es', { rd: 1, rs1: 2, rs2: 3 }) },
  zknh: { witness: instruction('sha256sum0') },
  zkr: { witness: register('seed') },
  zks: { witness: sm3 },
  zksed: { witness: instruction('sm4ed') },
  zksh: { witness: sm3 },
  ssaia: { witness: register('stopi') },
  smaia: { witness: register('mtopi') },
  ssnpm: { witness: register('senvcfg', PMM) },
  supm: { witness: register('senvcfg', PMM) },
  smnpm: { witness: register('menvcfg', PMM) },
  sspm: { witness: register('menvcfg', PMM) },
  smmpm: { witness: register('mseccfg', PMM) },
  sscofpmf: { witness: register('scountovf') },
  ssstateen: { witness: register('sstateen0') },
  smstateen: { witness: register('mstateen0') },
  sstc: { witness: register('stimecmp') },
  sv48: { witness: register('satp', 9n << 60n), without: 'rv64i_sv39' },
  sv57: { witness: register('satp', 10n << 60n), without: 'rv64i_sv48' },
  svade: { witness: translation(0n), forbids: true },
  svadu: { witness: envcfg(61n) },
  svinval: { witness: instruction('sinval.vma') },
  svnapot: { witness: translation((1n << 63n) | accessed) },
  svpbmt: { witness: envcfg(62n) },
  sha: { witness: register('hstateen0') },
  shlcofideleg: {
    witness: register('hideleg', 1n << 13n),
    without: 'rv64ih_sscofpmf',
  },
  smcntrpmf: { witness: register('mcyclecfg') },
  smepmp: { witness: register('mseccfg', 1n) },
  sdtrig: { witness: register('tselect') },
};

/** Named, and yet of every machine: the base, and the one scheme that a width cannot do without. */
const ofEveryMachine = ['i', 'sv32', 'sv39'];

describe('names of ISA strings', () => {
  it('are all listed here', () => {
    const here = [...Object.keys(switches), ...ofEveryMachine];
    assert.deepEqual(here.sort(), Object.keys(named).sort());
  });

  for (const [name, { witness, forbids = false, ...isa }] of Object.entries(switches)) {
    it(`${name} makes a difference`, () => {
      const { without = 'rv64i', with: whole = `${without}_${name}` } = isa;
      assert.equal(witness(without), forbids, `without: ${without}`);
      assert.equal(witness(whole), !forbids, `with: ${whole}`);
    });
  }

  it('that always hold are in the machine that names nothing, and naming them changes nothing', () => {
    for (const [name, needs] of Object.entries(always)) {
      const base = `rv64i${needs === '' ? '' : `_${needs}`}`;
      assert.ok(parseIsaString(base).extensions.has(name), name);
      assert.equal(parseIsaString(`${base}_${name}`).deviceTree, parseIsaString(base).deviceTree);
    }
    for (const name of ['sv39', 'zicntr', 'zihpm', 'zicsr', 'zifencei']) {
      assert.ok(parseIsaString('rv64i').extensions.has(name), name);
    }
  });
});
