/** `c s C S`, `bc bs`, `vCont` and the other `v` packets: who runs, and how far. */
import type { ResumeRequest } from '../core/debug/target.ts';
import { failure, ok, unsupported, type Reply } from './reply.ts';
import type { GdbStub } from './stub.ts';
import { parseAddress } from './text.ts';
import { isFor, parseThread, type ThreadChoice } from './threads.ts';

type Action =
  | { readonly kind: 'continue' | 'step' | 'stop' }
  | { readonly kind: 'range'; readonly start: bigint; readonly end: bigint };

/** `c [addr]`, `s [addr]`, `C sig[;addr]`, `S sig[;addr]`; signals mean nothing to a machine. */
export async function legacyResume(stub: GdbStub, packet: string): Promise<Reply> {
  const [kind = ''] = packet;
  const hasSignal = kind === 'C' || kind === 'S';
  const rest = packet.slice(1);
  const text = hasSignal ? rest.split(';')[1] : rest;
  if (text !== undefined && text !== '') {
    const address = parseAddress(text);
    if (address === undefined) return failure('invalid', 'this is no address');
    const pc = stub.isa.registers.find(({ role }) => role === 'pc')?.name ?? 'pc';
    await stub.target.writeRegister(stub.stepHart, pc, address);
  }
  const steps = kind === 's' || kind === 'S';
  return stub.resume(requestFor({ kind: steps ? 'step' : 'continue' }, stub.stepHart, false));
}

/** `bs` and `bc`: one step back, and to the last stop before. */
export async function reverseResume(stub: GdbStub, packet: string): Promise<Reply> {
  if (packet !== 'bs' && packet !== 'bc') return unsupported;
  const { missing } = await stub.target.history();
  if (missing !== undefined) return failure('invalid', missing);
  if (packet === 'bc') return stub.resume({ kind: 'reverseContinue' });
  return stub.resume({ kind: 'reverseStep', hart: stub.stepHart, over: false });
}

export async function vPacket(stub: GdbStub, packet: string): Promise<Reply> {
  if (packet === 'vCont?') return 'vCont;c;C;s;S;t;r';
  if (packet.startsWith('vCont;')) return vCont(stub, packet.slice('vCont;'.length));
  if (packet.startsWith('vAttach;')) return attach(stub);
  if (packet === 'vRun' || packet.startsWith('vRun;')) return rerun(stub);
  if (packet.startsWith('vKill')) {
    await kill(stub);
    return ok;
  }
  if (packet === 'vCtrlC') return ok;
  // vMustReplyEmpty among them.
  return unsupported;
}

async function vCont(stub: GdbStub, text: string): Promise<Reply> {
  const parsed = text.split(';').map(parseAction);
  const { harts } = await stub.target.info();
  const chosen = new Map<number, Action>();
  for (const row of parsed) {
    if (!row) return failure('invalid', 'vCont wants c, s, t or r with a thread');
    for (let hart = 0; hart < harts; hart++) {
      // The first action that fits a thread counts.
      if (isFor(row.threads, hart) && !chosen.has(hart)) chosen.set(hart, row.action);
    }
  }
  const rows = [...chosen].filter(([, { kind }]) => kind !== 'stop');
  const alone = rows.length === 1 && harts > 1;
  const stepped = rows.filter(([, { kind }]) => kind === 'step' || kind === 'range');
  // Of several harts that are to step, the one that the user looks at does.
  const [hart, action] = stepped.find(([id]) => id === stub.hart) ?? stepped[0] ?? [];
  if (hart !== undefined && action) return stub.resume(requestFor(action, hart, alone));
  const [goesOn] = rows;
  if (goesOn) return stub.resume(requestFor(goesOn[1], goesOn[0], alone));
  return chosen.size > 0 ? stub.stopReplyNow() : failure('noThread', 'there is no such hart');
}

function parseAction(
  text: string,
): { readonly action: Action; readonly threads: ThreadChoice } | undefined {
  const colon = text.indexOf(':');
  const threads = colon < 0 ? 'all' : parseThread(text.slice(colon + 1));
  const what = colon < 0 ? text : text.slice(0, colon);
  const action = actionOf(what);
  return threads === undefined || !action ? undefined : { action, threads };
}

function actionOf(text: string): Action | undefined {
  if (/^(c|C[0-9a-f]{2})$/.test(text)) return { kind: 'continue' };
  if (/^(s|S[0-9a-f]{2})$/.test(text)) return { kind: 'step' };
  if (text === 't') return { kind: 'stop' };
  if (!text.startsWith('r')) return undefined;
  const [first, second] = text.slice(1).split(',');
  const start = parseAddress(first);
  const end = parseAddress(second);
  return start === undefined || end === undefined ? undefined : { kind: 'range', start, end };
}

function requestFor(action: Action, hart: number, alone: boolean): ResumeRequest {
  switch (action.kind) {
    case 'step':
      return { kind: 'stepInstruction', hart, alone };
    case 'range': {
      const { start, end } = action;
      if (start >= end) return { kind: 'stepInstruction', hart, alone };
      return { kind: 'stepRange', hart, start, end, over: false, alone };
    }
    case 'continue':
    case 'stop':
      return alone ? { kind: 'continue', only: hart } : { kind: 'continue' };
  }
}

/** There is one machine, whatever its number. */
function attach(stub: GdbStub): Promise<Reply> {
  return stub.stopReplyNow();
}

/** In extended mode the debugger stays, and may run the guest again. */
export async function kill(stub: GdbStub): Promise<void> {
  if (stub.abilities.extended) await stub.restart();
  else await stub.host.kill();
}

async function rerun(stub: GdbStub): Promise<Reply> {
  await stub.restart();
  return stub.stopReplyNow();
}
