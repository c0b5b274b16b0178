/**
 * Data breakpoints for the client: what of a guest can be watched, the ids by which the client
 * names it, and what a stop says. Ids are made of a symbol where there is one, so that they mean
 * the same in the next guest, which may have been built anew.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import {
  controlRegisterNamed,
  fieldNamed,
  parseNumber,
  withField,
} from '../core/debug/controlRegisters.ts';
import type { DataAccess, DataChange, MemorySpace } from '../core/debug/target.ts';
import { hex, memoryReference, parseReference, type Guest } from './guest.ts';
import type { DataPlace } from './variableStore.ts';

type Info = DebugProtocol.DataBreakpointInfoResponse['body'];

const accessTypes: DebugProtocol.DataBreakpointAccessType[] = ['read', 'write', 'readWrite'];

/** Bytes at an address that the client gives as a number. */
export function addressInfo(guest: Guest, text: string, bytes = 1, mode?: string): Info {
  const [, name = '', number = ''] = /^(phys:|gpa:)?([^]*)$/.exec(text) ?? [];
  const address = parseNumber(number);
  if (address === undefined) return noData(`'${text}' is not an address`);
  const isPhysical = name === 'phys:' || mode === physicalMode;
  const space = isPhysical ? 'physical' : name === 'gpa:' ? 'guestPhysical' : undefined;
  const expression = memoryReference(BigInt.asUintN(guest.isa.xlen, address), space);
  return dataInfo(guest, { expression, address, size: bytes, space }, bytes);
}

/** `bytes`: how many the client asks for, instead of the variable's own. */
export function dataInfo(guest: Guest, place: DataPlace, bytes: number | undefined): Info {
  const { expression, space, register } = place;
  if (register !== undefined) {
    const description = describePlace(place);
    return { dataId: registerId(place), description, accessTypes, canPersist: true };
  }
  const size = bytes ?? place.size;
  const address = BigInt.asUintN(guest.isa.xlen, place.address);
  if (!Number.isSafeInteger(size) || size < 1) {
    return noData(`how many bytes '${expression}' has is not known: say how many to watch`);
  }
  if (address + BigInt(size) > 1n << BigInt(guest.isa.xlen)) {
    return noData(`${size} bytes at ${hex(address)} go beyond the last address`);
  }
  const symbol = space ? undefined : dataSymbol(guest, address, size);
  const reference = memoryReference(address, space);
  const where = symbol ? `${symbol.name}+${hex(symbol.offset)}` : reference;
  return {
    dataId: `${where}/${size} ${expression}`,
    description: describePlace({ expression, address, size, space }),
    accessTypes,
    canPersist: symbol !== undefined || expression === reference,
  };
}

export function noData(description: string): Info {
  return { dataId: null, description };
}

/** Where an id's data are in a guest; a text says why they are nowhere. */
export function resolveData(guest: Guest, dataId: string): DataPlace | string {
  const ofRegister = /^register (\$[\w.]+)$/.exec(dataId);
  if (ofRegister?.[1]) {
    return registerPlaceOf(guest, ofRegister[1]) ?? `There is no register '${ofRegister[1]}'.`;
  }
  const match = /^(?:((?:phys:|gpa:)?0x[\da-f]+)|(\S+)\+(0x[\da-f]+))\/(\d+) ([^]*)$/.exec(dataId);
  if (!match) return `'${dataId}' names no data.`;
  const [, absolute, name, offset, size, expression = ''] = match;
  const place = { expression, size: Number(size) };
  if (absolute !== undefined) {
    const { space, address } = parseReference(absolute);
    return { ...place, address, ...(space === 'virtual' ? {} : { space }) };
  }
  const symbol = guest.symbols.symbolNamed(name ?? '');
  if (!symbol) return `The guest has no variable '${name}'.`;
  return { ...place, address: symbol.address + BigInt(offset ?? 0) };
}

export function describePlace({ expression, address, size, space, register }: DataPlace): string {
  if (register !== undefined) return `${expression} (the guest runs instruction by instruction)`;
  const bytes = bytesAt(address, size, space);
  return expression === memoryReference(address, space) ? bytes : `${expression} (${bytes})`;
}

function bytesAt(address: bigint, size: number, space?: MemorySpace): string {
  return `${size === 1 ? '1 byte' : `${size} bytes`} at ${memoryReference(address, space)}`;
}

/** The mode of breakpoints on what lies at a physical address, whoever maps it where. */
export const physicalMode = 'physical';

/** `$a0`, `$hstatus.SPV`: a register, or a field of one, to stop at changes and reads of. */
export function registerPlaceOf({ isa }: Guest, expression: string): DataPlace | undefined {
  const [, name = '', fieldName] = /^\$([A-Za-z_]\w*)(?:\.(\w+))?$/.exec(expression.trim()) ?? [];
  const general = isa.registers.find((r) => r.name === name || r.aliases.includes(name));
  const control = controlRegisterNamed(isa, name);
  const field = control && fieldName !== undefined ? fieldNamed(control, fieldName) : undefined;
  if (fieldName !== undefined ? !field : !general && !control) return undefined;
  const register = general?.name ?? control?.name ?? name;
  const mask = field && withField(field, 0n, (1n << BigInt(field.high - field.low + 1)) - 1n);
  return { expression: expression.trim(), address: 0n, size: 0, register, mask };
}

function registerId({ expression }: DataPlace): string {
  return `register ${expression}`;
}

/** `counter (4 bytes at 0x80203010) was written: 0x3 (3) → 0x4 (4), by 0x8020011c <count+8>`. */
export function describeAccess(
  guest: Guest,
  place: DataPlace,
  { pc, address: virtual, size, read, write, physical }: DataAccess,
  { before, after }: DataChange,
  isNext: boolean,
): string {
  const symbol = guest.symbols.symbolAt(pc);
  const offset = symbol?.offset ? `+${hex(symbol.offset)}` : '';
  const by = symbol ? `${hex(pc)} <${symbol.name}${offset}>` : hex(pc);
  if (place.register !== undefined) {
    const seen = isNext ? 'is read next' : 'was read';
    const changed = isNext ? 'changes next' : 'changed';
    const what = write ? (read ? `${seen} and ${changed}` : changed) : seen;
    return `${place.expression} ${what}${change(before, after, write)}, by ${by}`;
  }
  const done = write ? (read ? 'read and written' : 'written') : 'read';
  const address = place.space === 'physical' ? (physical ?? virtual) : virtual;
  // Which of the guest's own addresses it was is not told.
  const isThere = address === place.address || place.space === 'guestPhysical';
  const whole = isThere && size === place.size;
  const part = whole ? '' : ` by ${bytesAt(address, size)}`;
  return `${describePlace(place)} ${isNext ? 'is next' : 'was'} ${done}${part}${change(before, after, write)}, by ${by}`;
}

function change(before: Uint8Array, after: Uint8Array, write: boolean): string {
  const [old, now] = [bytesText(before), bytesText(after)];
  // Registers of devices are not read for this: reading may do something.
  if (now === undefined) return '';
  if (old === now) return write ? `: ${now} again` : `: ${now}`;
  return old === undefined ? `: ${now}` : `: ${old} → ${now}`;
}

/** Little-endian, as all memory is; what is no number of C's is a row of bytes. */
function bytesText(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return undefined;
  if (![1, 2, 4, 8].includes(bytes.length)) {
    return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  }
  const value = [...bytes].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return `${hex(value)} (${value})`;
}

function dataSymbol(guest: Guest, address: bigint, size: number) {
  const symbol = guest.symbols.symbolAt(address);
  if (symbol?.kind !== 'object' || symbol.offset + BigInt(size) > symbol.size) return undefined;
  // Static variables may share a name: only the one that the name finds is meant by it.
  const found = guest.symbols.symbolNamed(symbol.name);
  return found?.address === symbol.address && !/\s/.test(symbol.name) ? symbol : undefined;
}
