/**
 * Supervisor software interrupts: writing 1 to a hart's SETSSIP sends it one edge, nothing is
 * kept here. RISC-V ACLINT specification 1.0-rc4, chapter 4 (SSWI).
 */
import type { AccessSize, InterruptLine, MmioDevice } from '../../device.ts';

export class AclintSswi implements MmioDevice {
  readonly name = 'sswi';
  private readonly edges: readonly InterruptLine[];

  /** `edges` per hart: the rising edge sets the hart's supervisor software interrupt. */
  constructor(edges: readonly InterruptLine[]) {
    this.edges = edges;
  }

  /** SETSSIP always reads 0 (chapter 4). */
  read(_offset: number, _size: AccessSize): number {
    return 0;
  }

  write(offset: number, size: AccessSize, value: number): void {
    if (size !== 4 || offset % 4 !== 0 || (value & 1) === 0) return;
    const edge = this.edges[offset >> 2];
    edge?.set(true);
    edge?.set(false);
  }
}
