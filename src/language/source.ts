/**
 * A GNU assembler source file cut into statements: labels, name, operands, each with its place.
 * Comments, strings and preprocessor lines are told apart here and nowhere else.
 * Knows no instruction, no register and no directive; never fails, whatever the text.
 * GNU as manual, "Syntax"; comment characters as on RISC-V: `#`, `//` and C comments.
 */

/** Lines and columns count from zero, columns in UTF-16 units, as the protocol has them. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A stretch of one line; `end` is exclusive. */
export interface Span {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

export interface Word extends Span {
  readonly text: string;
}

export interface Statement extends Span {
  readonly labels: readonly Word[];
  /** Mnemonic, directive or macro; absent when there are only labels, or an assignment. */
  readonly name?: Word;
  /** `symbol = value`. */
  readonly assigned?: Word;
  /** Cut at commas outside parentheses; with comments blanked. */
  readonly operands: readonly Word[];
}

/** A line for the C preprocessor, continuation lines included. */
export interface PreprocessorLine {
  readonly directive: string;
  readonly argument: string;
  readonly line: number;
  /** The last line of it. */
  readonly lastLine: number;
}

export interface Source {
  readonly lines: readonly string[];
  /**
   * The lines with comments and preprocessor lines as blanks and the insides of strings as
   * `stringFiller`, column for column.
   */
  readonly code: readonly string[];
  readonly statements: readonly Statement[];
  readonly preprocessor: readonly PreprocessorLine[];
  /** True where a line comment, or a C comment, covers the column just before the position. */
  inComment(position: Position): boolean;
}

export const stringFiller = '\u0001';

const preprocessorLine =
  /^\s*#\s*(include|define|undef|ifdef|ifndef|if|elif|else|endif|error|warning|pragma|line)\b(.*)$/;

/** Characters of a symbol, with macro arguments (`\name`, `\@`, `\()`) as parts of it. */
const symbolPattern = String.raw`(?:\\\(\)|\\[\w@]+|[\w.$])+`;
const labelAt = new RegExp(String.raw`\s*(${symbolPattern})\s*:(?!:)`, 'y');
const nameAt = new RegExp(String.raw`\s*(${symbolPattern})`, 'y');
const assignmentAt = /\s*=(?!=)/y;

export function parseSource(text: string): Source {
  const lines = text.split(/\r\n|\n|\r/);
  const { code, commentStart, preprocessor } = blankOut(lines);
  const statements = code.flatMap((line, number) => statementsOf(line, number));
  return {
    lines,
    code,
    statements,
    preprocessor,
    inComment: ({ line, column }) =>
      column > 0 &&
      (column > (commentStart[line] ?? Infinity) ||
        ((code[line]?.[column - 1] ?? '') === ' ' && !/\s/.test(lines[line]?.[column - 1] ?? ' '))),
  };
}

/** The statement around or just before the position, which may be unfinished. */
export function statementAt(source: Source, position: Position): Statement | undefined {
  return source.statements.find(
    (s) => s.line === position.line && s.start <= position.column && position.column <= s.end,
  );
}

const wordCharacter = /[\w.$%@\\]/;

/** The word that the position touches, macro arguments and a leading `%` or `.` included. */
export function wordAt(source: Source, position: Position): Word | undefined {
  const line = source.code[position.line] ?? '';
  let start = position.column;
  let end = position.column;
  while (start > 0 && wordCharacter.test(line[start - 1]!)) start--;
  while (end < line.length && wordCharacter.test(line[end]!)) end++;
  if (start === end) return undefined;
  return { line: position.line, start, end, text: line.slice(start, end) };
}

interface Blanked {
  readonly code: string[];
  /** Column after which the rest of a line is comment. */
  readonly commentStart: (number | undefined)[];
  readonly preprocessor: PreprocessorLine[];
}

function blankOut(lines: readonly string[]): Blanked {
  const code: string[] = [];
  const commentStart: (number | undefined)[] = [];
  const preprocessor: PreprocessorLine[] = [];
  let inBlockComment = false;
  for (let number = 0; number < lines.length; number++) {
    const match: RegExpExecArray | null = inBlockComment
      ? null
      : preprocessorLine.exec(lines[number]!);
    if (match) {
      const first = number;
      let argument: string = match[2]!;
      while (/\\\s*$/.test(lines[number]!) && number + 1 < lines.length) {
        number++;
        argument = argument.replace(/\\\s*$/, ' ') + lines[number]!;
      }
      preprocessor.push({
        directive: match[1]!,
        argument: argument.trim(),
        line: first,
        lastLine: number,
      });
      for (let i = first; i <= number; i++) code.push(' '.repeat(lines[i]!.length));
      // A comment that starts on a preprocessor line may go on below it.
      const opened = argument.lastIndexOf('/*');
      inBlockComment = opened >= 0 && argument.indexOf('*/', opened) < 0;
      continue;
    }
    const blanked = blankLine(lines[number]!, inBlockComment);
    inBlockComment = blanked.inBlockComment;
    commentStart[number] = blanked.commentStart;
    code.push(blanked.text);
  }
  return { code, commentStart, preprocessor };
}

function blankLine(
  line: string,
  startsInComment: boolean,
): { text: string; inBlockComment: boolean; commentStart: number | undefined } {
  let text = '';
  let inBlockComment = startsInComment;
  for (let i = 0; i < line.length;) {
    if (inBlockComment) {
      const close = line.indexOf('*/', i);
      const end = close < 0 ? line.length : close + 2;
      text += ' '.repeat(end - i);
      i = end;
      inBlockComment = close < 0;
    } else if (line.startsWith('/*', i)) {
      inBlockComment = true;
      text += '  ';
      i += 2;
    } else if (line[i] === '#' || line.startsWith('//', i)) {
      return {
        text: text + ' '.repeat(line.length - i),
        inBlockComment,
        commentStart: i,
      };
    } else if (line[i] === '"') {
      const [literal, inside, close] = /^"((?:\\.|[^"\\])*)("?)/.exec(line.slice(i))!;
      text += '"' + stringFiller.repeat(inside!.length) + close!;
      i += literal.length;
    } else if (line[i] === "'") {
      // A character constant; the closing quote is optional in GNU as.
      const literal = /^'(?:\\.|[^\\])?'?/.exec(line.slice(i))![0];
      text += "'" + stringFiller.repeat(literal.length - 1);
      i += literal.length;
    } else {
      text += line[i];
      i++;
    }
  }
  return { text, inBlockComment, commentStart: undefined };
}

function statementsOf(line: string, number: number): Statement[] {
  const statements: Statement[] = [];
  let start = 0;
  let depth = 0;
  for (let i = 0; i <= line.length; i++) {
    if (line[i] === '(') depth++;
    if (line[i] === ')') depth--;
    // Inside parentheses it belongs to an argument of a preprocessor macro.
    if (i < line.length && (line[i] !== ';' || depth > 0)) continue;
    const statement = statementOf(line, number, start, i);
    if (statement) statements.push(statement);
    start = i + 1;
  }
  return statements;
}

function statementOf(
  line: string,
  number: number,
  start: number,
  end: number,
): Statement | undefined {
  const text = line.slice(0, end);
  const labels: Word[] = [];
  let at = start;
  for (;;) {
    labelAt.lastIndex = at;
    const match = labelAt.exec(text);
    if (!match) break;
    const labelStart = at + match[0].indexOf(match[1]!);
    labels.push(word(number, labelStart, match[1]!));
    at += match[0].length;
  }
  nameAt.lastIndex = at;
  const match = nameAt.exec(text);
  if (!match) {
    return labels.length > 0 ? { line: number, start, end, labels, operands: [] } : undefined;
  }
  const name = word(number, at + match[0].indexOf(match[1]!), match[1]!);
  assignmentAt.lastIndex = name.end;
  const assignment = assignmentAt.exec(text);
  const operandsFrom = assignment ? name.end + assignment[0].length : name.end;
  const operands = splitOperands(line, number, operandsFrom, end);
  const common = { line: number, start, end, labels, operands };
  return assignment ? { ...common, assigned: name } : { ...common, name };
}

function word(line: number, start: number, text: string): Word {
  return { line, start, end: start + text.length, text };
}

/** Cuts at commas outside parentheses and strings; the spans leave out surrounding blanks. */
function splitOperands(line: string, number: number, from: number, end: number): Word[] {
  if (line.slice(from, end).trim() === '') return [];
  const operands: Word[] = [];
  let depth = 0;
  let start = from;
  let quoted = false;
  for (let i = from; i <= end; i++) {
    const c = i < end ? line[i] : ',';
    if (c === '"') quoted = !quoted;
    if (quoted && i < end) continue;
    if (c === '(' || c === '[') depth++;
    if (c === ')' || c === ']') depth--;
    if (i < end && (c !== ',' || depth > 0)) continue;
    const raw = line.slice(start, i);
    const lead = raw.length - raw.trimStart().length;
    operands.push(word(number, raw.trim() === '' ? start : start + lead, raw.trim()));
    start = i + 1;
  }
  return operands;
}
