/**
 * An instruction set as the editor asks for it: by the word under the cursor. Built once from the
 * core's tables; knows nothing of documents.
 */
import type {
  AssemblerWord,
  ControlRegisterInfo,
  InstructionInfo,
  Isa,
  RegisterInfo,
} from '../core/isa/isa.ts';
import { commonDirectives } from './directives.ts';

export interface Vocabulary {
  readonly isa: Isa;
  /** Real instruction first, then its other forms; empty where there is none. */
  instructions(mnemonic: string): readonly InstructionInfo[];
  /** The ending of the mnemonic that is not part of its row's name, `.aqrl`. */
  suffix(mnemonic: string): AssemblerWord | undefined;
  /** True also for the names of extensions that have no rows. */
  isMnemonic(name: string): boolean;
  register(name: string): RegisterInfo | undefined;
  isRegister(name: string): boolean;
  controlRegister(name: string): ControlRegisterInfo | undefined;
  isControlRegister(name: string): boolean;
  directive(name: string): AssemblerWord | undefined;
  relocation(name: string): AssemblerWord | undefined;
  readonly directives: readonly AssemblerWord[];
  readonly relocations: readonly AssemblerWord[];
  readonly operandWords: ReadonlySet<string>;
}

export function vocabularyOf(isa: Isa): Vocabulary {
  const rows = new Map<string, InstructionInfo[]>();
  for (const row of isa.instructions) {
    const same = rows.get(row.mnemonic);
    if (!same) rows.set(row.mnemonic, [row]);
    else if (row.pseudoFor === undefined) same.unshift(row);
    else same.push(row);
  }
  const registers = new Map<string, RegisterInfo>();
  for (const register of isa.registers) {
    if (register.role === 'pc') continue;
    for (const name of [register.name, ...register.aliases]) registers.set(name, register);
  }
  const controls = new Map(isa.controlRegisters.map((c) => [c.name, c]));
  const assembler = isa.assembler;
  const otherMnemonics = new Set(assembler?.mnemonics);
  const otherRegisters = new Set(assembler?.registers);
  const otherControls = new Set(assembler?.controlRegisters);
  const directives = byName([...commonDirectives, ...(assembler?.directives ?? [])]);
  const relocations = byName(assembler?.relocations ?? []);

  /** The rows and the ending for a mnemonic such as `amoadd.w.aqrl`. */
  const suffixed = (
    mnemonic: string,
  ): { rows: readonly InstructionInfo[]; suffix: AssemblerWord } | undefined => {
    for (const suffix of assembler?.suffixes ?? []) {
      if (!mnemonic.endsWith(suffix.name)) continue;
      const stem = mnemonic.slice(0, -suffix.name.length);
      const stemRows = rows.get(stem)?.filter((r) => suffix.extensions.includes(r.extension)) ?? [];
      if (stemRows.length > 0 || otherMnemonics.has(stem)) return { rows: stemRows, suffix };
    }
    return undefined;
  };

  return {
    isa,
    instructions: (name) => rows.get(name) ?? suffixed(name)?.rows ?? [],
    suffix: (name) => (rows.has(name) ? undefined : suffixed(name)?.suffix),
    isMnemonic: (name) =>
      rows.has(name) || otherMnemonics.has(name) || suffixed(name) !== undefined,
    register: (name) => registers.get(name),
    isRegister: (name) => registers.has(name) || otherRegisters.has(name),
    controlRegister: (name) => controls.get(name),
    isControlRegister: (name) => controls.has(name) || otherControls.has(name),
    directive: (name) => directives.get(name),
    relocation: (name) => relocations.get(name),
    directives: [...directives.values()],
    relocations: [...relocations.values()],
    operandWords: new Set(assembler?.operandWords),
  };
}

function byName(words: readonly AssemblerWord[]): Map<string, AssemblerWord> {
  return new Map(words.map((w) => [w.name, w]));
}
