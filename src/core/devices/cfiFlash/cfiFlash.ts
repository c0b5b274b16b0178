/**
 * A bank of parallel NOR flash: two 16-bit chips side by side on a 32-bit bus, both given every
 * command. Operations finish at once. Blocks take memory only after they were programmed; an
 * untouched block reads as erased. Code cannot run from here.
 *
 * JEDEC JESD68.01 (Common Flash Interface); commands as in the Intel P30 data sheet, section 6.
 */
import { UserError } from '../../base/userError.ts';
import {
  fields,
  list,
  mustFit,
  oneOf,
  optional,
  text,
  whole,
  type Shape,
  type Persist,
} from '../../base/persist.ts';
import type { AccessSize, MmioDevice } from '../device.ts';
import * as r from './registers.ts';

/** What a read shows. */
const READ_MODES = ['array', 'status', 'id', 'query'] as const;
type ReadMode = (typeof READ_MODES)[number];

/** What the next write is taken for. */
export type FlashCycle =
  | { readonly kind: 'command' }
  | { readonly kind: 'program' }
  | { readonly kind: 'erase' }
  | { readonly kind: 'lock' }
  | { readonly kind: 'bufferCount' }
  | { readonly kind: 'bufferData'; readonly left: number; readonly words: readonly BufferWord[] }
  | { readonly kind: 'bufferConfirm'; readonly words: readonly BufferWord[] };

interface BufferWord {
  readonly offset: number;
  readonly size: AccessSize;
  readonly value: number;
}

export interface CfiFlashState {
  readonly mode: ReadMode;
  readonly status: number;
  readonly cycle: FlashCycle;
  readonly blocks: readonly { readonly index: number; readonly bytes: Uint8Array }[];
}

const CHIPS = 2;

const isBytes: Shape = (value) => (value instanceof Uint8Array ? undefined : '');
const bufferWords = list(fields({ offset: whole, size: oneOf(1, 2, 4), value: whole }));
const shape = fields({
  ...{ mode: text, status: whole, blocks: list(fields({ index: whole, bytes: isBytes })) },
  cycle: fields({ kind: text, left: optional(whole), words: optional(bufferWords) }),
});

export class CfiFlash implements MmioDevice, Persist<CfiFlashState> {
  readonly name: string;
  private readonly size: number;
  private readonly blockSize: number;
  private readonly table: Uint8Array;
  private mode: ReadMode = 'array';
  private status = r.SR_READY;
  private cycle: FlashCycle = { kind: 'command' };
  private blocks = new Map<number, Uint8Array>();

  /** `size` and `blockSize` are those of the bank, powers of two. */
  constructor(name: string, size: number, blockSize: number) {
    this.name = name;
    this.size = size;
    this.blockSize = blockSize;
    this.table = r.cfiTable(size / CHIPS, size / blockSize, blockSize / CHIPS);
  }

  read(offset: number, size: AccessSize): number {
    if (this.mode === 'array') return this.readArray(offset, size);
    const chip = this.chipAnswer(this.mode, offset >> 2);
    const bus = chip | (chip << 16);
    const shifted = bus >>> (8 * (offset & 3));
    return size === 4 ? shifted : shifted & (size === 2 ? 0xffff : 0xff);
  }

  write(offset: number, size: AccessSize, value: number): void {
    const command = value & 0xff;
    const { cycle } = this;
    // "Read array" gives up whatever was begun, except where the number is data.
    if (command === r.READ_ARRAY && cycle.kind !== 'program' && cycle.kind !== 'bufferData') {
      return this.enter('array');
    }
    switch (cycle.kind) {
      case 'command':
        return this.command(command);
      case 'program':
        this.program({ offset, size, value });
        return this.enter('status');
      case 'erase':
        if (command !== r.CONFIRM) return this.fail(r.SR_ERASE_ERROR | r.SR_PROGRAM_ERROR);
        this.blocks.delete(Math.floor(offset / this.blockSize));
        return this.enter('status');
      case 'lock':
        // Blocks have no lock here: locking and unlocking succeed and change nothing.
        return this.enter('status');
      case 'bufferCount': {
        const left = (value & 0xffff) + 1;
        const most = (1 << r.WRITE_BUFFER_LOG2) / 2;
        if (left > most) return this.fail(r.SR_PROGRAM_ERROR | r.SR_ERASE_ERROR);
        this.cycle = { kind: 'bufferData', left, words: [] };
        return;
      }
      case 'bufferData': {
        const words = [...cycle.words, { offset, size, value }];
        const left = cycle.left - 1;
        this.cycle =
          left === 0 ? { kind: 'bufferConfirm', words } : { kind: 'bufferData', left, words };
        return;
      }
      case 'bufferConfirm':
        if (command !== r.CONFIRM) return this.fail(r.SR_PROGRAM_ERROR | r.SR_ERASE_ERROR);
        for (const word of cycle.words) this.program(word);
        return this.enter('status');
    }
  }

  save(): CfiFlashState {
    const blocks = [...this.blocks].map(([index, bytes]) => ({ index, bytes: bytes.slice() }));
    return { mode: this.mode, status: this.status, cycle: this.cycle, blocks };
  }

  restore(state: CfiFlashState): void {
    mustFit(this.name, state, shape);
    const count = this.size / this.blockSize;
    const isBlock = (index: number) => Number.isInteger(index) && index >= 0 && index < count;
    const fits =
      READ_MODES.includes(state.mode) &&
      state.blocks.every(({ index, bytes }) => isBlock(index) && bytes.length === this.blockSize);
    if (!fits) throw new UserError(`saved state of ${this.name} has other blocks`);
    this.mode = state.mode;
    this.status = state.status;
    this.cycle = state.cycle;
    this.blocks = new Map(state.blocks.map(({ index, bytes }) => [index, bytes.slice()]));
  }

  private command(command: number): void {
    switch (command) {
      case r.READ_STATUS:
        return this.enter('status');
      case r.CLEAR_STATUS:
        this.status = r.SR_READY;
        return;
      case r.READ_DEVICE_ID:
        return this.enter('id');
      case r.CFI_QUERY:
        return this.enter('query');
      case r.WORD_PROGRAM:
      case r.WORD_PROGRAM_ALTERNATE:
        return this.begin({ kind: 'program' });
      case r.BLOCK_ERASE:
        return this.begin({ kind: 'erase' });
      case r.BLOCK_LOCK:
        return this.begin({ kind: 'lock' });
      case r.BUFFERED_PROGRAM:
        return this.begin({ kind: 'bufferCount' });
      default:
        // Commands of other sets, which probing drivers try, leave the bank readable.
        return this.enter('array');
    }
  }

  private enter(mode: ReadMode): void {
    this.mode = mode;
    this.cycle = { kind: 'command' };
  }

  /** From the first cycle of an operation on, reads show the status. */
  private begin(cycle: FlashCycle): void {
    this.mode = 'status';
    this.cycle = cycle;
  }

  private fail(error: number): void {
    this.status |= error;
    this.enter('status');
  }

  private chipAnswer(mode: 'status' | 'id' | 'query', word: number): number {
    switch (mode) {
      case 'status':
        return this.status;
      case 'id':
        return [r.MANUFACTURER_INTEL, r.DEVICE_CODE][word & 0xff] ?? 0;
      case 'query':
        return this.table[word] ?? 0;
    }
  }

  private readArray(offset: number, size: AccessSize): number {
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = (value << 8) | this.byteAt(offset + i);
    return value >>> 0;
  }

  private byteAt(offset: number): number {
    const block = this.blocks.get(Math.floor(offset / this.blockSize));
    return block?.[offset % this.blockSize] ?? 0xff;
  }

  /** Programming only clears bits. */
  private program({ offset, size, value }: BufferWord): void {
    const index = Math.floor(offset / this.blockSize);
    const block = this.blocks.get(index) ?? new Uint8Array(this.blockSize).fill(0xff);
    this.blocks.set(index, block);
    for (let i = 0; i < size; i++) {
      const at = (offset % this.blockSize) + i;
      block[at] = (block[at] ?? 0) & (value >>> (8 * i)) & 0xff;
    }
  }
}
