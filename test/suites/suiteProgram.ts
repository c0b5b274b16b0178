/**
 * Runs a program of a public test suite (riscv-tests, riscv-arch-test) in the machine that
 * `trapline run --mode machine` has, and compares what it leaves behind: the number that it writes
 * to `tohost` (HTIF), and the memory between `begin_signature` and `end_signature`.
 */
import { UserError } from '../../src/core/base/userError.ts';
import { ElfFile } from '../../src/core/formats/elf/elf.ts';
import { parseLaunchConfig } from '../../src/core/machine/parseLaunchConfig.ts';
import type { Machine } from '../../src/core/machine/machine.ts';
import { createMachine } from '../../src/core/registry.ts';

export interface SuiteOptions {
  /** ISA string; without it the default one of the file's register width. */
  readonly isa?: string;
  readonly maxInstructions?: number;
  readonly engine?: string;
}

export interface SuiteOutcome {
  /** Why the program did not pass, or undefined when it did. */
  readonly failure?: string;
  /** Words of the signature in hexadecimal, a line each, as Spike writes them. */
  readonly signature?: string;
  readonly instructions: number;
}

/** `reference`: the signature that is right, when the program has one. */
export function runSuiteProgram(
  name: string,
  bytes: Uint8Array,
  reference: string | undefined,
  options: SuiteOptions = {},
): SuiteOutcome {
  const elf = new ElfFile(bytes, name);
  const { maxInstructions = 50_000_000, engine = 'auto' } = options;
  const { isa = '' } = options;
  const raw = { program: name, mode: 'machine', isa, memory: '256M', engine, maxInstructions };
  const config = parseLaunchConfig(raw);
  const machine = createMachine(config, new Map([[name, bytes]]));
  const failure = runToEnd(machine, maxInstructions);
  const signature = signatureOf(machine, elf);
  const { instructions } = machine;
  const difference = failure ?? compare(signature, reference);
  return {
    instructions,
    ...(difference === undefined ? {} : { failure: difference }),
    ...(signature === undefined ? {} : { signature }),
  };
}

function runToEnd(machine: Machine, maxInstructions: number): string | undefined {
  const stop = machine.run(maxInstructions);
  switch (stop.kind) {
    case 'ended':
      return stop.end.reason === 'shutdown' ? undefined : stop.end.text;
    case 'event':
      return stop.text;
    case 'budget':
      return `not at its end after ${maxInstructions} instructions, at ${where(machine)}`;
    case 'idle':
    case 'breakpoint':
      return `${stop.kind} at ${where(machine)}`;
  }
}

const where = (machine: Machine): string => `pc 0x${machine.harts[0]?.pc.toString(16) ?? '?'}`;

function signatureOf(machine: Machine, elf: ElfFile): string | undefined {
  const at = (name: string): number | undefined => {
    const symbol = elf.symbols.find((s) => s.name === name);
    return symbol && Number(symbol.value);
  };
  const [begin, end] = [at('begin_signature'), at('end_signature')];
  if (begin === undefined || end === undefined) return undefined;
  const lines: string[] = [];
  for (let address = begin; address < end; address += 4) {
    const view = machine.memory.view8(address, 4);
    if (!view) throw new UserError(`${elf.name}: its signature is not in memory`, elf.name);
    const word = new DataView(view.buffer, view.byteOffset).getUint32(0, true);
    lines.push(word.toString(16).padStart(8, '0'));
  }
  return lines.join('\n');
}

function compare(signature: string | undefined, reference: string | undefined): string | undefined {
  if (reference === undefined) return undefined;
  if (signature === undefined) return 'it has a reference and no signature';
  const [ours, theirs] = [signature.split('\n'), reference.trim().split('\n')];
  if (ours.length !== theirs.length) {
    return `${ours.length} words in the signature, ${theirs.length} in the reference`;
  }
  const wrong = ours.flatMap((word, i) => (word === theirs[i] ? [] : [i]));
  if (wrong.length === 0) return undefined;
  const first = wrong[0]!;
  return (
    `${wrong.length} of ${ours.length} words differ from the reference; ` +
    `word ${first} is ${ours[first]}, should be ${theirs[first]}`
  );
}
