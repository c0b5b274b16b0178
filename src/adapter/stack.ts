/**
 * Call stacks of stopped harts as DAP frames: physical frames from the unwinder, inlined calls
 * among them, source positions on this disk. Kept until the guest runs or its state is changed.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type {
  CallInProgress,
  Frame,
  FrameContext,
  Presentation,
} from '../core/debug/symbols/symbols.ts';
import type { MemorySpace } from '../core/debug/target.ts';
import { frameContext, unwind } from '../core/debug/symbols/unwind.ts';
import path from 'node:path';
import { errorCodes, RequestError } from './errors.ts';
import { hex, worldOf, type Guest } from './guest.ts';
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
  /** No call but a trap between two: the mode that it was taken in, `''` where that is unknown. */
  readonly trap?: string;
}

export class CallStacks {
  private readonly guest: Guest;
  private readonly byHart = new Map<number, Promise<readonly CallFrame[]>>();
  /** Where each frame id stands; ids stay when state is changed by hand. */
  private readonly places = new Map<number, { readonly hart: number; readonly index: number }>();
  private readonly ids = new Map<string, number>();
  private nextId = 1;
  /** As the request at hand wants values. */
  private presentation: Presentation | undefined;
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
    const [call] = frame.symbols.callsAt(frame.lookupPc);
    return { id: 0, hart, frame, call, inlineDepth: 0, physical };
  }

  /** The frames of the machine itself, without inlined calls. */
  async physicalFrames(hart: number, maxFrames = 256): Promise<readonly Frame[]> {
    const { isa } = this.guest;
    const { mode, symbols } = await worldOf(this.guest, hart);
    return unwind(symbols, this.memoryAndRegisters(hart), { isa, maxFrames, mode });
  }

  /** Values are written that way as long as `action` works. */
  async presenting<T>(presentation: Presentation, action: () => Promise<T>): Promise<T> {
    const before = this.presentation;
    this.presentation = presentation;
    try {
      return await action();
    } finally {
      this.presentation = before;
    }
  }

  get radix(): Presentation['radix'] | undefined {
    return this.presentation?.radix;
  }

  /** What symbols need to look at variables in a frame. */
  context(call: CallFrame): FrameContext {
    return this.contextIn(call, 'virtual');
  }

  /** `pointers`: what the hart sees, when the context is of another memory. */
  private contextIn(call: CallFrame, space: MemorySpace, pointers?: FrameContext): FrameContext {
    const { hart, frame, physical } = call;
    const { target, isa } = this.guest;
    const memory = this.memoryAndRegisters(hart);
    const presentation = () => this.presentation;
    const context: FrameContext = {
      ...(pointers && { space, pointers }),
      inSpace: (wanted) =>
        wanted === 'virtual' ? (pointers ?? context) : this.contextIn(call, wanted, context),
      get presentation() {
        return presentation();
      },
      pc: frame.lookupPc,
      mode: frame.mode,
      symbols: frame.symbols,
      cfa: frame.cfa,
      // The innermost frame's registers are the hart's, which may have been changed by hand.
      readRegister: async (dwarf) => {
        const name = frame.index === 0 && isa.registers.find((r) => r.dwarf === dwarf)?.name;
        if (!name) return frame.dwarfRegister(dwarf);
        return (await target.readRegisters(hart, [name]))[0];
      },
      readMemory: (address, size) => target.readMemory(hart, space, address, size),
      caller: frameContext(physical, frame.index + 1, memory),
      writeMemory: (address, bytes) => target.writeMemory(hart, space, address, bytes),
      ...(frame.index === 0
        ? {
            async writeRegister(dwarf: number, value: bigint) {
              const register = isa.registers.find((candidate) => candidate.dwarf === dwarf);
              if (register) await target.writeRegister(hart, register.name, value);
            },
          }
        : {}),
    };
    return context;
  }

  /** Frames as the client gets them; one after another, so that they share listings. */
  async present(
    frames: readonly CallFrame[],
    format: DebugProtocol.StackFrameFormat = {},
  ): Promise<DebugProtocol.StackFrame[]> {
    const shown: DebugProtocol.StackFrame[] = [];
    for (const frame of frames) shown.push(await this.toDap(frame, format));
    return shown;
  }

  private async toDap(
    shown: CallFrame,
    format: DebugProtocol.StackFrameFormat,
  ): Promise<DebugProtocol.StackFrame> {
    const { id, hart, frame, call, trap } = shown;
    if (trap !== undefined) {
      const from = trap === '' ? '' : `from ${trap} `;
      const name = `-> taken ${from}at ${hex(frame.pc)}`;
      return { id, name, line: 0, column: 0, presentationHint: 'label', canRestart: false };
    }
    const position = call?.position;
    const local = position && this.guest.sources.toLocal(position.path);
    const name = await this.nameOf(shown, format);
    const module = moduleIndex(this.guest, frame.lookupPc, frame);
    const base = {
      id,
      name,
      instructionPointerReference: hex(frame.pc),
      canRestart: frame.index + 1 < shown.physical.length && !call?.inlined,
      ...(module < 0 ? {} : { moduleId: module }),
    };
    if (!position || local === undefined) {
      const listed = await this.listings.locate(hart, frame.pc);
      return { ...base, line: 0, column: 0, ...listed };
    }
    const source = { name: path.basename(local), path: local };
    return { ...base, source, line: position.line, column: position.column };
  }

  /** With what the client's format asks for: module, parameters, line. */
  private async nameOf(shown: CallFrame, format: DebugProtocol.StackFrameFormat): Promise<string> {
    const { frame, call, inlineDepth } = shown;
    let name = call?.functionName ?? hex(frame.pc);
    if (format.parameters && call) {
      const locals = await this.guest.symbols.locals(this.context(shown), inlineDepth);
      const parameters = locals.filter(({ kind }) => kind === 'parameter');
      const texts = parameters.map(({ name: parameter, type, value }) =>
        [
          ...(format.parameterTypes ? [type] : []),
          ...(format.parameterNames ? [parameter] : []),
          ...(format.parameterValues ? [format.parameterNames ? `= ${value}` : value] : []),
        ].join(' '),
      );
      name += `(${texts.filter((text) => text !== '').join(', ')})`;
    }
    const index = moduleIndex(this.guest, frame.pc, frame);
    const module = format.module && this.guest.symbols.modules[index];
    if (module) name = `${path.basename(module.name)}!${name}`;
    return format.line && call?.position ? `${name} Line ${call.position.line}` : name;
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
      if (frame.interrupted !== undefined) {
        const id = this.idOf(hart, result.length);
        const shown = { hart, frame, call: undefined, inlineDepth: 0, physical };
        result.push({ id, ...shown, trap: frame.interrupted });
      }
      const calls = frame.symbols.callsAt(frame.lookupPc);
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

/** Which of the symbols' files an address is of; -1 for none. */
function moduleIndex({ symbols }: Guest, address: bigint, frame: Frame): number {
  const { modules } = frame.symbols;
  const found = modules.find(({ low, high }) => address >= low && address < high);
  return symbols.modules.findIndex((m) => m.name === found?.name && m.offset === found.offset);
}
