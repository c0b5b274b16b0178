/**
 * What is said about the word under the cursor, as Markdown: an instruction, register, control
 * register, directive, relocation or a name of the file. All knowledge comes from the vocabulary.
 */
import type { ControlRegisterInfo, InstructionInfo, RegisterInfo } from '../core/isa/isa.ts';
import { definitionAt } from './symbols.ts';
import type { Definition } from './symbols.ts';
import { statementAt, stringFiller, wordAt } from './source.ts';
import type { Position, Source, Span, Word } from './source.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface HoverText {
  readonly markdown: string;
  readonly at: Span;
}

export function hoverAt(
  source: Source,
  vocabulary: Vocabulary,
  position: Position,
): HoverText | undefined {
  const word = wordAt(source, position);
  if (!word || word.text.includes(stringFiller)) return undefined;
  const statement = statementAt(source, position);
  const isName = statement?.name?.start === word.start && statement.name.line === word.line;
  const defined = definitionAt(source, position)[0];
  // A macro of the file hides an instruction of its name.
  const markdown =
    isName && defined?.kind === 'macro'
      ? describeDefinition(source, defined)
      : ((isName ? describeName(vocabulary, word.text) : describeOperand(vocabulary, word)) ??
        (defined ? describeDefinition(source, defined) : undefined));
  return markdown === undefined ? undefined : { markdown, at: word };
}

function describeName(vocabulary: Vocabulary, name: string): string | undefined {
  const lower = name.toLowerCase();
  const directive = vocabulary.directive(lower);
  if (directive) return `**${directive.name}** — directive\n\n${directive.summary}`;
  return describeMnemonic(vocabulary, lower);
}

function describeOperand(vocabulary: Vocabulary, word: Word): string | undefined {
  const name = word.text.toLowerCase();
  const control = vocabulary.controlRegister(name);
  if (control) return describeControlRegister(control, vocabulary.isa.name);
  const register = vocabulary.register(name);
  if (register) return describeRegister(register);
  const relocation = vocabulary.relocation(name);
  return relocation && `**${relocation.name}** — relocation\n\n${relocation.summary}`;
}

export function describeMnemonic(vocabulary: Vocabulary, mnemonic: string): string | undefined {
  const rows = vocabulary.instructions(mnemonic);
  const suffix = vocabulary.suffix(mnemonic);
  if (rows.length === 0) {
    if (!vocabulary.isMnemonic(mnemonic)) return undefined;
    return `**${mnemonic}**\n\nAn instruction that the assembler knows and Trapline does not execute.`;
  }
  const parts = rows.map((row) => describeInstruction(row, mnemonic));
  if (suffix) parts.push(`\`${suffix.name}\` — ${suffix.summary}`);
  return parts.join('\n\n---\n\n');
}

function describeInstruction(row: InstructionInfo, mnemonic: string): string {
  const lines = [`\`\`\`\n${`${mnemonic} ${row.operands}`.trim()}\n\`\`\``, row.summary];
  if (row.pseudoFor !== undefined) {
    lines.push(`Stands for:\n\`\`\`\n${row.pseudoFor.replaceAll('; ', '\n')}\n\`\`\``);
  }
  if (row.pattern !== '') lines.push(`Encoding \`${row.pattern}\``);
  const extensions = [row.extension || 'base', ...(row.alsoIn ?? [])].join(', ');
  lines.push(`*${extensions}* · ${row.section}`);
  return lines.join('\n\n');
}

export function describeRegister(register: RegisterInfo): string {
  const aliases = register.aliases.map((a) => `\`${a}\``).join(', ');
  const saved = register.calleeSaved ? 'Saved by the callee.' : 'Not saved by the callee.';
  const lines = [
    `**${register.name}**${aliases === '' ? '' : ` (${aliases})`} — ${register.bits}-bit register`,
    sentence(register.description),
    saved,
  ];
  const { role } = register;
  if (typeof role === 'object') lines.push(`Argument ${role.argument} of a call.`);
  return lines.join('\n\n');
}

export function describeControlRegister(control: ControlRegisterInfo, isaName: string): string {
  const number = `0x${control.number.toString(16).toUpperCase().padStart(3, '0')}`;
  const access = control.writable ? 'read/write' : 'read-only';
  const lines = [
    `**${control.name}** — control register ${number}`,
    sentence(control.description),
    `${control.group} · ${control.bits} bits · accessible from ${control.privilege} · ${access}`,
  ];
  if (control.fields.length > 0) lines.push(fieldTable(control));
  const extension = control.extension === '' ? isaName : control.extension;
  lines.push(`*${extension}* · ${control.section}`);
  return lines.join('\n\n');
}

function fieldTable(control: ControlRegisterInfo): string {
  const rows = [...control.fields]
    .sort((a, b) => b.high - a.high)
    .map((f) => {
      const bits = f.high === f.low ? `${f.high}` : `${f.high}:${f.low}`;
      const values = Object.entries(f.values ?? {})
        .map(([value, name]) => `${value} ${name}`)
        .join(', ');
      const text = values === '' ? f.description : `${f.description} (${values})`;
      return `| ${bits} | ${f.name} | ${cell(text)}${f.writable ? '' : ' *(read-only)*'} |`;
    });
  return ['| Bits | Field | |', '|---|---|---|', ...rows].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

const kindNames = {
  label: 'label',
  localLabel: 'local label',
  macro: 'macro',
  section: 'section',
  constant: 'constant',
  define: 'preprocessor name',
} as const;

/** A definition by its own lines, up to eight of them. */
function describeDefinition(source: Source, definition: Definition): string {
  const last = Math.min(definition.lastLine, definition.at.line + 7);
  const text = source.lines.slice(definition.at.line, last + 1).join('\n');
  const more = last < definition.lastLine ? '\n…' : '';
  const kind = kindNames[definition.kind];
  return `**${definition.name}** — ${kind}, line ${definition.at.line + 1}\n\n\`\`\`riscv-asm\n${text}${more}\n\`\`\``;
}
