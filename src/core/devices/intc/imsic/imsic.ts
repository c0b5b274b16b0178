/**
 * The memory region of the interrupt files of one privilege level: a page for each, where messages
 * come in. Pages between those of two harts are read-only zeros.
 *
 * RISC-V Advanced Interrupt Architecture 1.0, sections "Memory region for an interrupt file" and
 * "Arrangement of the memory regions of multiple interrupt files".
 */
import { UserError } from '../../../base/userError.ts';
import { fields, list, mustFit, type Persist } from '../../../base/persist.ts';
import type { AccessSize, MmioDevice } from '../../device.ts';
import { byteSwapped } from '../byteOrder.ts';
import type { InterruptFile, InterruptFileState } from './interruptFile.ts';
import * as r from './registers.ts';

export interface ImsicState {
  /** By hart, then by page. */
  readonly files: readonly (readonly InterruptFileState[])[];
}

export class Imsic implements MmioDevice, Persist<ImsicState> {
  readonly name: string;
  /** Files of each hart: its own first, then those of its guests by number. */
  private readonly files: readonly (readonly InterruptFile[])[];
  private readonly pageBits: number;

  /** Each hart has room for 2^`pageBits` files. */
  constructor(name: string, files: readonly (readonly InterruptFile[])[], pageBits: number) {
    this.name = name;
    this.files = files;
    this.pageBits = pageBits;
  }

  /** Every register reads zero. */
  read(_offset: number, _size: AccessSize): number {
    return 0;
  }

  /** Only aligned words are written; accesses of other sizes are ignored. */
  write(offset: number, size: AccessSize, value: number): void {
    const register = offset % r.PAGE_SIZE;
    const page = Math.floor(offset / r.PAGE_SIZE);
    const file = this.files[page >> this.pageBits]?.[page & ((1 << this.pageBits) - 1)];
    if (size !== 4 || !file) return;
    if (register === r.seteipnum_le) file.setPending(value >>> 0);
    if (register === r.seteipnum_be) file.setPending(byteSwapped(value));
  }

  save(): ImsicState {
    return { files: this.files.map((own) => own.map((file) => file.save())) };
  }

  restore(state: ImsicState): void {
    mustFit(this.name, state, fields({ files: list(list(fields({})), this.files.length) }));
    const fits = this.files.every((own, hart) => {
      const saved = state.files[hart]!;
      return saved.length === own.length && own.every((file, page) => file.fits(saved[page]!));
    });
    if (!fits) throw new UserError(`saved state of ${this.name} has other interrupt files`);
    this.files.forEach((own, hart) =>
      own.forEach((file, page) => file.restore(state.files[hart]![page]!)),
    );
  }
}
