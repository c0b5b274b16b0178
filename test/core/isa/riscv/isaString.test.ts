import assert from 'node:assert/strict';
import { parseIsaString } from '../../../../src/core/isa/riscv/isaString.ts';
import { rig } from './rig.ts';

const tree = (isa: string): string => parseIsaString(isa).deviceTree;
const misaOf = (isa: string): string => {
  const misa = rig('nop', { isa }).csr('misa');
  return [...'abcdefghijklmnopqrstuvwxyz'].filter((_, i) => (misa >> BigInt(i)) & 1n).join('');
};

describe('core/isa/riscv/isaString', () => {
  it('shows letters and longer names in their canonical order, however they were written', () => {
    const all =
      'zicbom zicbop zicboz zicond zicsr zifencei zihintntl zihintpause zimop zabha zacas zawrs ' +
      'zcb zcmop zba zbb zbc zbkb zbkc zbkx zbs zknd zkne zknh zkr zksed zksh zkt sstc';
    const names = all.split(' ');
    assert.equal(
      tree(`rv64hcamib_${names.toReversed().join('_')}`),
      `rv64imacbh_${names.join('_')}`,
    );
    assert.equal(tree('RV64I_Zba'), 'rv64i_zicsr_zifencei_zba');
  });

  it('takes B for its parts and its parts for B', () => {
    const parts = ['zba', 'zbb', 'zbs'];
    for (const isa of ['rv64imb', 'rv64im_zba_zbb_zbs']) {
      const { extensions } = parseIsaString(isa);
      for (const part of parts) assert.ok(extensions.has(part), isa);
      assert.equal(tree(isa), 'rv64imb_zicsr_zifencei_zba_zbb_zbs');
      assert.equal(misaOf(isa), 'bimsu');
    }
    assert.equal(misaOf('rv64im_zba_zbb'), 'imsu');
  });

  it('takes the shorthands of scalar cryptography for what they stand for', () => {
    const bits = 'zbkb_zbkc_zbkx';
    const { extensions } = parseIsaString('rv64i_zk_zks');
    for (const name of `${bits}_zkne_zknd_zknh_zksed_zksh_zkr_zkt`.split('_')) {
      assert.ok(extensions.has(name), name);
    }
    assert.equal(tree('rv64i_zkn'), `rv64i_zicsr_zifencei_${bits}_zkn_zknd_zkne_zknh`);
    assert.equal(tree('rv64i_zks'), `rv64i_zicsr_zifencei_${bits}_zks_zksed_zksh`);
    assert.ok(!parseIsaString('rv64i_zkn').extensions.has('zkr'));
  });

  it('adds what an extension depends on', () => {
    assert.ok(parseIsaString('rv64i_zcb').extensions.has('c'));
    assert.ok(parseIsaString('rv64i_zacas').extensions.has('zaamo'));
    assert.ok(parseIsaString('rv64i_zabha').extensions.has('zaamo'));
  });

  it('does not show H to a guest, whose harts have it all the same', () => {
    const isa = parseIsaString('rv64imach_zba');
    assert.equal(isa.guestDeviceTree, 'rv64imac_zicsr_zifencei_zba');
    assert.ok(isa.withHypervisor.has('h'));
  });

  it('names what it does not know', () => {
    assert.throws(() => parseIsaString('rv64i_zfoo_zba'), /'zfoo' of 'rv64i_zfoo_zba' is not impl/);
    assert.throws(() => parseIsaString('rv64m_zba'), /has no base/);
    assert.throws(() => parseIsaString('arm'), /no ISA string that Trapline knows/);
  });
});
