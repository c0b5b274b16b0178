import assert from 'node:assert/strict';
import { parseIsaString } from '../../../../src/core/isa/riscv/isaString.ts';
import { rig } from './rig.ts';

const tree = (isa: string): string => parseIsaString(isa).deviceTree;
const has = (isa: string, ...names: string[]): boolean =>
  names.every((name) => parseIsaString(isa).extensions.has(name));
const misaOf = (isa: string): string => {
  const misa = rig('nop', { isa }).csr('misa');
  return [...'abcdefghijklmnopqrstuvwxyz'].filter((_, i) => (misa >> BigInt(i)) & 1n).join('');
};

describe('core/isa/riscv/isaString', () => {
  it('shows letters and longer names in their canonical order, however they were written', () => {
    // Naming conventions, canonical order: by category behind z, then the alphabet; Ss, Sv, Sh, Sm.
    const all =
      'zic64b zicbom zicbop zicboz ziccamoa ziccamoc ziccid ziccif zicclsm ziccrse zicntr zicond ' +
      'zicsr zifencei zihintntl zihintpause zihpm zimop za128rs za64rs zaamo zabha zacas zalrsc ' +
      'zawrs zca zcb zcmop zba zbb zbc zbkb zbkc zbkx zbs zknd zkne zknh zkr zksed zksh zkt ' +
      'ssccptr sscounterenw sscofpmf ssstrict sstc sstvala sstvecd ssu64xl svade svadu svbare ' +
      'svinval svvptc shcounterenw shgatpa shtvala shvsatpa shvstvala shvstvecd smepmp';
    const names = all.split(' ').sort().toReversed();
    const sorted = all.split(' ').filter((name) => !/^ssco/.test(name));
    sorted.splice(sorted.indexOf('ssstrict'), 0, 'sscofpmf', 'sscounterenw');
    assert.equal(tree(`rv64hcamib_${names.join('_')}`), `rv64imacbh_${sorted.join('_')}`);
  });

  it('reads every case, G, underscores between letters, and version numbers', () => {
    const plain = tree('rv64imafdch_zba');
    for (const isa of ['RV64GCH_Zba', 'rv64i_m_a_f_d_c_h_zba', 'rv64i2p1m2a2p1fdch_zba1p0']) {
      assert.equal(tree(isa), plain, isa);
    }
    // Sv39's name ends with a number of its own.
    assert.equal(parseIsaString('rv64i_sv391p0').mmuType, 'riscv,sv39');
  });

  it('takes B for its parts and its parts for B', () => {
    const parts = ['zba', 'zbb', 'zbs'];
    for (const isa of ['rv64imb', 'rv64im_zba_zbb_zbs']) {
      assert.ok(has(isa, ...parts), isa);
      assert.match(tree(isa), /^rv64imb_.*_zba_zbb_zbs_/);
      assert.equal(misaOf(isa), 'bimsu');
    }
    assert.equal(misaOf('rv64im_zba_zbb'), 'imsu');
  });

  it('takes A and C for their parts and their parts for them', () => {
    assert.ok(has('rv64ia', 'zaamo', 'zalrsc'));
    assert.equal(misaOf('rv64i_zaamo_zalrsc'), 'aisu');
    assert.equal(misaOf('rv64i_zaamo'), 'isu');
    assert.equal(misaOf('rv64i_zca'), 'cisu');
    // "Zcd if the D extension is present", and Zcf on RV32 alone (Zc*).
    assert.equal(misaOf('rv64ifd_zca'), 'dfisu');
    assert.equal(misaOf('rv64ifd_zcd'), 'cdfisu');
    assert.ok(!has('rv64ifc', 'zcf') && has('rv32ifc', 'zcf') && !has('rv32if_zca', 'c'));
  });

  it('takes the shorthands of scalar cryptography for what they stand for', () => {
    const bits = ['zbkb', 'zbkc', 'zbkx'];
    assert.ok(has('rv64i_zk_zks', ...bits, 'zkne', 'zknd', 'zknh', 'zksed', 'zksh', 'zkr', 'zkt'));
    assert.match(tree('rv64i_zkn'), /_zbkb_zbkc_zbkx_zkn_zknd_zkne_zknh_zkt_/);
    assert.match(tree('rv64i_zks'), /_zbkb_zbkc_zbkx_zks_zksed_zksh_zkt_/);
    assert.ok(!has('rv64i_zkn', 'zkr'));
  });

  it('adds what an extension depends on or consists of', () => {
    for (const [isa, ...names] of [
      ['rv64i_zcb', 'c'],
      ['rv64i_zacas', 'zaamo', 'ziccamoc'],
      ['rv64i_zabha', 'zaamo'],
      ['rv64i_smaia', 'ssaia'],
      ['rv64i_smstateen', 'ssstateen'],
      ['rv64i_supm', 'ssnpm'],
      ['rv64i_sha', 'h', 'ssstateen', 'shcounterenw', 'shgatpa', 'shtvala', 'shvsatpa'],
      ['rv64ih', 'shgatpa', 'shvstvala', 'shvstvecd'],
    ] as const) {
      assert.ok(has(isa, ...names), isa);
    }
    assert.ok(!has('rv64i', 'shgatpa') && !has('rv64i', 'ziccamoa') && !has('rv64i', 'svade'));
  });

  it('has all translation modes, or those up to the ones it names', () => {
    const modes = (isa: string) => [
      parseIsaString(isa).mmuType,
      ...['sv32', 'sv39', 'sv48', 'sv57'].filter((mode) => has(isa, mode)),
    ];
    assert.deepEqual(modes('rv64i'), ['riscv,sv57', 'sv39', 'sv48', 'sv57']);
    assert.deepEqual(modes('rv64i_sv48'), ['riscv,sv48', 'sv39', 'sv48']);
    assert.deepEqual(modes('rva20s64'), ['riscv,sv39', 'sv39']);
    assert.deepEqual(modes('rva20s64_sv57'), ['riscv,sv57', 'sv39', 'sv48', 'sv57']);
    assert.deepEqual(modes('rv32i'), ['riscv,sv32', 'sv32']);
    assert.doesNotMatch(tree('rv64i_sv48'), /sv48/);
  });

  it('does not show H and what is machine mode’s to a guest, whose harts have H all the same', () => {
    const isa = parseIsaString('rv64imach_zba_sha_smaia_smstateen');
    assert.match(isa.guestDeviceTree, /^rv64imac_/);
    assert.doesNotMatch(isa.guestDeviceTree, /_sh|smaia/);
    assert.match(isa.guestDeviceTree, /_ssaia_.*_smstateen$/);
    assert.ok(isa.withHypervisor.has('h') && isa.withHypervisor.has('shgatpa'));
  });

  it('names what it does not know, and what it takes it for', () => {
    assert.throws(
      () => parseIsaString('rv64i_zfoo_zba'),
      /isa: 'zfoo' of 'rv64i_zfoo_zba' is not implemented/,
    );
    assert.throws(
      () => parseIsaString('rv64i_zicbon'),
      /not implemented; did you mean 'zicbom'\?$/,
    );
    assert.throws(() => parseIsaString('rv64imv'), /isa: 'v' of 'rv64imv' is not implemented$/);
    assert.throws(() => parseIsaString('rv64m_zba'), /has no base, as in 'rv64i'/);
    assert.throws(() => parseIsaString('arm'), /no ISA string that Trapline knows/);
    assert.throws(() => parseIsaString('rva22s46'), /no ISA string .* or 'rva22s64'/);
    assert.throws(() => parseIsaString('rv64i_zcf'), /'zcf' of 'rv64i_zcf' exists on rv32 alone/);
    assert.throws(() => parseIsaString('rv32i_svpbmt'), /'svpbmt' of .* exists on rv64 alone/);
  });
});

describe('core/isa/riscv/profiles', () => {
  it('have what the profiles demand', () => {
    assert.match(tree('rvi20u64'), /^rv64i_/);
    assert.ok(!has('rva20u64', 'zba') && has('rva20u64', 'd', 'c', 'za128rs', 'zicclsm'));
    assert.ok(has('rva22s64', 'b', 'zicboz', 'zfhmin', 'zkt', 'svpbmt', 'svinval', 'sscounterenw'));
    assert.ok(!has('rva22s64', 'h') && !has('rva22s64', 'sstc') && !has('rva22s64', 'zfa'));
    const new23 = ['zihintntl', 'zicond', 'zimop', 'zcmop', 'zcb', 'zfa', 'zawrs', 'supm'];
    assert.ok(has('rva23u64', ...new23) && !has('rva23u64', 'svpbmt'));
    assert.ok(has('rva23s64', ...new23, 'svnapot', 'sstc', 'sscofpmf', 'ssnpm', 'h', 'ssstateen'));
    assert.ok(has('rvb23s64', 'zfa', 'svnapot') && !has('rvb23s64', 'zfhmin'));
    assert.match(tree('rva23s64_zfh_svadu'), /^rv64imafdcbh_.*_zfh_.*_svade_svadu_/);
  });

  it('say what is missing', () => {
    assert.deepEqual(parseIsaString('rva23s64').absent, ['v', 'zvfhmin', 'zvbb', 'zvkt']);
    assert.deepEqual(parseIsaString('rva22s64').absent, []);
  });
});
