/**
 * Requests about code and where a hart stands in it: modules, targets of a jump or of a step into,
 * a frame begun anew. What a hart is told to do is written to its registers; nothing runs here.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import path from 'node:path';
import { UserError } from '../core/base/userError.ts';
import type { DisassembledInstruction } from '../core/isa/isa.ts';
import { errorCodes, RequestError } from './errors.ts';
import { disassembleRange } from './disassembly.ts';
import { hartOf, hex, pcName, type Guest } from './guest.ts';
import type { CallFrame } from './stack.ts';
import type { TraplineSession } from './session.ts';
import type { Handlers } from './requests.ts';

/** What ids of targets stand for, until the guest goes on. */
export class CodeTargets {
  private readonly addresses = new Map<number, bigint>();
  private nextId = 1;

  clear(): void {
    this.addresses.clear();
  }

  add(address: bigint): number {
    const id = this.nextId++;
    this.addresses.set(id, address);
    return id;
  }

  find(id: number): bigint {
    const address = this.addresses.get(id);
    if (address !== undefined) return address;
    throw new RequestError(errorCodes.notStopped, 'the guest has gone on since');
  }
}

export function codeRequests(session: TraplineSession): Handlers {
  const { targets } = session;
  return {
    async modules(args: DebugProtocol.ModulesArguments) {
      const all = modulesOf(session.running.guest);
      const start = args.startModule ?? 0;
      const end = args.moduleCount ? start + args.moduleCount : undefined;
      return { modules: all.slice(start, end), totalModules: all.length };
    },
    async gotoTargets(args: DebugProtocol.GotoTargetsArguments) {
      const { guest } = session.running;
      const recorded = guest.sources.toRecorded(args.source.path ?? '');
      const found =
        recorded === undefined ? undefined : guest.symbols.locationsOfLine(recorded, args.line);
      return {
        targets: (found?.addresses ?? []).map((address) => ({
          id: targets.add(address),
          label: `${nameAt(guest, address)} (${hex(address)})`,
          line: found?.line ?? args.line,
          instructionPointerReference: hex(address),
        })),
      };
    },
    async goto(args: DebugProtocol.GotoArguments) {
      const hart = session.standing(hartOf(args.threadId));
      const { guest } = session.running;
      const address = targets.find(args.targetId);
      await guest.target.writeRegister(hart, pcName(guest.isa), address);
      session.after(() => session.moved(hart, 'goto'));
    },
    async stepInTargets(args: DebugProtocol.StepInTargetsArguments) {
      const { guest, stacks } = session.running;
      const frame = await stacks.frame(args.frameId);
      if (frame.frame.index > 0) return { targets: [] };
      const calls = await callsOfLine(guest, frame);
      return {
        targets: calls.map(({ target, line }) => ({
          id: targets.add(target),
          label: nameAt(guest, target),
          ...(line === undefined ? {} : { line }),
        })),
      };
    },
    async restartFrame(args: DebugProtocol.RestartFrameArguments) {
      const { guest, stacks } = session.running;
      const frame = await stacks.frame(args.frameId);
      const problem = await restart(guest, frame, stacks.context(frame));
      if (problem !== undefined) throw new UserError(problem);
      session.after(() => session.moved(frame.hart, 'restart'));
    },
  };
}

function modulesOf(guest: Guest): DebugProtocol.Module[] {
  return guest.symbols.modules.map(({ name, offset, low, high, symbolStatus }, id) => ({
    id,
    name: path.basename(name),
    path: path.isAbsolute(name) ? name : path.resolve(guest.cwd, name),
    symbolStatus,
    addressRange: `${hex(low)}-${hex(high)}`,
    loadOffset: hex(offset),
  }));
}

/**
 * Calls in the instructions of the line that the hart stands at. Where an indirect one leads is known
 * when its register is not changed on the way, or by an instruction whose result is known.
 */
async function callsOfLine(
  guest: Guest,
  { hart, frame }: CallFrame,
): Promise<readonly { readonly target: bigint; readonly line: number | undefined }[]> {
  const range = guest.symbols.lineRangeAt(frame.pc);
  if (!range) return [];
  const size = Number(range.end - frame.pc);
  const rows = await disassembleRange(guest, hart, frame.pc, size);
  const seen = new Map<bigint, { target: bigint; line: number | undefined }>();
  const registers = await generalRegisters(guest, hart);
  for (const row of rows) {
    const { flow, changes, ...leads } = guest.isa.disassemble(row.bytes, row.address);
    const target = leads.target ?? throughRegister(guest, registers, leads.through);
    if (flow === 'call' && target !== undefined && !seen.has(target)) {
      seen.set(target, { target, line: guest.symbols.positionAt(target)?.line });
    }
    if (changes) registers.set(changes.register, changes.to);
    // What is called keeps to no more than the calling convention.
    if (flow !== 'call') continue;
    for (const { name, calleeSaved, role } of guest.isa.registers) {
      if (!calleeSaved && role !== 'fixed') registers.delete(name);
    }
  }
  return [...seen.values()];
}

type Registers = Map<string, bigint | undefined>;

async function generalRegisters({ isa, target }: Guest, hart: number): Promise<Registers> {
  const names = isa.registers.filter(({ file }) => file === undefined).map(({ name }) => name);
  const values = await target.readRegisters(hart, names);
  return new Map(names.map((name, i) => [name, values[i]]));
}

/** Undefined where the register is not known, or no code is there. */
function throughRegister(
  { isa, symbols }: Guest,
  registers: Registers,
  through: DisassembledInstruction['through'],
): bigint | undefined {
  const base = through && registers.get(through.register);
  if (through === undefined || base === undefined) return undefined;
  const target = BigInt.asUintN(isa.xlen, base + through.offset);
  return symbols.functionAt(target) ? target : undefined;
}

/**
 * Puts the hart where the frame's function was called: its first instruction, the stack as the
 * caller left it, what the caller keeps in registers. Arguments are what the parameters are now.
 * A text says why that cannot be.
 */
async function restart(
  guest: Guest,
  { hart, frame, call, physical }: CallFrame,
  context: Parameters<Guest['symbols']['locals']>[0],
): Promise<string | undefined> {
  const { isa, symbols, target } = guest;
  if (call?.inlined) return 'an inlined call has no frame of its own to restart';
  const begin = symbols.functionAt(frame.lookupPc);
  const caller = physical[frame.index + 1];
  if (!begin || !caller || frame.cfa === undefined) {
    return 'where this frame was called from is not known';
  }
  const calls = symbols.callsAt(frame.lookupPc);
  const locals = await symbols.locals(context, Math.max(0, calls.length - 1));
  const parameters = locals.filter(({ kind }) => kind === 'parameter');
  const values = new Map<string, bigint>();
  for (const register of isa.registers) {
    const { name, role, calleeSaved } = register;
    const kept = calleeSaved ? caller.register(name) : undefined;
    if (kept !== undefined) values.set(name, kept);
    if (role === 'returnAddress') values.set(name, caller.pc);
    if (role === 'stackPointer') values.set(name, frame.cfa);
    if (typeof role !== 'object') continue;
    const parameter = parameters[role.argument];
    const value = await parameter?.operand?.();
    if (typeof value === 'string') return `${parameter?.name}: ${value}`;
    if (value) values.set(name, BigInt.asUintN(isa.xlen, value.value));
  }
  for (const [name, value] of values) await target.writeRegister(hart, name, value);
  await target.writeRegister(hart, pcName(isa), begin.low);
  return undefined;
}

function nameAt(guest: Guest, address: bigint): string {
  const symbol = guest.symbols.symbolAt(address);
  if (!symbol) return hex(address);
  return symbol.offset === 0n ? symbol.name : `${symbol.name}+${hex(symbol.offset)}`;
}
