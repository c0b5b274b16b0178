/**
 * The one place that knows which instruction sets and boards exist. Everything above asks here.
 */
import type { EngineHost } from './engine/engineHost.ts';
import type { TranslatorOptions } from './engine/translator/translator.ts';
import { UserError } from './base/userError.ts';
import type { CallTableRow } from './debug/target.ts';
import { machineName } from './formats/elf/constants.ts';
import type { ElfFile } from './formats/elf/elf.ts';
import type { RelocationsOf } from './formats/elf/relocations.ts';
import { CallPolicy, type CallRule } from './hypervisor/callPolicy.ts';
import { defaultCalls, sbiCallNames, sbiConsoleAnswers } from './hypervisor/riscv/sbiTable.ts';
import type { Isa } from './isa/isa.ts';
import { riscvIsa } from './isa/riscv/riscv.ts';
import { callTable, callTableQuery } from './machine/callTable.ts';
import { createVirtMachine } from './machine/boards/virtMachine.ts';
import type { LaunchConfig, LaunchFiles } from './machine/launchConfig.ts';
import { LockstepMachine } from './machine/lockstepMachine.ts';
import type { Machine } from './machine/machine.ts';

const isas: Readonly<Record<string, () => Isa>> = {
  rv32: () => riscvIsa(32),
  rv64: () => riscvIsa(64),
};

/** The instruction set under a `TargetInfo.isa` key. */
export function isaNamed(name: string): Isa {
  const make = isas[name];
  if (!make) throw new UserError(`unknown instruction set '${name}'`, 'isa');
  return make();
}

/** e_machine (gABI, chapter 4) and word size of an ELF file's instruction set. */
const elfMachines: Readonly<Record<number, Readonly<Record<32 | 64, string | undefined>>>> = {
  243: { 32: 'rv32', 64: 'rv64' },
};

/** The instruction set that an ELF file was built for. */
export function isaOfElf(elf: ElfFile): Isa {
  const name = elfMachines[elf.machine]?.[elf.is64 ? 64 : 32];
  if (name !== undefined) return isaNamed(name);
  const bits = elf.is64 ? 64 : 32;
  throw new UserError(`'${elf.name}' is for ${machineName(elf.machine)} (${bits} bits)`, elf.name);
}

/** Relocations in files that were not linked, by their machine. */
export const relocationsOf: RelocationsOf = (machine) => {
  const name = elfMachines[machine]?.[64];
  return name === undefined ? undefined : isaNamed(name).dataRelocation;
};

/** Who would answer which firmware call of a guest with these rules; throws where they overlap. */
export function callTableFor(rules: readonly CallRule[]) {
  const policy = new CallPolicy(defaultCalls, rules);
  const parts = [policy, sbiCallNames, [sbiConsoleAnswers]] as const;
  return {
    rows: callTable(...parts).rows,
    /** Without a function: what most functions of the extension meet. */
    query: (extension: number, fn?: number): CallTableRow =>
      callTableQuery(...parts, extension, fn),
  };
}

export const callNames = sbiCallNames;

type MakeMachine = (
  config: LaunchConfig,
  files: LaunchFiles,
  translation?: TranslatorOptions,
  host?: EngineHost,
) => Machine;

const boards: Readonly<Record<string, MakeMachine>> = {
  virt: createVirtMachine,
};

/** A machine as a launch describes it, everything loaded, about to execute its first instruction. */
export function createMachine(
  config: LaunchConfig,
  files: LaunchFiles,
  /** How the translator works where the launch has it. */
  translation: TranslatorOptions = {},
  host?: EngineHost,
): Machine {
  const make = boards[config.board];
  if (!make) {
    const known = Object.keys(boards).join(', ');
    throw new UserError(`board: there is no '${config.board}'; boards are ${known}`, 'board');
  }
  if (config.engine === 'lockstep') {
    const [first, second] = (['interpreter', 'jit'] as const).map((engine) =>
      make({ ...config, engine }, files, translation),
    );
    return new LockstepMachine(first!, second!);
  }
  const options = config.engine === 'auto' ? { youth, ...translation } : translation;
  return make(config, files, options, host);
}

/**
 * The translator is slow itself before it is warm, and many runs are short: with `auto` they are
 * interpreted so long but for what is hot beyond doubt.
 */
const youth = 50e6;
