/**
 * Where the bytes of an object are: memory, a register, nowhere (a constant), or pieces of these
 * (DWARF 5, section 2.6.1). Knows nothing of types.
 */
import { Unavailable, type Location, type Piece } from '../../formats/dwarf/expression.ts';
import type { FrameContext } from './symbols.ts';

/** How the unused high bytes of a register are filled when something shorter is written. */
export type RegisterFill = 'sign' | 'zero' | 'ones';

export interface Storage {
  /** Set when all of it is in memory. */
  readonly address: bigint | undefined;
  /** DWARF number of the register that holds it from its lowest bit on. */
  readonly register?: number;
  /** Exactly `size` bytes; throws `Unavailable` where some of them cannot be had. */
  read(offset: number, size: number): Promise<Uint8Array>;
  /** The same of bits, where what is beside them in their bytes may be nowhere. */
  readonly readBits?: (first: number, count: number) => Promise<bigint>;
  /** Absent where nothing can be written. Throws `Unavailable` when it fails. */
  readonly write?: (offset: number, bytes: Uint8Array, fill: RegisterFill) => Promise<void>;
}

export function storageOf(pieces: readonly Piece[], context: FrameContext): Storage {
  const [first] = pieces;
  if (pieces.length === 1 && first && first.bitSize === undefined) {
    return simpleStorage(first.location, context);
  }
  return compositeStorage(pieces, context);
}

export function memoryStorage(address: bigint, context: FrameContext): Storage {
  const { writeMemory } = context;
  return {
    address,
    read: async (offset, size) => {
      const bytes = await context.readMemory(address + BigInt(offset), size);
      if (bytes.length < size) throw new Unavailable(`cannot read 0x${address.toString(16)}`);
      return bytes.subarray(0, size);
    },
    ...(writeMemory && {
      write: async (offset: number, bytes: Uint8Array) => {
        const written = await writeMemory.call(context, address + BigInt(offset), bytes);
        if (written < bytes.length) throw new Unavailable(`cannot write 0x${address.toString(16)}`);
      },
    }),
  };
}

/** Bytes that stand in the debug information itself. */
export function constantStorage(constant: Uint8Array): Storage {
  return {
    address: undefined,
    read: async (offset, size) => {
      if (offset + size > constant.length) throw new Unavailable('optimized out');
      return constant.subarray(offset, offset + size);
    },
  };
}

/** The part of an object from `offset` on. */
export function partOf(storage: Storage, offset: number): Storage {
  if (offset === 0) return storage;
  const { write, readBits } = storage;
  return {
    address: storage.address === undefined ? undefined : storage.address + BigInt(offset),
    read: (at, size) => storage.read(offset + at, size),
    ...(readBits && {
      readBits: (first: number, count: number) => readBits(offset * 8 + first, count),
    }),
    ...(write && {
      write: (at: number, bytes: Uint8Array, fill: RegisterFill) => write(offset + at, bytes, fill),
    }),
  };
}

export function littleEndian(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(i * 8)) & 0xffn));
}

export function fromLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}

const REGISTER_BYTES = 8;

function simpleStorage(location: Location, context: FrameContext): Storage {
  switch (location.kind) {
    case 'memory':
      return memoryStorage(location.address, context);
    case 'register':
      return registerStorage(location.register, context);
    case 'implicit':
      return constantStorage(location.bytes);
    case 'optimizedOut':
      return constantStorage(new Uint8Array(0));
  }
}

function registerStorage(register: number, context: FrameContext): Storage {
  const { writeRegister } = context;
  const readAll = async () => {
    const value = await context.readRegister(register);
    if (value === undefined) throw new Unavailable(`register ${register} was not saved`);
    return littleEndian(value, REGISTER_BYTES);
  };
  return {
    address: undefined,
    register,
    read: async (offset, size) => {
      if (offset + size > REGISTER_BYTES) throw new Unavailable('larger than its register');
      return (await readAll()).subarray(offset, offset + size);
    },
    ...(writeRegister && {
      write: async (offset: number, bytes: Uint8Array, fill: RegisterFill) => {
        const all = await readAll();
        all.set(bytes, offset);
        if (offset === 0) all.fill(fillByte(bytes, fill), bytes.length);
        await writeRegister.call(context, register, fromLittleEndian(all));
      },
    }),
  };
}

function fillByte(bytes: Uint8Array, fill: RegisterFill): number {
  if (fill === 'ones') return 0xff;
  return fill === 'sign' && ((bytes.at(-1) ?? 0) & 0x80) !== 0 ? 0xff : 0;
}

/**
 * Pieces in ascending order of address; those of bit-fields are not whole bytes. Read-only: no
 * compiler spreads what people want to set.
 */
function compositeStorage(pieces: readonly Piece[], context: FrameContext): Storage {
  const readBits = async (first: number, count: number) => {
    let value = 0n;
    let at = 0;
    const last = first + count;
    for (const piece of pieces) {
      const bits = piece.bitSize ?? 0;
      const from = Math.max(first, at);
      const to = Math.min(last, at + bits);
      if (from < to) {
        const part = await bitsOf(piece, from - at, to - from, context);
        value |= part << BigInt(from - first);
      }
      at += bits;
    }
    if (last > at) throw new Unavailable('optimized out');
    return value;
  };
  return {
    address: undefined,
    readBits,
    read: async (offset, size) => littleEndian(await readBits(offset * 8, size * 8), size),
  };
}

async function bitsOf(
  { location, bitOffset }: Piece,
  skipped: number,
  count: number,
  context: FrameContext,
): Promise<bigint> {
  const start = bitOffset + skipped;
  const bytes = Math.ceil(((start & 7) + count) / 8);
  const read = await simpleStorage(location, context).read(start >> 3, bytes);
  return BigInt.asUintN(count, fromLittleEndian(read) >> BigInt(start & 7));
}
