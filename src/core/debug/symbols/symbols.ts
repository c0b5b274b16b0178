/**
 * What a debugger asks about a program's symbols, lines, frames and variables: the contract
 * between the debug adapter and the readers of ELF and DWARF. Addresses are run-time addresses,
 * unsigned, with the load offset of their file already added. Nothing here knows the target: what
 * must be read from it comes through `FrameContext` and `UnwindTarget`.
 *
 * Entry points: `loadProgramSymbols(files: readonly SymbolFile[]): ProgramSymbols` in
 * programSymbols.ts, `unwind(symbols, target: UnwindTarget, options: UnwindOptions):
 * Promise<readonly Frame[]>` in unwind.ts; variables come from `ProgramSymbols.locals`. Line numbers
 * are one-based; column 0 means unknown.
 */
import type { SectionAddresses } from '../../formats/elf/relocations.ts';
import type { FileBytes } from '../../base/fileBytes.ts';
import { UserError } from '../../base/userError.ts';
import type { Isa } from '../../isa/isa.ts';
import type { Types, Where } from '../expressions/evaluate.ts';
import type { AddressSpace, Operand, Pointee } from '../expressions/operands.ts';

/** A request that cannot be met, such as a text that is no value of a variable's type. */
export class SymbolError extends UserError {
  override readonly name = 'SymbolError';
}

/** A file to take symbols from. */
export interface SymbolFile {
  /** Its path, by which files that belong to it are found; shown in messages. */
  readonly name: string;
  /** What is not in memory as a whole is read in ranges, where they are needed. */
  readonly bytes: Uint8Array | FileBytes;
  /** Opens a file that this one names or that lies beside it: debug files, `.dwo`, `.dwp`. */
  readonly open?: (path: string) => Uint8Array | FileBytes | undefined;
  /** Added to every address in the file; 0 when absent. */
  readonly offset?: bigint;
  /** Of a file that was not linked, a module: where its sections were put. */
  readonly sections?: SectionAddresses | undefined;
  /** Modes of a hart in which its addresses are meant, as the hart names them; all when absent. */
  readonly modes?: readonly string[] | undefined;
  /** In which address spaces; all when absent. */
  readonly addressSpace?: SpaceRule | undefined;
}

/**
 * Address spaces that a file counts in: those whose identifiers are the given ones, or, where
 * nobody can know them beforehand, those in which its code is where it says.
 */
export type SpaceRule =
  | { readonly kind: 'matching' }
  | { readonly kind: 'ids'; readonly ids: Readonly<Record<string, number>> };

/** A file that does not count in every address space. */
export interface SpaceFile {
  readonly addressSpace?: SpaceRule | undefined;
  /** Some of its code, and that at an address if it has any: run-time addresses. */
  codeSamples(at: bigint): readonly { readonly address: bigint; readonly bytes: Uint8Array }[];
}

export interface SourcePosition {
  /** As recorded by the compiler, joined with the compilation directory, `.` and `..` removed. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** Where code of one source line begins. */
export interface LineLocations {
  /** Recorded path of the source that was found. */
  readonly path: string;
  /** The line asked for, or the next one that has code. */
  readonly line: number;
  /** When one was asked for and is known. */
  readonly column?: number;
  /** One address for each place that the line was compiled to; never empty. */
  readonly addresses: readonly bigint[];
}

export interface FunctionInfo {
  /** As written in the source, with its scope in C++ and Rust, without parameters. */
  readonly name: string;
  /** First address, and first address after it. */
  readonly low: bigint;
  readonly high: bigint;
  /** Where a function breakpoint belongs: after the prologue, or `low` where that is unknown. */
  readonly afterPrologue: bigint;
  /** Where the function is declared, when DWARF says so. */
  readonly declared?: SourcePosition;
}

/** A symbol of the symbol table at or before an address; `name` alone when `offset` is 0. */
export interface SymbolAt {
  readonly name: string;
  readonly address: bigint;
  /** 0 when the symbol table does not say. */
  readonly size: bigint;
  readonly offset: bigint;
  readonly kind: 'function' | 'object' | 'other';
}

/**
 * One call in progress at an address. A frame with inlined calls has several, innermost first; the
 * last one is the function that has the frame.
 */
export interface CallInProgress {
  readonly functionName: string;
  /** Where execution is in this call: the line at the address, or the line of the inlined call. */
  readonly position: SourcePosition | undefined;
  readonly inlined: boolean;
}

/** A run of instructions [start, end) that one row of the line table, or several equal ones, cover. */
export interface LineRange extends SourcePosition {
  readonly start: bigint;
  readonly end: bigint;
}

/** One file that symbols come from. */
export interface ModuleInfo {
  readonly name: string;
  /** Added to its addresses. */
  readonly offset: bigint;
  /** What it loads, run-time addresses: the first byte, and the first after the last. */
  readonly low: bigint;
  readonly high: bigint;
  /** `DWARF 5`, `symbols only`, `no symbols`. */
  readonly symbolStatus: string;
}

export interface ProgramSymbols {
  readonly modules: readonly ModuleInfo[];
  /** What could not be read, one whole sentence each, naming file, section and offset. */
  readonly problems: readonly string[];
  /**
   * What counts where a hart is in a mode: files that name it, then those that name none. The same
   * address means something else in another world. Without a mode, all files in the order given.
   */
  inMode(mode: string | undefined): ProgramSymbols;
  /** Whether any file counts in some modes or address spaces alone. */
  readonly hasWorlds: boolean;
  /** Those that count in some address spaces alone. */
  readonly spaceFiles: readonly SpaceFile[];
  /** What counts in an address space where some of these do not. */
  without(absent: readonly SpaceFile[]): ProgramSymbols;
  /**
   * Makes ready what is slow to make, in steps of some milliseconds, each yielding how much is done
   * (0 to 1). Who does not let it finish waits for the rest at the first name that needs it: a global
   * of another unit, or a function without a symbol.
   */
  prepare(): Generator<number>;
  /** Recorded paths of all sources that have code or are named by a line table, sorted. */
  readonly sources: readonly string[];

  /**
   * The recorded path that a path on the user's disk stands for: the same path, else the one that
   * shares most trailing components with it (at least the file name). Slashes either way.
   */
  findSource(path: string): string | undefined;
  /** Undefined when the source is unknown or has no code at or after the line. */
  /** With a column, the statement of the line that begins there or next. */
  locationsOfLine(path: string, line: number, column?: number): LineLocations | undefined;
  /** Lines of [first, last] that have code, ascending, for `breakpointLocations`. */
  linesWithCode(path: string, first: number, last: number): readonly number[];
  /** Columns at which statements of a line begin, ascending; none where columns are unknown. */
  columnsOfLine(path: string, line: number): readonly number[];

  positionAt(address: bigint): SourcePosition | undefined;
  /** For stepping: the adjacent rows around the address with the same path and line. */
  lineRangeAt(address: bigint): LineRange | undefined;

  /**
   * Where other functions have taken in one of a name: in the units that have it, or anywhere when it
   * is nowhere by itself and units are few.
   */
  inlinedInstances(name: string): readonly bigint[];
  /** All functions of that name: several static ones may share it. Falls back to symbols. */
  functionsNamed(name: string): readonly FunctionInfo[];
  /** Those whose names a pattern with `*` and `?` matches, at most so many. */
  functionsMatching(pattern: string, most: number): readonly FunctionInfo[];
  /** Names of symbols of code that begin so, as far as symbol tables tell. */
  namesOfCode(prefix: string, most: number): readonly string[];
  functionAt(address: bigint): FunctionInfo | undefined;
  /** Never empty where anything is known of the address: falls back to the symbol's name. */
  callsAt(address: bigint): readonly CallInProgress[];

  /** Where in the files' own code some bytes are, as addresses without offsets; one for each place. */
  placesOfCode(
    code: Uint8Array,
  ): readonly { readonly module: ModuleInfo; readonly address: bigint }[];

  /** The symbol an address belongs to, by size or else as the nearest one before it in its section. */
  symbolAt(address: bigint): SymbolAt | undefined;
  symbolNamed(name: string): SymbolAt | undefined;

  /** Call-frame information for an address, for the unwinder; undefined where there is none. */
  frameRuleAt(address: bigint): FrameRule | undefined;

  /** Types as they are named in the unit around `context.pc`, then elsewhere. */
  types(context: FrameContext): ProgramTypes;
  /**
   * Variables visible at `context.pc`: parameters and locals of all enclosing blocks, innermost
   * first. `inlineDepth` selects a call of `callsAt`: 0, the default, is the innermost.
   */
  locals(context: FrameContext, inlineDepth?: number): Promise<readonly Variable[]>;
  /** Globals and statics of the compile unit around `context.pc`. */
  globals(context: FrameContext): Promise<readonly Variable[]>;
  /** A variable as an expression at `context.pc` would find it: locals, unit, then all units. */
  variableNamed(context: FrameContext, name: string): Promise<Variable | undefined>;
}

/** How values are written for who asks. */
export interface Presentation {
  /** Of integers; characters and addresses keep their ways. */
  readonly radix: 2 | 10 | 16;
  /** Nothing is cut for its length, so that it can be copied. */
  readonly whole: boolean;
}

/** Reads and writes the frame that variables are looked at in. */
export interface FrameContext {
  /** An address inside the function: for a caller's frame the address of the call, `Frame.lookupPc`. */
  readonly pc: bigint;
  /** The mode of the hart in this frame, where it is known. */
  readonly mode?: string | undefined;
  /** What counts there; all that is known, in the mode, when absent. */
  readonly symbols?: ProgramSymbols | undefined;
  /** Canonical frame address, when the unwinder knows it. */
  readonly cfa: bigint | undefined;
  /** Value in this frame by DWARF register number. */
  readRegister(dwarf: number): Promise<bigint | undefined>;
  /** As many bytes as can be read. */
  readMemory(address: bigint, size: number): Promise<Uint8Array>;
  /** Number of bytes written. Absent when the frame is read-only. */
  writeMemory?(address: bigint, bytes: Uint8Array): Promise<number>;
  /** Absent for callers' frames, whose registers are not in the hart any more. */
  writeRegister?(dwarf: number, value: bigint): Promise<void>;
  /** The caller's frame: with it, more arguments of optimised code can be shown. */
  readonly caller?: FrameContext | undefined;
  /** Asked for anew with each value; decimal, and cut where it is long, when absent. */
  readonly presentation?: Presentation | undefined;
  /** The same with another memory; pointers found there lead into this one. */
  inSpace?(space: AddressSpace): FrameContext;
  readonly space?: AddressSpace | undefined;
  /** Where pointers lead; the context itself when absent. */
  readonly pointers?: FrameContext | undefined;
}

/** Types with which expressions make objects. */
export interface ProgramTypes extends Omit<Types<never>, 'at' | 'holding'> {
  at(type: Pointee, address: bigint, where: Where): Promise<Variable>;
  holding(type: Pointee, value: Operand, expression: string): Promise<Variable>;
}

export interface Variable {
  /** Identifier; `[3]` for array elements, `*` for what a pointer points to. */
  readonly name: string;
  /** As in C: `char *`, `struct point`, `int [4]`. */
  readonly type: string;
  /** As in C; `<optimized out>`, `<cannot read 0x…>` where there is no value. */
  readonly value: string;
  readonly kind: 'parameter' | 'local' | 'global' | 'member';
  /** Where it lives, when it is in memory. */
  readonly address?: bigint;
  /** DWARF number of the register that it lives in. */
  readonly register?: number;
  /** For a pointer: what it points to, for "view memory". */
  readonly pointsTo?: bigint;
  /** Bytes of the type. */
  readonly size: number;
  /**
   * The number that it is in an expression: integers, enumerations, pointers; arrays are their
   * address. A text says why it is none.
   */
  readonly operand?: () => Promise<Operand | string>;
  /** For expressions that compute with its address. */
  readonly objectType?: Pointee;
  /** The memory that `address` is of, when it is not what the hart sees. */
  readonly space?: AddressSpace | undefined;
  /** Set for indexable children: how many elements an array has. */
  readonly indexedCount?: number;
  /** For objects whose children are what they hold: the object by its members. */
  readonly raw?: () => Promise<Variable>;
  /** Whether the names of its children are indexes that an expression may use: `map[3]`. */
  readonly isKeyed?: boolean;
  /** C expression that evaluates to this, built from its parents: `p->next.x`. */
  readonly expression: string;
  /** Present where it can be expanded. For arrays, a window of elements. */
  readonly children?: (start?: number, count?: number) => Promise<readonly Variable[]>;
  /**
   * Present where a scalar can be changed. Takes a C integer, character, enumerator, floating
   * number or `true`/`false`; a `SymbolError` says what is wrong with the text.
   * Comes back with the variable as it is after the write.
   */
  readonly assign?: (text: string) => Promise<Variable>;
}

/** Name of a member without one: an anonymous struct or union, whose members count as its parent's. */
export const anonymousMember = '<anonymous>';

/** How to get a caller's registers, as one row of call-frame information states it. Opaque. */
export interface FrameRule {
  readonly returnAddressRegister: number;
  /** A trap frame: the caller's pc is where it was interrupted, not after a call. */
  readonly signalFrame: boolean;
  /**
   * CFA and the caller's registers by DWARF number. A register that is not in the answer keeps
   * its value; one that is undefined there has none.
   */
  apply(frame: RegisterReader): Promise<UnwoundRegisters>;
}

export interface UnwoundRegisters {
  readonly cfa: bigint;
  readonly registers: ReadonlyMap<number, bigint | undefined>;
}

export interface RegisterReader {
  readRegister(dwarf: number): Promise<bigint | undefined>;
  readMemory(address: bigint, size: number): Promise<Uint8Array>;
}

/** A stopped hart, for the unwinder. */
export interface UnwindTarget {
  /** By ABI name, `pc` included; undefined where the hart has no such register. */
  readRegisters(names: readonly string[]): Promise<readonly (bigint | undefined)[]>;
  readMemory(address: bigint, size: number): Promise<Uint8Array>;
}

export interface UnwindOptions {
  readonly isa: Isa;
  /** The mode of the hart, as it tells it; with it stacks go on through traps. */
  readonly mode?: string | undefined;
  /** Default 256. */
  readonly maxFrames?: number;
}

export interface Frame {
  /** Innermost is 0. */
  readonly index: number;
  /** Where execution continues in this frame. */
  readonly pc: bigint;
  /** Address to look up lines, functions and variables with: in the call for a caller's frame. */
  readonly lookupPc: bigint;
  readonly cfa: bigint | undefined;
  /** How this frame was found. */
  readonly foundBy:
    'registers' | 'callFrameInformation' | 'framePointer' | 'returnAddress' | 'code' | 'trap';
  /** A trap was taken here: in which mode, where that is known, else `''`. */
  readonly interrupted?: string | undefined;
  /** The mode that the hart was in, where that is known. */
  readonly mode?: string | undefined;
  /** What counts there. */
  readonly symbols: ProgramSymbols;
  /** Value in this frame by ABI name; undefined where it was not saved. */
  register(name: string): bigint | undefined;
  /** The same by DWARF number. */
  dwarfRegister(number: number): bigint | undefined;
}
