/** `trapline dis`: the code of an ELF file as assembly, by the tables the emulator itself runs on. */
import { UserError } from '../core/base/userError.ts';
import { SHF_EXECINSTR, STT_FUNC, STT_NOTYPE } from '../core/formats/elf/constants.ts';
import { ElfFile } from '../core/formats/elf/elf.ts';
import type { Isa } from '../core/isa/isa.ts';
import { isaOfElf } from '../core/registry.ts';
import { readInput } from '../host/node/launchFiles.ts';
import { exitCodes, type Command } from './command.ts';
import type { CommandSpec, ParsedOptions } from './options.ts';

const spec: CommandSpec = {
  name: 'dis',
  operands: 'FILE',
  summary: 'Disassembles the code sections of an ELF file.',
  options: [],
};

export const disCommand: Command = { spec, run };

async function run(options: ParsedOptions): Promise<number> {
  const name = options.operand('file');
  const bytes = readInput('dis', name, process.cwd());
  if (!ElfFile.recognises(bytes)) throw new UserError(`'${name}' is no ELF file`);
  const elf = new ElfFile(bytes, name);
  const isa = isaOfElf(elf);
  const labels = labelsOf(elf);
  for (const section of elf.sections) {
    if ((section.flags & SHF_EXECINSTR) === 0) continue;
    process.stdout.write(`${section.name}:\n`);
    for (const line of disassembly(isa, elf.sectionBytes(section), section.address, labels)) {
      process.stdout.write(`${line}\n`);
    }
  }
  return exitCodes.done;
}

function labelsOf(elf: ElfFile): ReadonlyMap<bigint, string> {
  const named = elf.symbols.filter(
    (symbol) =>
      (symbol.type === STT_FUNC || symbol.type === STT_NOTYPE) && /^[A-Za-z_.]/.test(symbol.name),
  );
  return new Map(named.map((symbol) => [symbol.value, symbol.name]));
}

function* disassembly(
  isa: Isa,
  bytes: Uint8Array,
  start: bigint,
  labels: ReadonlyMap<bigint, string>,
): Generator<string> {
  for (let at = 0; at < bytes.length;) {
    const address = start + BigInt(at);
    const label = labels.get(address);
    if (label !== undefined) yield `\n${label}:`;
    const { size, text, target } = isa.disassemble(bytes.subarray(at), address);
    const code = [...bytes.subarray(at, at + size)].reverse();
    const hex = code.map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const goal = target === undefined ? undefined : labels.get(target);
    const comment = goal === undefined ? '' : `  # ${goal}`;
    yield `${address.toString(16).padStart(12)}:  ${hex.padEnd(10)} ${text}${comment}`;
    at += size;
  }
}
