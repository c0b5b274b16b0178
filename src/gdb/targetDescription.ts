/**
 * The target description (GDB manual, appendix "Target Descriptions"): the registers that the
 * machine at hand has, control registers with their fields as types, so that a debugger prints
 * them decoded. What lldb takes besides, it takes from attributes that gdb ignores.
 */
import type { DebugTarget } from '../core/debug/target.ts';
import type {
  ControlRegisterInfo,
  FieldInfo,
  GdbDescription,
  GdbRegister,
  Isa,
} from '../core/isa/isa.ts';
import { UserError } from '../core/base/userError.ts';

export class TargetDescription {
  readonly xml: string;
  readonly triple: string;
  /** What a `g` packet holds, in order. */
  readonly general: readonly GdbRegister[];
  private readonly byNumber: ReadonlyMap<number, GdbRegister>;
  private readonly numbers: ReadonlyMap<string, number>;

  private constructor(isa: Isa, description: GdbDescription) {
    const registers = description.features.flatMap((feature) => feature.registers);
    this.byNumber = new Map(registers.map((register) => [register.number, register]));
    this.numbers = new Map(registers.map(({ name, number }) => [name, number]));
    this.general = description.features[0]?.registers ?? [];
    this.triple = description.triple;
    this.xml = documentOf(isa, description);
  }

  /** Of the registers that the first hart has: all harts of a machine are alike. */
  static async of(isa: Isa, target: DebugTarget): Promise<TargetDescription> {
    const { gdb } = isa;
    if (!gdb) throw new UserError(`gdb has no description of '${isa.name}'`, 'isa');
    const names = gdb.features.flatMap(({ registers }) => registers.map(({ name }) => name));
    const values = await target.readRegisters(0, names);
    const present = new Set(names.filter((_, i) => values[i] !== undefined));
    const features = gdb.features
      .map(({ name, registers }) => ({
        name,
        registers: registers.filter((register) => present.has(register.name)),
      }))
      .filter(({ registers }) => registers.length > 0);
    return new TargetDescription(isa, { ...gdb, features });
  }

  register(number: number): GdbRegister | undefined {
    return this.byNumber.get(number);
  }

  numberOf(name: string): number | undefined {
    return this.numbers.get(name);
  }
}

function documentOf(isa: Isa, { architecture, features }: GdbDescription): string {
  return [
    '<?xml version="1.0"?>',
    '<!DOCTYPE target SYSTEM "gdb-target.dtd">',
    '<target version="1.0">',
    `<architecture>${architecture}</architecture>`,
    ...features.map((feature) => featureOf(isa, feature)),
    '</target>',
    '',
  ].join('\n');
}

function featureOf(isa: Isa, { name, registers }: GdbDescription['features'][number]): string {
  const types: string[] = [];
  const rows = registers.map((register) => {
    const control = isa.controlRegisters.find((info) => info.name === register.name);
    const flags = control && flagsOf(control);
    if (flags) types.push(flags.text);
    return registerOf(isa, register, control, flags?.id);
  });
  return [`<feature name="${name}">`, ...types, ...rows, '</feature>'].join('\n');
}

function registerOf(
  isa: Isa,
  { name, number, bits, type }: GdbRegister,
  control: ControlRegisterInfo | undefined,
  flags: string | undefined,
): string {
  const attributes = [
    `name="${name}"`,
    `bitsize="${bits}"`,
    `regnum="${number}"`,
    `type="${flags ?? type ?? `int${bits}`}"`,
  ];
  if (control) attributes.push('group="csr"');
  else attributes.push(...lldbAttributes(isa, name));
  return `<reg ${attributes.join(' ')}/>`;
}

/** lldb's own: numbers in DWARF and what a register is for. */
function lldbAttributes(isa: Isa, name: string): string[] {
  const info = isa.registers.find((register) => register.name === name);
  if (!info) return [];
  const attributes = [`group="${info.file === 'float' ? 'float' : 'general'}"`];
  if (info.dwarf !== undefined) {
    attributes.push(`dwarf_regnum="${info.dwarf}"`, `gcc_regnum="${info.dwarf}"`);
  }
  const generic = genericName(info.role);
  if (generic !== undefined) attributes.push(`generic="${generic}"`);
  return attributes;
}

function genericName(role: Isa['registers'][number]['role']): string | undefined {
  if (typeof role === 'object') return `arg${role.argument + 1}`;
  switch (role) {
    case 'pc':
      return 'pc';
    case 'stackPointer':
      return 'sp';
    case 'framePointer':
      return 'fp';
    case 'returnAddress':
      return 'ra';
    default:
      return undefined;
  }
}

/** A register's fields as a type; undefined where it has none, or where gdb has no such type. */
function flagsOf({ name, bits, fields }: ControlRegisterInfo) {
  if (fields.length === 0 || (bits !== 32 && bits !== 64)) return undefined;
  const enums: string[] = [];
  const rows = fields.map((field) => {
    const named = enumOf(name, field);
    if (named) enums.push(named.text);
    const width = field.high - field.low + 1;
    const type = named?.id ?? (width === 1 ? 'bool' : width > 32 ? 'uint64' : 'uint32');
    const [id, start, end] = [escapeXml(field.name), field.low, field.high];
    return `<field name="${id}" start="${start}" end="${end}" type="${type}"/>`;
  });
  const id = `${name}_fields`;
  const text = [...enums, `<flags id="${id}" size="${bits / 8}">`, ...rows, '</flags>'];
  return { id, text: text.join('\n') };
}

function enumOf(register: string, { name, high, low, values = {} }: FieldInfo) {
  const named = Object.entries(values);
  const width = high - low + 1;
  if (named.length === 0 || width === 1 || width > 32) return undefined;
  const id = `${register}_${name.replace(/\W/g, '_')}`;
  const rows = named.map(([value, text]) => {
    return `<evalue name="${escapeXml(text)}" value="${value}"/>`;
  });
  return { id, text: [`<enum id="${id}" size="4">`, ...rows, '</enum>'].join('\n') };
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
