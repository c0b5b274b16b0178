/** `m M x X`: memory as the selected hart sees it, or physical after `monitor phys on`. */
import type { MemorySpace } from '../core/debug/target.ts';
import { mostPacketBytes } from './packets.ts';
import { failure, ok, type Reply } from './reply.ts';
import type { GdbStub } from './stub.ts';
import { bytesOfLatin1, fromHex, latin1, parseAddress, parseCount, toHex } from './text.ts';

/** An answer of hexadecimal digits has room for so many bytes. */
const mostHexBytes = mostPacketBytes / 2 - 16;

export async function readMemory(stub: GdbStub, packet: string): Promise<Reply> {
  const range = parseRange(packet.slice(1));
  if (!range) return failure('invalid', 'm wants an address and a length');
  if (range.size === 0) return '';
  const bytes = await read(stub, range.address, Math.min(range.size, mostHexBytes));
  return bytes.length === 0 ? unreadable(range.address) : toHex(bytes);
}

/**
 * gdb 16 wants a `b` before the bytes, and announces it by what it says of breakpoints; lldb wants
 * none, and asks for no bytes first to see whether there is such a packet.
 */
export async function readMemoryBinary(stub: GdbStub, packet: string): Promise<Reply> {
  const range = parseRange(packet.slice(1));
  if (!range) return failure('invalid', 'x wants an address and a length');
  const prefix = stub.abilities.swbreak ? 'b' : '';
  if (range.size === 0) return prefix === '' ? ok : prefix;
  const bytes = await read(stub, range.address, Math.min(range.size, mostHexBytes));
  return bytes.length === 0 ? unreadable(range.address) : prefix + latin1(bytes);
}

export async function writeMemory(stub: GdbStub, packet: string): Promise<Reply> {
  const colon = packet.indexOf(':');
  return write(stub, packet.slice(1, colon), fromHex(packet.slice(colon + 1)));
}

/** `X` has its bytes as they are; the packet layer took the escapes out. */
export async function writeMemoryBinary(stub: GdbStub, packet: string): Promise<Reply> {
  const colon = packet.indexOf(':');
  return write(stub, packet.slice(1, colon), bytesOfLatin1(packet.slice(colon + 1)));
}

async function write(stub: GdbStub, text: string, bytes: Uint8Array | undefined): Promise<Reply> {
  const range = parseRange(text);
  if (!range || bytes?.length !== range.size) {
    return failure('invalid', 'a write wants an address, a length and so many bytes');
  }
  if (range.size === 0) return ok;
  const written = await stub.target.writeMemory(stub.hart, spaceOf(stub), range.address, bytes);
  if (written === range.size) return ok;
  const at = (range.address + BigInt(written)).toString(16);
  return failure('fault', `cannot write 0x${at}`);
}

function read(stub: GdbStub, address: bigint, size: number): Promise<Uint8Array> {
  return stub.target.readMemory(stub.hart, spaceOf(stub), address, size);
}

function spaceOf({ physical }: GdbStub): MemorySpace {
  return physical ? 'physical' : 'virtual';
}

function unreadable(address: bigint): Reply {
  return failure('fault', `cannot read 0x${address.toString(16)}`);
}

function parseRange(text: string): { address: bigint; size: number } | undefined {
  const [first, second, more] = text.split(',');
  const address = parseAddress(first);
  const size = parseCount(second);
  if (address === undefined || size === undefined || more !== undefined) return undefined;
  return { address, size };
}
