/** Processors that programs are run on besides the default one. */
import { defaultProcessor, type Processor } from './harness.ts';

const integer = 'zba zbb zbc zbkb zbkc zbkx zbs zknd zkne zknh zksed zksh'.split(' ');

/** Integer extensions that QEMU 7.2 has; hints and prefetches change nothing on it either. */
export const withIntegerExtensions: Processor = {
  isa: `rv64imach_zicbop_zihintntl_zihintpause_${integer.join('_')}_sstc`,
  qemu: [defaultProcessor.qemu, ...integer.map((name) => `${name}=on`), 'Zihintpause=on'].join(),
};

/** Floating point in all formats; QEMU 7.2 has no Zfa. */
export const withFloats: Processor = {
  isa: 'rv64imafdch_zfh_sstc',
  qemu: [defaultProcessor.qemu, 'f=on', 'd=on', 'Zfhmin=on', 'Zfh=on'].join(),
};
