/**
 * What an instruction set tells everything above it: registers with roles, control registers with
 * fields, instructions with syntax. Views, the debug adapter and the language server know an ISA
 * only through this; they never name a register of one.
 */

import type { DataRelocation } from '../formats/elf/relocations.ts';

export interface RegisterInfo {
  /** The ABI name, the key under which a target reads and writes it: `a0`, `sp`, `pc`. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly bits: number;
  readonly description: string;
  readonly role?: RegisterRole;
  /** Another register file than the general one: instructions name which they mean. */
  readonly file?: 'float';
  /** DWARF register number, where it has one. */
  readonly dwarf?: number;
  /** Saved by the callee in the standard calling convention. */
  readonly calleeSaved: boolean;
}

export type RegisterRole =
  | 'pc'
  | 'stackPointer'
  | 'framePointer'
  | 'returnAddress'
  /** The same in all frames of a stack: a constant, or a pointer that functions leave alone. */
  | 'fixed'
  | { readonly argument: number };

export interface FieldInfo {
  readonly name: string;
  /** Highest and lowest bit, inclusive. */
  readonly high: number;
  readonly low: number;
  readonly description: string;
  /** Names of particular values. */
  readonly values?: Readonly<Record<number, string>>;
  readonly writable: boolean;
  /** The extension that brings it, where that is not the register's own. */
  readonly extension?: string;
}

export interface ControlRegisterInfo {
  /** Key under which a target reads and writes it: `satp`, `hgatp`. */
  readonly name: string;
  readonly number: number;
  readonly bits: number;
  readonly description: string;
  /** Section of the specification. */
  readonly section: string;
  /** How views group it: `Machine`, `Supervisor`, `Hypervisor`, `Virtual supervisor`, … */
  readonly group: string;
  /** What registers of several levels are copies of: `status` for `mstatus` and its like. */
  readonly counterpart?: string;
  /** Lowest privilege that may access it, as the ISA names it: `M`, `HS`, `S`, `U`. */
  readonly privilege: string;
  readonly writable: boolean;
  readonly fields: readonly FieldInfo[];
  /** The extension that brings it, `''` for the base. */
  readonly extension: string;
}

export interface InstructionInfo {
  /** `addi`, `amoadd.w`, `c.addi`. */
  readonly mnemonic: string;
  /** Assembler operands: `rd, rs1, imm`; empty when there are none. */
  readonly operands: string;
  readonly summary: string;
  readonly section: string;
  /** `I`, `M`, `Zba`, … */
  readonly extension: string;
  /** Further extensions, each of which brings the instruction too. */
  readonly alsoIn?: readonly string[];
  /** Bit pattern, most significant first, as in the manual: `imm[11:0] rs1:5 000 rd:5 0010011`. */
  readonly pattern: string;
  /** Present for an assembler's shorthand: what it stands for, `addi rd, rs, 0`. */
  readonly pseudoFor?: string;
}

/** What an instruction does to control flow, for stepping and unwinding. */
export type ControlFlow = 'next' | 'jump' | 'branch' | 'call' | 'return' | 'trap' | 'trapReturn';

export interface DisassembledInstruction {
  /** Bytes it takes; at least the ISA's smallest instruction even where nothing decodes. */
  readonly size: number;
  /** `addi a0, a0, 1`; `.word 0x…` where nothing decodes. */
  readonly text: string;
  readonly mnemonic: string;
  readonly valid: boolean;
  readonly flow: ControlFlow;
  /** Destination of a direct jump, branch or call. */
  readonly target?: bigint;
  /** Of an indirect one: the register that it goes by, and what is added. */
  readonly through?: { readonly register: string; readonly offset: bigint };
  /** The general register that it changes, and to what where its address alone says that. */
  readonly changes?: { readonly register: string; readonly to?: bigint };
}

/** A word an assembler knows, with one line on what it does. */
export interface AssemblerWord {
  readonly name: string;
  readonly summary: string;
}

/**
 * What assemblers accept beyond the tables of instructions and registers. Editors use it to
 * complete and colour, and above all so as not to call wrong what is merely not executed here.
 */
export interface AssemblerInfo {
  /** Mnemonics of extensions that `Isa.instructions` has no rows for. */
  readonly mnemonics: readonly string[];
  /** Further registers and control registers, by the names assemblers take. */
  readonly registers: readonly string[];
  readonly controlRegisters: readonly string[];
  /** Endings such as `.aqrl`, taken by every instruction of the extensions named. */
  readonly suffixes: readonly (AssemblerWord & { readonly extensions: readonly string[] })[];
  /** `%hi`, `%pcrel_lo`: operators that become relocations, with their leading character. */
  readonly relocations: readonly AssemblerWord[];
  /** Directives beyond those every assembler of the GNU family has. */
  readonly directives: readonly AssemblerWord[];
  /** Words that only mean something as an operand: rounding modes, fence sets. */
  readonly operandWords: readonly string[];
}

/** A register as gdb's remote protocol has it. */
export interface GdbRegister {
  /** Key under which a target reads and writes it. */
  readonly name: string;
  /** Its number in packets. */
  readonly number: number;
  readonly bits: number;
  /** Of gdb's predefined types; absent for a plain integer. */
  readonly type?: 'code_ptr' | 'data_ptr' | 'ieee_single' | 'ieee_double';
  /** What it is computed from can be changed, it cannot. */
  readonly readOnly?: boolean;
}

/**
 * What a gdb stub tells of an instruction set (GDB manual, appendix "Target Descriptions"). The
 * first feature's registers, in order, are what a `g` packet holds.
 */
export interface GdbDescription {
  /** As gdb's `set architecture` takes it. */
  readonly architecture: string;
  /** As lldb names it. */
  readonly triple: string;
  readonly features: readonly {
    readonly name: string;
    readonly registers: readonly GdbRegister[];
  }[];
}

/** What a stretch of code from a function's beginning has done to the stack. */
export interface CodeFrame {
  /** Bytes by which the stack pointer is below where it was at the beginning. */
  readonly size: number;
  /** Registers by name, in bytes from where the stack pointer was. */
  readonly saved: ReadonlyMap<string, number>;
  /** The control register that holds the interrupted code's stack pointer meanwhile. */
  readonly swapped?: string | undefined;
}

/** Control registers of the traps to one mode. */
export interface TrapRegisters {
  /** As a hart tells it: `M-mode`. */
  readonly mode: string;
  /** Its handler's address; lowest bits that are none of it. */
  readonly vector: string;
  readonly vectorFlags: bigint;
  readonly returnAddress: string;
  readonly cause: string;
  /** Of values of `cause`. */
  isInterrupt(cause: bigint): boolean;
  /** Read to tell where traps came from. */
  readonly status: readonly string[];
  /** The mode that the last of them came from, by the values of `status`. */
  from(status: readonly bigint[]): string;
}

export interface Isa {
  readonly name: string;
  readonly xlen: 32 | 64;
  /** Smallest instruction in bytes. */
  readonly instructionAlignment: number;
  readonly registers: readonly RegisterInfo[];
  /**
   * Where a function that keeps a frame pointer saves the caller's return address and frame pointer,
   * in bytes from the frame pointer; for unwinding code without call-frame information.
   */
  readonly frameRecord?: { readonly returnAddress: number; readonly framePointer: number };
  /** For unwinding code that has neither call-frame information nor a frame pointer. */
  readonly codeFrame?: (code: Uint8Array, address: bigint) => CodeFrame;
  readonly traps?: readonly TrapRegisters[];
  /** All modes of a hart, as `Cpu.modeName` has them, the most privileged first. */
  readonly modes?: readonly string[];
  /** What identifies address spaces, as `Cpu.addressSpace` names it. */
  readonly spaceIds?: readonly string[];
  readonly controlRegisters: readonly ControlRegisterInfo[];
  readonly instructions: readonly InstructionInfo[];
  readonly assembler?: AssemblerInfo;
  readonly gdb?: GdbDescription;
  /** What a relocation type does to data in a file that was not linked. */
  readonly dataRelocation?: (type: number) => DataRelocation | undefined;
  /** Registers, also of control, that an instruction names as what it reads, in a mode; bytes as below. */
  readonly registersRead?: (bytes: Uint8Array, mode: string) => readonly string[];
  /** `bytes` starts at the instruction; it may be longer or cut short. */
  disassemble(bytes: Uint8Array, address: bigint): DisassembledInstruction;
}
