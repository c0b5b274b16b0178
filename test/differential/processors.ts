/** Processors that programs are run on besides the default one. */
import { qemuCpu } from '../firmware/qemu.ts';
import { defaultProcessor, type Processor } from './harness.ts';

/** Extensions of the integer unit that every QEMU has. */
export const integerExtensions = 'zba zbb zbc zbkb zbkc zbkx zbs zknd zkne zknh zksed zksh'.split(
  ' ',
);

/** Integer extensions that QEMU 7.2 has; hints and prefetches change nothing on it either. */
export const withIntegerExtensions: Processor = {
  isa: `rv64imach_zicbop_zihintntl_zihintpause_${integerExtensions.join('_')}_sstc`,
  qemu: [
    defaultProcessor.qemu,
    ...integerExtensions.map((name) => `${name}=on`),
    'Zihintpause=on',
  ].join(),
};

/** Everything about page tables that QEMU 7.2 lacks. */
export const withPageTables: Processor = {
  isa: 'rv64imach_svade_svadu_svinval_svnapot_svpbmt_sstc',
  qemu: [
    ...['rv64', 'h=on'],
    ...['svade=on', 'svadu=on', 'svinval=on', 'svnapot=on', 'svpbmt=on'],
  ].join(),
  newer: true,
};

/** Floating point in all formats; QEMU 7.2 has no Zfa. */
export const withFloats: Processor = {
  isa: 'rv64imafdch_zfh_sstc',
  qemu: [defaultProcessor.qemu, 'f=on', 'd=on', 'Zfhmin=on', 'Zfh=on'].join(),
};

/** RV32 with all of that which QEMU 7.2 has. */
const narrow = qemuCpu.replace('rv64', 'rv32');
export const of32Bits: Processor = {
  xlen: 32,
  isa: `rv32imach_zicbop_zihintntl_zihintpause_${integerExtensions.join('_')}_sstc`,
  qemu: [
    narrow,
    'f=off',
    'd=off',
    ...integerExtensions.map((name) => `${name}=on`),
    'Zihintpause=on',
  ].join(),
};
export const of32BitsWithFloats: Processor = {
  xlen: 32,
  isa: 'rv32imafdch_zfh_sstc',
  qemu: [narrow, ...'zba zbb zbc zbs'.split(' ').map((name) => `${name}=off`)]
    .concat(['f=on', 'd=on', 'Zfhmin=on', 'Zfh=on'])
    .join(),
};

const later = 'zicond zimop zcmop zabha zacas zcb zawrs zfa'.split(' ');
/** RV32 with what later QEMUs have besides, of which Zacas and Zfa have forms of their own there. */
export const of32BitsLater: Processor = {
  xlen: 32,
  newer: true,
  isa: `rv32imafdch_${later.join('_')}_zba_zbb_zbc_zbs_sstc`,
  qemu: [`${narrow}`, 'f=on', 'd=on', ...later.map((name) => `${name}=on`)].join(),
};
