/**
 * Ends the machine at the guest's word: pass, fail with a code, or reset. It keeps no state; what
 * ending means is up to whoever listens.
 *
 * Linux Documentation/devicetree/bindings/mfd/syscon.yaml (`sifive,test1`), QEMU
 * `hw/misc/sifive_test.c`; SiFive documents the device only in its sources.
 */
import type { AccessSize, MmioDevice } from '../device.ts';
import { FINISHER, FINISHER_FAIL, FINISHER_PASS, FINISHER_RESET } from './registers.ts';

export interface Finish {
  readonly kind: 'pass' | 'fail' | 'reset';
  /** Exit code: 0 unless the guest failed. */
  readonly code: number;
}

export class TestFinisher implements MmioDevice {
  readonly name = 'test';
  private readonly finish: (finish: Finish) => void;

  constructor(finish: (finish: Finish) => void) {
    this.finish = finish;
  }

  read(_offset: number, _size: AccessSize): number {
    return 0;
  }

  write(offset: number, _size: AccessSize, value: number): void {
    if (offset !== FINISHER) return;
    switch (value & 0xffff) {
      case FINISHER_PASS:
        return this.finish({ kind: 'pass', code: 0 });
      case FINISHER_FAIL:
        return this.finish({ kind: 'fail', code: value >>> 16 });
      case FINISHER_RESET:
        return this.finish({ kind: 'reset', code: 0 });
      default:
        return;
    }
  }
}
