/** Stop replies (GDB manual, "Stop Reply Packets"): why the machine stands, and where. */
import type { StopEvent, StopReason } from '../core/debug/target.ts';
import type { GdbStub } from './stub.ts';
import { registerBytes, toHex } from './text.ts';
import { threadOf } from './threads.ts';

const sigint = 2;
const sigtrap = 5;

export async function stopReply(
  stub: GdbStub,
  { hart, reason }: StopEvent,
  interrupted: boolean,
): Promise<string> {
  const signal = interrupted && reason.kind === 'pause' ? sigint : sigtrap;
  const parts = [...why(stub, reason), `thread:${threadOf(hart)};`, `core:${hart.toString(16)};`];
  const head = `T${signal.toString(16).padStart(2, '0')}`;
  return `${head}${parts.join('')}${await expedited(stub, hart)}`;
}

function why({ breakpoints, abilities }: GdbStub, reason: StopReason): string[] {
  if (reason.kind === 'historyStart') return ['replaylog:begin;'];
  if (reason.kind !== 'breakpoint' && reason.kind !== 'data') return [];
  for (const id of reason.ids) {
    const row = breakpoints.row(id);
    if (!row) continue;
    const { type, address } = row;
    // The type is the kind of the stop where gdb asked to be told.
    if (type === 'software') return abilities.swbreak ? ['swbreak:;'] : [];
    if (type === 'hardware') return abilities.hwbreak ? ['hwbreak:;'] : [];
    const name = type === 'write' ? 'watch' : type === 'read' ? 'rwatch' : 'awatch';
    return [`${name}:${address.toString(16)};`];
  }
  return [];
}

/** The registers that every debugger asks for first. */
async function expedited(stub: GdbStub, hart: number): Promise<string> {
  const description = await stub.describe();
  const wanted = stub.isa.registers.filter(
    ({ role }) => role === 'pc' || role === 'stackPointer' || role === 'framePointer',
  );
  const names = wanted.map(({ name }) => name);
  const values = await stub.target.readRegisters(hart, names);
  return wanted
    .map(({ name, bits }, i) => {
      const number = description.numberOf(name);
      const value = values[i];
      if (number === undefined || value === undefined) return '';
      return `${number.toString(16)}:${toHex(registerBytes(value, bits))};`;
    })
    .join('');
}
