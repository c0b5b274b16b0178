/**
 * Makes the TextMate grammar for RISC-V assembly: the rules are here, the names come from the
 * core's tables. Scope names follow the TextMate manual, "Naming Conventions".
 */
import type { Isa } from '../core/isa/isa.ts';
import { commonDirectives } from '../language/directives.ts';

interface Rule {
  readonly name?: string;
  readonly contentName?: string;
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly include?: string;
  readonly captures?: Readonly<Record<string, Rule>>;
  readonly beginCaptures?: Readonly<Record<string, Rule>>;
  readonly endCaptures?: Readonly<Record<string, Rule>>;
  readonly patterns?: readonly Rule[];
}

/** Characters of a symbol, macro arguments as parts of it. */
const symbol = String.raw`(?:\\\(\)|\\[\w@]+|[\w.$])+`;
/**
 * What may stand before a statement on its line: nothing, comments, or what ends another. Its one
 * group takes the comments; `afterStart` numbers the captures of what follows.
 */
const statementStart = String.raw`(?:^((?:\s*/\*.*?\*/)*)|(?<=[;:]))\s*`;

function afterStart(captures: readonly Rule[]): Record<string, Rule> {
  const all = [{ patterns: [{ include: '#comments' }] }, ...captures];
  return Object.fromEntries(all.map((rule, i) => [`${i + 1}`, rule]));
}

/** The grammar as the text of its file. */
export function grammarOf(isa: Isa, scope: string, displayName: string): string {
  const suffix = scope.replace(/^source\./, '');
  const named = (name: string): string => `${name}.${suffix}`;
  const assembler = isa.assembler;

  const mnemonics = [...isa.instructions.map((i) => i.mnemonic), ...(assembler?.mnemonics ?? [])];
  const suffixes = (assembler?.suffixes ?? []).map((s) => s.name);
  const registers = isa.registers
    .filter((r) => r.role !== 'pc')
    .flatMap((r) => [r.name, ...r.aliases]);
  const controls = [
    ...isa.controlRegisters.map((c) => c.name),
    ...(assembler?.controlRegisters ?? []),
  ];
  const directives = [...commonDirectives, ...(assembler?.directives ?? [])].map((d) => d.name);
  const wordRule = (name: string, words: readonly string[]): Rule => ({
    name: named(name),
    match: String.raw`(?<![\w.$%])(?:${alternatives(words)})(?![\w.$])`,
  });

  const repository: Record<string, Rule> = {
    comments: {
      patterns: [
        {
          name: named('comment.block'),
          begin: String.raw`/\*`,
          end: String.raw`\*/`,
          captures: { '0': { name: named('punctuation.definition.comment') } },
        },
        { name: named('comment.line.double-slash'), match: String.raw`//.*$` },
        { name: named('comment.line.number-sign'), match: '#.*$' },
      ],
    },
    preprocessor: {
      name: named('meta.preprocessor'),
      begin: String.raw`^\s*(#\s*(?:include|define|undef|ifdef|ifndef|if|elif|else|endif|error|warning|pragma|line)\b)`,
      // The engine gives every line a newline; `$` would match behind it again.
      end: String.raw`(?<!\\)(?=\n)`,
      beginCaptures: { '1': { name: named('keyword.control.directive') } },
      patterns: [
        { name: named('constant.character.escape.line-continuation'), match: String.raw`\\$` },
        {
          name: named('comment.block'),
          begin: String.raw`/\*`,
          end: String.raw`\*/`,
        },
        { name: named('comment.line.double-slash'), match: String.raw`//.*$` },
        {
          match: String.raw`(?<=include)\s*(<[^>]*>)`,
          captures: { '1': { name: named('string.quoted.other.lt-gt.include') } },
        },
        {
          match: String.raw`(?<=define|undef|ifdef|ifndef)\s+([A-Za-z_]\w*)`,
          captures: { '1': { name: named('entity.name.function.preprocessor') } },
        },
        { include: '#operands' },
      ],
    },
    labels: {
      match: `${statementStart}(?:(\\d+)|(${symbol}))\\s*(:)(?!:)`,
      captures: afterStart([
        { name: named('entity.name.label.local') },
        {
          name: named('entity.name.label'),
          patterns: [{ include: '#macroArguments' }],
        },
        { name: named('punctuation.separator.label') },
      ]),
    },
    macroDefinition: {
      begin: `${statementStart}(\\.macro)\\b\\s*(${symbol})?`,
      end: String.raw`$|(?=[;#])|(?=/[/*])`,
      beginCaptures: afterStart([
        { name: named('keyword.control.directive') },
        { name: named('entity.name.function.macro') },
      ]),
      patterns: [
        {
          match: String.raw`([A-Za-z_]\w*)(:(?:req|vararg))?(?:\s*(=)\s*([^,\s]+))?`,
          captures: {
            '1': { name: named('variable.parameter.macro') },
            '2': { name: named('storage.modifier') },
            '3': { name: named('keyword.operator.assignment') },
            '4': { patterns: [{ include: '#operands' }] },
          },
        },
      ],
    },
    directives: {
      patterns: [
        {
          match: `${statementStart}(${alternatives(directives)})(?![\\w.$])`,
          captures: afterStart([{ name: named('keyword.control.directive') }]),
        },
        {
          match: `${statementStart}(\\.[\\w.]+)(?=\\s|$)`,
          captures: afterStart([{ name: named('keyword.other.directive') }]),
        },
      ],
    },
    assignments: {
      match: `${statementStart}(${symbol})\\s*(=)(?!=)`,
      captures: afterStart([
        { name: named('variable.other.constant') },
        { name: named('keyword.operator.assignment') },
      ]),
    },
    instructions: {
      patterns: [
        {
          match: `${statementStart}((?:${alternatives(mnemonics)})(?:${suffixes.map(escape).join('|')})?)(?![\\w.$(])`,
          captures: afterStart([{ name: named('keyword.mnemonic') }]),
        },
        {
          match: `${statementStart}(${symbol})(?!\\s*[:=])(?![\\w.$])`,
          captures: afterStart([
            {
              name: named('entity.name.function.macro.call'),
              patterns: [{ include: '#macroArguments' }],
            },
          ]),
        },
      ],
    },
    macroArguments: {
      name: named('variable.parameter.macro'),
      match: String.raw`\\(?:\(\)|@|\w+)`,
    },
    strings: {
      patterns: [
        {
          name: named('string.quoted.double'),
          begin: '"',
          end: '"|$',
          patterns: [
            {
              name: named('constant.character.escape'),
              match: String.raw`\\(?:[0-7]{1,3}|x[0-9A-Fa-f]+|.)`,
            },
          ],
        },
        { name: named('string.quoted.single'), match: String.raw`'(?:\\.|[^\\'])'?` },
      ],
    },
    relocations: {
      name: named('support.function.relocation'),
      match: `(?:${alternatives((assembler?.relocations ?? []).map((r) => r.name))})(?=\\s*\\()`,
    },
    registers: {
      patterns: [
        wordRule('variable.language.register', registers),
        wordRule('variable.language.register', assembler?.registers ?? []),
      ],
    },
    controlRegisters: wordRule('support.variable.csr', controls),
    operandWords: wordRule(
      'constant.language',
      // Single letters are as likely to be symbols.
      (assembler?.operandWords ?? []).filter((w) => w.length > 1),
    ),
    numbers: {
      patterns: [
        { name: named('constant.numeric.hex'), match: String.raw`(?<![\w.$])0[xX][0-9A-Fa-f]+` },
        { name: named('constant.numeric.binary'), match: String.raw`(?<![\w.$])0[bB][01]+\b` },
        { name: named('entity.name.label.reference'), match: String.raw`(?<![\w.$])\d+[bf]\b` },
        {
          name: named('constant.numeric.float'),
          match: String.raw`(?<![\w.$])\d+\.\d+(?:[eE][+-]?\d+)?`,
        },
        { name: named('constant.numeric.decimal'), match: String.raw`(?<![\w.$])\d+(?:[uUlL]*)\b` },
      ],
    },
    sectionTypes: {
      name: named('storage.type'),
      match: String.raw`(?<=[\s,])[@%](?:function|object|progbits|nobits|note|init_array|fini_array|notype|tls_object|common|gnu_\w+)\b`,
    },
    operators: {
      patterns: [
        {
          name: named('keyword.operator'),
          match: String.raw`<<|>>|[=!<>]=|&&|\|\||[-+*/%&|^~!<>]`,
        },
        { name: named('punctuation.separator.comma'), match: ',' },
        { name: named('punctuation.separator.statement'), match: ';' },
      ],
    },
    operands: {
      patterns: [
        'strings',
        'macroArguments',
        'relocations',
        'sectionTypes',
        'registers',
        'controlRegisters',
        'operandWords',
        'numbers',
        'operators',
      ].map((rule) => ({ include: `#${rule}` })),
    },
  };

  const grammar = {
    $schema: 'https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json',
    information_for_contributors: ['Generated by src/build/generateGrammar.ts; change that.'],
    name: displayName,
    scopeName: scope,
    patterns: [
      'preprocessor',
      'labels',
      'macroDefinition',
      'directives',
      'assignments',
      'instructions',
      'comments',
      'operands',
    ].map((rule) => ({ include: `#${rule}` })),
    repository,
  };
  return JSON.stringify(grammar, null, 2) + '\n';
}

/** Longest first, so that `c.add` does not end the search for `c.addi`. */
function alternatives(words: readonly string[]): string {
  const unique = [...new Set(words)];
  unique.sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return unique.map(escape).join('|');
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
