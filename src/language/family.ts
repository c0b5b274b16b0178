/**
 * Instruction sets that assembly files do not tell apart, as one: an editor does not know for which
 * register width a file will be built. What only one of them has says so.
 */
import type { ControlRegisterInfo, InstructionInfo, Isa } from '../core/isa/isa.ts';

/** The first one's registers and assembler, and the instructions and control registers of all. */
export function familyOf(isas: readonly [Isa, ...Isa[]]): Isa {
  const [first] = isas;
  return {
    ...first,
    name: isas.map(({ name }) => name).join(' or '),
    instructions: united(isas, ({ instructions }) => instructions, written),
    controlRegisters: united(isas, ({ controlRegisters }) => controlRegisters, nameOf),
  };
}

function united<T extends { readonly section: string }>(
  isas: readonly Isa[],
  list: (isa: Isa) => readonly T[],
  key: (item: T) => string,
): readonly T[] {
  const owners = new Map<string, { readonly item: T; readonly names: string[] }>();
  for (const isa of isas) {
    for (const item of list(isa)) {
      const known = owners.get(key(item));
      if (!known) owners.set(key(item), { item, names: [isa.name] });
      else if (!known.names.includes(isa.name)) known.names.push(isa.name);
    }
  }
  return [...owners.values()].map(({ item, names }) =>
    names.length === isas.length
      ? item
      : { ...item, section: `${item.section} · ${names.join(', ')} alone` },
  );
}

/** A mnemonic may stand for another encoding in each. */
const written = ({ mnemonic, operands, pattern, pseudoFor }: InstructionInfo): string =>
  [mnemonic, operands, pattern, pseudoFor].join('|');

const nameOf = ({ name }: ControlRegisterInfo): string => name;
