/** Which packets there are (GDB manual, "Packets") and who answers each. */
import { insertBreakpoint, removeBreakpoint } from './breakpointPackets.ts';
import { readMemory, readMemoryBinary, writeMemory, writeMemoryBinary } from './memoryPackets.ts';
import { generalQuery, generalSet } from './queries.ts';
import {
  readAllRegisters,
  readRegister,
  writeAllRegisters,
  writeRegister,
} from './registerPackets.ts';
import { ok, unsupported, failure, type Reply } from './reply.ts';
import { kill, legacyResume, reverseResume, vPacket } from './resumePackets.ts';
import type { GdbStub } from './stub.ts';
import { hasHart, parseThread } from './threads.ts';

/** Gets the whole packet, its first character included. */
export type Handler = (stub: GdbStub, packet: string) => Promise<Reply> | Reply;

const handlers: Readonly<Record<string, Handler>> = {
  '?': (stub) => stub.stopReplyNow(),
  '!': (stub) => {
    stub.abilities.extended = true;
    return ok;
  },
  g: readAllRegisters,
  G: writeAllRegisters,
  p: readRegister,
  P: writeRegister,
  m: readMemory,
  M: writeMemory,
  x: readMemoryBinary,
  X: writeMemoryBinary,
  Z: insertBreakpoint,
  z: removeBreakpoint,
  H: selectThread,
  T: isAlive,
  c: legacyResume,
  C: legacyResume,
  s: legacyResume,
  S: legacyResume,
  v: vPacket,
  b: reverseResume,
  q: generalQuery,
  Q: generalSet,
  D: detach,
  async k(stub) {
    await kill(stub);
    return undefined;
  },
  R: restart,
};

export function handlerFor(packet: string): Handler {
  const [first = ''] = packet;
  return (Object.hasOwn(handlers, first) ? handlers[first] : undefined) ?? (() => unsupported);
}

async function selectThread(stub: GdbStub, packet: string): Promise<Reply> {
  const choice = parseThread(packet.slice(2));
  const use = packet[1];
  if (choice === undefined || (use !== 'g' && use !== 'c')) {
    return failure('invalid', 'H wants g or c and a thread');
  }
  if (typeof choice !== 'number') return ok;
  if (!(await hasHart(stub, choice))) return failure('noThread', 'there is no such hart');
  if (use === 'g') stub.hart = choice;
  else stub.stepHart = choice;
  return ok;
}

async function isAlive(stub: GdbStub, packet: string): Promise<Reply> {
  const choice = parseThread(packet.slice(1));
  const lives = typeof choice === 'number' && (await hasHart(stub, choice));
  return lives ? ok : failure('noThread', 'there is no such hart');
}

/** The machine goes on without the debugger. */
async function detach(stub: GdbStub): Promise<Reply> {
  await stub.breakpoints.clear();
  if (!stub.end && stub.state === 'halted') await goOn(stub);
  stub.state = 'halted';
  return ok;
}

async function goOn({ target }: GdbStub): Promise<void> {
  // Where the editor has it going already, nothing is left to do.
  await target.resume({ kind: 'continue' }).catch(() => undefined);
}

/** Only extended mode has it; gdb expects no answer. */
async function restart(stub: GdbStub): Promise<Reply> {
  await stub.restart();
  return undefined;
}
