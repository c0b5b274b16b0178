/** `g G p P`: registers by the numbers of the target description. */
import type { GdbRegister } from '../core/isa/isa.ts';
import { failure, ok, type Reply } from './reply.ts';
import type { GdbStub } from './stub.ts';
import { fromHex, parseCount, registerBytes, registerValue, toHex } from './text.ts';

export async function readAllRegisters(stub: GdbStub): Promise<Reply> {
  const { general } = await stub.describe();
  const names = general.map(({ name }) => name);
  const values = await stub.target.readRegisters(stub.hart, names);
  return general.map((register, i) => textOf(register, values[i])).join('');
}

export async function writeAllRegisters(stub: GdbStub, packet: string): Promise<Reply> {
  const { general } = await stub.describe();
  const bytes = fromHex(packet.slice(1));
  const size = general.reduce((sum, { bits }) => sum + bits / 8, 0);
  if (!bytes || bytes.length < size) return failure('invalid', 'G wants all registers');
  let at = 0;
  for (const { name, bits } of general) {
    const value = registerValue(bytes.subarray(at, at + bits / 8));
    await stub.target.writeRegister(stub.hart, name, value);
    at += bits / 8;
  }
  return ok;
}

export async function readRegister(stub: GdbStub, packet: string): Promise<Reply> {
  const register = (await stub.describe()).register(parseCount(packet.slice(1)) ?? -1);
  if (!register) return failure('noEntry', 'there is no such register');
  const [value] = await stub.target.readRegisters(stub.hart, [register.name]);
  return textOf(register, value);
}

export async function writeRegister(stub: GdbStub, packet: string): Promise<Reply> {
  const [number, digits = ''] = packet.slice(1).split('=');
  const register = (await stub.describe()).register(parseCount(number) ?? -1);
  const bytes = fromHex(digits);
  if (!register) return failure('noEntry', 'there is no such register');
  const { name, bits, readOnly } = register;
  if (!bytes || bytes.length !== Math.ceil(bits / 8)) {
    return failure('invalid', `${name} has ${bits} bits`);
  }
  if (readOnly) return failure('invalid', `${name} cannot be written`);
  await stub.target.writeRegister(stub.hart, name, registerValue(bytes));
  return ok;
}

/** A register that this hart does not have now is `x`s: not available. */
function textOf({ bits }: GdbRegister, value: bigint | undefined): string {
  return value === undefined ? 'x'.repeat(bits / 4) : toHex(registerBytes(value, bits));
}
