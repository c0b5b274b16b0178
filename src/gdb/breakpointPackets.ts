/** `Z` and `z`: breakpoints and watchpoints, none of which writes to the guest. */
import type { BreakpointType } from './breakpointTable.ts';
import { failure, ok, unsupported, type Reply } from './reply.ts';
import type { GdbStub } from './stub.ts';
import { parseAddress, parseCount } from './text.ts';

const types: readonly BreakpointType[] = ['software', 'hardware', 'write', 'read', 'access'];

/** Nobody watches more at once; a length that a typing error made must not cost a machine. */
const mostWatchedBytes = 1 << 20;

export function insertBreakpoint(stub: GdbStub, packet: string): Reply {
  return change(packet, (type, address, size) => stub.breakpoints.insert(type, address, size));
}

export function removeBreakpoint(stub: GdbStub, packet: string): Reply {
  return change(packet, (type, address, size) => stub.breakpoints.remove(type, address, size));
}

function change(
  packet: string,
  apply: (type: BreakpointType, address: bigint, size: number) => void,
): Reply {
  // What follows a `;` are conditions, which were not offered.
  const [place = ''] = packet.slice(1).split(';');
  const [number = '', first, second] = place.split(',');
  const type = /^[0-4]$/.test(number) ? types[Number(number)] : undefined;
  if (!type) return unsupported;
  const address = parseAddress(first);
  const size = parseCount(second);
  if (address === undefined || size === undefined) {
    return failure('invalid', 'a breakpoint wants an address and a kind');
  }
  const isCode = type === 'software' || type === 'hardware';
  if (!isCode && (size === 0 || size > mostWatchedBytes)) {
    return failure('invalid', `cannot watch ${size} bytes`);
  }
  apply(type, address, size);
  return ok;
}
