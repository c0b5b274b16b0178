/**
 * Call stacks of stopped harts as DAP frames: physical frames from the unwinder, inlined calls
 * among them, source positions on this disk. Kept until the guest runs or its state is changed.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { CallInProgress, Frame, FrameContext } from '../core/debug/symbols/symbols.ts';
import { frameContext, unwind } from '../core/debug/symbols/unwind.ts';
import path from 'node:path';
import { errorCodes, RequestError } from './errors.ts';
import { hex, type Guest } from './guest.ts';
import { Listings } from './listings.ts';

/** One DAP frame. */
export interface CallFrame {
  readonly id: number;
  readonly hart: number;
  readonly frame: Frame;
  readonly call: CallInProgress | undefined;
  /** Which of the calls at the frame's address, 0 the innermost. */
  readonly inlineDepth: number;
  /** The frames of the machine that the stack was made of, `frame` among them. */
  readonly physical: readonly Frame[];
}

export class CallStacks {
  private readonly guest: Guest;
  private readonly byHart = new Map<number, Promise<readonly CallFrame[]>>();
  /** Where each frame id stands; ids stay when state is changed by hand. */
  private readonly places = new Map<number, { readonly hart: number; readonly index: number }>();
  private readonly ids = new Map<string, number>();
  private nextId = 1;
  /** Assembly for frames without a source. */
  readonly listings: Listings;

  constructor(guest: Guest) {
    this.guest = guest;
    this.listings = new Listings(guest);
  }

  /** Frames and their ids are void from here on. */
  clear(): void {
    this.byHart.clear();
    this.places.clear();
    this.ids.clear();
  }

  /** Registers or memory were changed: frames are looked for again, under the ids they have. */
  refresh(): void {
    this.byHart.clear();
  }

  frames(hart: number): Promise<readonly CallFrame[]> {
    let frames = this.byHart.get(hart);
    if (!frames) {
      frames = this.unwind(hart);
      this.byHart.set(hart, frames);
    }
    return frames;
  }

  async frame(id: number): Promise<CallFrame> {
    const place = this.places.get(id);
    const frame = place && (await this.frames(place.hart))[place.index];
    if (!frame) throw new RequestError(errorCodes.notStopped, 'the guest has gone on since');
    return frame;
  }

  /** Where the hart stands now, for expressions; found anew and without its callers. */
  async innermost(hart: number): Promise<CallFrame | undefined> {
    // The second frame is for what only the caller knows of the first one's arguments.
    const physical = await this.physicalFrames(hart, 2);
    const [frame] = physical;
    if (!frame) return undefined;
    const [call] = this.guest.symbols.callsAt(frame.lookupPc);
    return { id: 0, hart, frame, call, inlineDepth: 0, physical };
  }

  /** The frames of the machine itself, without inlined calls. */
  async physicalFrames(hart: number, maxFrames = 256): Promise<readonly Frame[]> {
    const { symbols, isa } = this.guest;
    return unwind(symbols, this.memoryAndRegisters(hart), { isa, maxFrames });
  }

  /** What symbols need to look at variables in a frame. */
  context({ hart, frame, physical }: CallFrame): FrameContext {
    const { target, isa } = this.guest;
    const memory = this.memoryAndRegisters(hart);
    return {
      pc: frame.lookupPc,
      cfa: frame.cfa,
      // The innermost frame's registers are the hart's, which may have been changed by hand.
      readRegister: async (dwarf) => {
        const name = frame.index === 0 && isa.registers.find((r) => r.dwarf === dwarf)?.name;
        if (!name) return frame.dwarfRegister(dwarf);
        return (await target.readRegisters(hart, [name]))[0];
      },
      readMemory: memory.readMemory,
      caller: frameContext(physical, frame.index + 1, memory),
      writeMemory: (address, bytes) => target.writeMemory(hart, 'virtual', address, bytes),
      ...(frame.index === 0
        ? {
            async writeRegister(dwarf: number, value: bigint) {
              const register = isa.registers.find((candidate) => candidate.dwarf === dwarf);
              if (register) await target.writeRegister(hart, register.name, value);
            },
          }
        : {}),
    };
  }

  /** Frames as the client gets them; one after another, so that they share listings. */
  async present(frames: readonly CallFrame[]): Promise<DebugProtocol.StackFrame[]> {
    const shown: DebugProtocol.StackFrame[] = [];
    for (const frame of frames) shown.push(await this.toDap(frame));
    return shown;
  }

  private async toDap({ id, hart, frame, call }: CallFrame): Promise<DebugProtocol.StackFrame> {
    const position = call?.position;
    const local = position && this.guest.sources.toLocal(position.path);
    const name = call?.functionName ?? hex(frame.pc);
    const base = { id, name, instructionPointerReference: hex(frame.pc) };
    if (!position || local === undefined) {
      const listed = await this.listings.locate(hart, frame.pc);
      return { ...base, line: 0, column: 0, ...listed };
    }
    const source = { name: path.basename(local), path: local };
    return { ...base, source, line: position.line, column: position.column };
  }

  private memoryAndRegisters(hart: number) {
    const { target } = this.guest;
    return {
      readRegisters: (names: readonly string[]) => target.readRegisters(hart, names),
      readMemory: (address: bigint, size: number) =>
        target.readMemory(hart, 'virtual', address, size),
    };
  }

  private async unwind(hart: number): Promise<readonly CallFrame[]> {
    const result: CallFrame[] = [];
    const physical = await this.physicalFrames(hart);
    for (const frame of physical) {
      const calls = this.guest.symbols.callsAt(frame.lookupPc);
      const shown = calls.length === 0 ? [undefined] : calls;
      shown.forEach((call, inlineDepth) => {
        const id = this.idOf(hart, result.length);
        result.push({ id, hart, frame, call, inlineDepth, physical });
      });
    }
    return result;
  }

  private idOf(hart: number, index: number): number {
    const key = `${hart} ${index}`;
    const id = this.ids.get(key) ?? this.nextId++;
    this.ids.set(key, id);
    this.places.set(id, { hart, index });
    return id;
  }
}
