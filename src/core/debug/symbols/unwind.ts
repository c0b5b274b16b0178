/**
 * From a stopped hart to its call stack. Call-frame information comes first; assembly that has none
 * is unwound by its frame pointer, or in the innermost frame by the return address register. What a
 * register is for comes from the Isa's roles; how the caller's registers are found in a frame comes
 * from `ProgramSymbols.frameRuleAt`. A stack that cannot be followed ends; it is never an error.
 */
import { FormatError } from '../../base/byteReader.ts';
import { Unavailable } from '../../formats/dwarf/expression.ts';
import type { CodeFrame, Isa, RegisterInfo, TrapRegisters } from '../../isa/isa.ts';
import { fromLittleEndian } from './storage.ts';
import type {
  Frame,
  FrameContext,
  FrameRule,
  ProgramSymbols,
  UnwindOptions,
  UnwindTarget,
} from './symbols.ts';

const MAX_FRAMES = 256;
/** Bytes of a function that are looked through for what they do to the stack. */
const MOST_CODE = 0x4000n;

/** Frames, innermost first. Empty only when the hart has no pc. */
export async function unwind(
  symbols: ProgramSymbols,
  target: UnwindTarget,
  options: UnwindOptions,
): Promise<readonly Frame[]> {
  return new Unwinder(symbols, target, options).run();
}

/**
 * What variables of a frame are looked at in. With `write`, memory can be changed, and registers
 * of the innermost frame; other frames' registers are copies of what was saved.
 */
export function frameContext(
  frames: readonly Frame[],
  index: number,
  target: Pick<UnwindTarget, 'readMemory'>,
  write?: Required<Pick<FrameContext, 'writeMemory' | 'writeRegister'>>,
): FrameContext | undefined {
  const frame = frames[index];
  if (!frame) return undefined;
  return {
    pc: frame.lookupPc,
    mode: frame.mode,
    symbols: frame.symbols,
    cfa: frame.cfa,
    readRegister: async (number) => frame.dwarfRegister(number),
    readMemory: (address, size) => target.readMemory(address, size),
    ...(write && { writeMemory: write.writeMemory }),
    ...(write && index === 0 && { writeRegister: write.writeRegister }),
    get caller() {
      return frameContext(frames, index + 1, target);
    },
  };
}

/** Values by ABI name; a name that is missing was not saved. */
type Registers = ReadonlyMap<string, bigint>;

/** A frame before its own CFA is known, which takes a look at its caller. */
interface Step {
  readonly pc: bigint;
  /** False after a call, where execution continues behind the instruction that matters. */
  readonly pcIsExact: boolean;
  readonly registers: Registers;
  readonly foundBy: Frame['foundBy'];
  readonly interrupted?: string | undefined;
}

interface TrapState {
  readonly vector: bigint;
  /** Where the trap was taken, and in which mode. */
  readonly pc: bigint;
  readonly from: string;
}

interface Caller {
  readonly cfa: bigint | undefined;
  /** Undefined for the outermost frame. */
  readonly step: Step | undefined;
}

class Unwinder {
  private readonly allSymbols: ProgramSymbols;
  /** Of the mode that the frame at hand was in. */
  private symbols: ProgramSymbols;
  private mode: string | undefined;
  private readonly isa: Isa;
  private readonly maxFrames: number;
  /** Of the mode that the hart is in. */
  private readonly traps: TrapRegisters | undefined;
  private readonly target: UnwindTarget;
  private readonly memory: CachedMemory;
  private readonly byDwarf: ReadonlyMap<number, RegisterInfo>;
  private readonly stackPointer: string;
  private readonly framePointer: string | undefined;
  private readonly returnAddress: string | undefined;

  constructor(symbols: ProgramSymbols, target: UnwindTarget, options: UnwindOptions) {
    this.allSymbols = symbols;
    this.mode = options.mode;
    this.symbols = symbols.inMode(options.mode);
    this.isa = options.isa;
    this.maxFrames = options.maxFrames ?? MAX_FRAMES;
    this.traps = this.isa.traps?.find(({ mode }) => mode === options.mode);
    this.target = target;
    this.memory = new CachedMemory(target);
    const numbered = this.isa.registers.flatMap((r) =>
      r.dwarf === undefined ? [] : [[r.dwarf, r] as const],
    );
    this.byDwarf = new Map(numbered);
    this.stackPointer = this.named('stackPointer') ?? '';
    this.framePointer = this.named('framePointer');
    this.returnAddress = this.named('returnAddress');
  }

  async run(): Promise<readonly Frame[]> {
    const frames: Frame[] = [];
    const seen = new Set<string>();
    let step = await this.innermost();
    const trap = await this.trapState();
    while (step && frames.length < this.maxFrames) {
      const caller: Caller = await this.callerOf(step, frames.length === 0, trap);
      // The same place with the same stack again: the stack goes round in circles.
      const key = `${step.pc} ${step.registers.get(this.stackPointer) ?? caller.cfa}`;
      if (seen.has(key)) break;
      seen.add(key);
      frames.push(this.frame(step, caller.cfa, frames.length));
      step = caller.step;
      if (step?.interrupted !== undefined) this.behindTrap(step.interrupted);
    }
    return frames;
  }

  /** What a trap interrupted may be another world, with other code at the same addresses. */
  private behindTrap(mode: string): void {
    this.mode = mode === '' ? undefined : mode;
    this.symbols = this.allSymbols.inMode(this.mode);
  }

  private named(role: RegisterInfo['role']): string | undefined {
    return this.isa.registers.find((r) => r.role === role)?.name;
  }

  private async innermost(): Promise<Step | undefined> {
    const names = this.isa.registers.map((r) => r.name);
    const values = await this.target.readRegisters(names);
    const registers = new Map<string, bigint>();
    names.forEach((name, i) => {
      const value = values[i];
      if (value !== undefined) registers.set(name, value);
    });
    const pc = registers.get(this.named('pc') ?? '');
    return pc === undefined ? undefined : { pc, pcIsExact: true, registers, foundBy: 'registers' };
  }

  private async callerOf(
    step: Step,
    isInnermost: boolean,
    trap: TrapState | undefined,
  ): Promise<Caller> {
    const rule = this.symbols.frameRuleAt(lookupPc(step));
    if (rule) {
      const caller = await this.byRule(step, rule);
      if (caller) return interruptedBy(caller, rule.signalFrame, trap);
    }
    if (trap && !rule && this.isHandler(step.pc, trap)) return this.byTrap(step, trap);
    // Where a stack was lost, the registers of the innermost frame may still know the way.
    const byFrame = isInnermost ? undefined : await this.byFramePointer(step);
    if (byFrame) return { cfa: undefined, step: byFrame };
    const byCode = rule ? undefined : await this.byCode(step);
    if (byCode) return byCode;
    if (isInnermost && !rule) {
      const found = this.byReturnAddress(step) ?? (await this.byFramePointer(step));
      return { cfa: undefined, step: found };
    }
    return { cfa: undefined, step: undefined };
  }

  private async byRule(step: Step, rule: FrameRule): Promise<Caller | undefined> {
    try {
      return await this.applyRule(step, rule);
    } catch (error) {
      // The rule needs what cannot be had, or is broken; the other ways may still work.
      if (error instanceof Unavailable || error instanceof FormatError) return undefined;
      throw error;
    }
  }

  private async applyRule(step: Step, rule: FrameRule): Promise<Caller> {
    const { cfa, registers: saved } = await rule.apply({
      readRegister: async (number) => this.byNumber(step.registers, number),
      readMemory: (address, size) => this.memory.read(address, size),
    });
    const registers = new Map<string, bigint>();
    for (const register of this.isa.registers) {
      const { name, dwarf } = register;
      if (dwarf !== undefined && saved.has(dwarf)) {
        setIfKnown(registers, name, saved.get(dwarf));
      } else if (isPreserved(register) || rule.signalFrame) {
        // Without a rule a register was not touched, if functions have to preserve it.
        setIfKnown(registers, name, step.registers.get(name));
      }
    }
    const stackRegister = this.isa.registers.find((r) => r.name === this.stackPointer)?.dwarf;
    if (stackRegister === undefined || !saved.has(stackRegister)) {
      registers.set(this.stackPointer, cfa);
    }
    const column = rule.returnAddressRegister;
    const pc = saved.has(column) ? saved.get(column) : this.byNumber(step.registers, column);
    const isLoop = pc === step.pc && cfa === step.registers.get(this.stackPointer);
    const symbols = rule.signalFrame ? this.allSymbols : this.symbols;
    if (pc === undefined || isLoop || !this.mayBeCode(pc, symbols)) return { cfa, step: undefined };
    return {
      cfa,
      step: { pc, pcIsExact: rule.signalFrame, registers, foundBy: 'callFrameInformation' },
    };
  }

  /** What control registers say of the trap that the hart is in, if it is in any. */
  private async trapState(): Promise<TrapState | undefined> {
    const { traps } = this;
    if (!traps) return undefined;
    const { vector, vectorFlags, returnAddress, status } = traps;
    const names = [vector, returnAddress, ...status];
    const [base, pc, ...values] = await this.target.readRegisters(names);
    if (base === undefined || pc === undefined) return undefined;
    const from = traps.from(values.map((value) => value ?? 0n));
    return { vector: base & ~vectorFlags, pc, from };
  }

  private isHandler(pc: bigint, { vector }: TrapState): boolean {
    if (pc === vector) return true;
    const handler = this.symbols.functionAt(vector);
    return handler !== undefined && handler.low === this.symbols.functionAt(pc)?.low;
  }

  /** From a handler without call-frame information to what it interrupted. */
  private async byTrap(step: Step, trap: TrapState): Promise<Caller> {
    const frame = await this.codeUpTo(trap.vector, step.pc);
    const stack = step.registers.get(this.stackPointer);
    const registers = new Map(step.registers);
    const cfa = stack === undefined || !frame ? undefined : stack + BigInt(frame.size);
    if (cfa !== undefined) registers.set(this.stackPointer, cfa);
    for (const [name, offset] of frame?.saved ?? []) {
      setIfKnown(
        registers,
        name,
        cfa === undefined ? undefined : await this.word(cfa + BigInt(offset)),
      );
    }
    if (frame?.swapped !== undefined) {
      const [old] = await this.target.readRegisters([frame.swapped]);
      setIfKnown(registers, this.stackPointer, old);
    }
    return {
      cfa,
      step: {
        ...{ pc: trap.pc, pcIsExact: true, registers, foundBy: 'trap' },
        interrupted: trap.from,
      },
    };
  }

  /** By what the function's code did to the stack, where it saved its return address there. */
  private async byCode(step: Step): Promise<Caller | undefined> {
    const low = this.symbols.functionAt(lookupPc(step))?.low;
    const frame = low === undefined ? undefined : await this.codeUpTo(low, step.pc);
    const stack = step.registers.get(this.stackPointer);
    const offset = frame?.saved.get(this.returnAddress ?? '');
    if (!frame || stack === undefined || offset === undefined) return undefined;
    const cfa = stack + BigInt(frame.size);
    const pc = await this.word(cfa + BigInt(offset));
    if (pc === undefined || !this.mayBeCode(pc)) return undefined;
    const registers = new Map<string, bigint>();
    for (const register of this.isa.registers.filter(isPreserved)) {
      const { name } = register;
      const at = frame.saved.get(name);
      const value = at === undefined ? step.registers.get(name) : await this.word(cfa + BigInt(at));
      setIfKnown(registers, name, value);
    }
    registers.set(this.stackPointer, cfa);
    return { cfa, step: { pc, pcIsExact: false, registers, foundBy: 'code' } };
  }

  private async codeUpTo(start: bigint, end: bigint): Promise<CodeFrame | undefined> {
    const size = end - start;
    if (!this.isa.codeFrame || size < 0n || size > MOST_CODE) return undefined;
    const code = await this.memory.read(start, Number(size));
    return code.length === Number(size) ? this.isa.codeFrame(code, start) : undefined;
  }

  /** A leaf function without call-frame information still has its return address where it came. */
  private byReturnAddress(step: Step): Step | undefined {
    if (this.returnAddress === undefined) return undefined;
    const pc = step.registers.get(this.returnAddress);
    if (pc === undefined || !this.mayBeCode(pc) || this.sameFunction(pc, step.pc)) return undefined;
    const registers = new Map<string, bigint>();
    const kept = this.isa.registers.filter(isPreserved);
    for (const { name } of kept) setIfKnown(registers, name, step.registers.get(name));
    return { pc, pcIsExact: false, registers, foundBy: 'returnAddress' };
  }

  private async byFramePointer(step: Step): Promise<Step | undefined> {
    const { frameRecord } = this.isa;
    if (!frameRecord || this.framePointer === undefined) return undefined;
    const framePointer = step.registers.get(this.framePointer);
    const stackPointer = step.registers.get(this.stackPointer) ?? 0n;
    // The stack grows down: a frame pointer below it is some other value.
    if (framePointer === undefined || framePointer === 0n || framePointer < stackPointer) {
      return undefined;
    }
    const pc = await this.word(framePointer + BigInt(frameRecord.returnAddress));
    const previous = await this.word(framePointer + BigInt(frameRecord.framePointer));
    if (pc === undefined || !this.mayBeCode(pc)) return undefined;
    const registers = new Map([[this.stackPointer, framePointer]]);
    const fixed = this.isa.registers.filter((r) => r.role === 'fixed');
    for (const { name } of fixed) setIfKnown(registers, name, step.registers.get(name));
    setIfKnown(registers, this.framePointer, previous);
    return { pc, pcIsExact: false, registers, foundBy: 'framePointer' };
  }

  /** A return address is where the program has code; 0 is how stacks begin. */
  private mayBeCode(pc: bigint, symbols = this.symbols): boolean {
    if (pc === 0n || pc % BigInt(this.isa.instructionAlignment) !== 0n) return false;
    return (symbols.functionAt(pc - 1n) ?? symbols.functionAt(pc)) !== undefined;
  }

  private sameFunction(a: bigint, b: bigint): boolean {
    const first = this.symbols.functionAt(a - 1n);
    return first !== undefined && first.low === this.symbols.functionAt(b)?.low;
  }

  private async word(address: bigint): Promise<bigint | undefined> {
    const size = this.isa.xlen / 8;
    const bytes = await this.memory.read(BigInt.asUintN(this.isa.xlen, address), size);
    return bytes.length === size ? fromLittleEndian(bytes) : undefined;
  }

  private byNumber(registers: Registers, number: number): bigint | undefined {
    const register = this.byDwarf.get(number);
    return register && registers.get(register.name);
  }

  private frame(step: Step, cfa: bigint | undefined, index: number): Frame {
    return {
      index,
      pc: step.pc,
      lookupPc: lookupPc(step),
      cfa,
      foundBy: step.foundBy,
      interrupted: step.interrupted,
      mode: this.mode,
      symbols: this.symbols,
      register: (name) => step.registers.get(name),
      dwarfRegister: (number) => this.byNumber(step.registers, number),
    };
  }
}

/** A call that never returns may be the last instruction of its function, so look before the pc. */
function lookupPc(step: Step): bigint {
  return step.pcIsExact ? step.pc : step.pc - 1n;
}

/** Behind a trap frame: in which mode is known of the last trap alone. */
function interruptedBy(caller: Caller, isTrap: boolean, trap: TrapState | undefined): Caller {
  const { step } = caller;
  if (!isTrap || !step) return caller;
  return { ...caller, step: { ...step, interrupted: step.pc === trap?.pc ? trap.from : '' } };
}

function isPreserved(register: RegisterInfo): boolean {
  return register.calleeSaved || register.role === 'fixed';
}

function setIfKnown(registers: Map<string, bigint>, name: string, value: bigint | undefined): void {
  if (value !== undefined) registers.set(name, value);
}

/** Reads aligned blocks once: each frame's saved registers lie close together. */
class CachedMemory {
  private readonly target: UnwindTarget;
  private readonly blocks = new Map<bigint, Promise<Uint8Array>>();

  constructor(target: UnwindTarget) {
    this.target = target;
  }

  async read(address: bigint, size: number): Promise<Uint8Array> {
    const bytes: number[] = [];
    while (bytes.length < size) {
      const at = address + BigInt(bytes.length);
      const base = at & ~(BLOCK - 1n);
      const part = (await this.block(base)).subarray(Number(at - base));
      if (part.length === 0) break;
      bytes.push(...part.subarray(0, size - bytes.length));
    }
    return Uint8Array.from(bytes);
  }

  private block(base: bigint): Promise<Uint8Array> {
    let block = this.blocks.get(base);
    if (!block) {
      block = this.target.readMemory(base, Number(BLOCK));
      this.blocks.set(base, block);
    }
    return block;
  }
}

/** Divides any page, so that a block is readable as a whole or not at all. */
const BLOCK = 256n;
