/**
 * Compares what gdb says with what we say. A difference is either one of those that
 * differences.md explains, counted under its name, or one that nobody has explained: a fault.
 */
import type { Comparison, SeenFrame, SeenVariable } from './observed.ts';

/** Names of the explained ones, as differences.md has them. */
export const explanations = [
  'scopes of enumerators',
  'names of functions',
  'types of Rust and C++',
  'caller-saved registers',
  'return address of callers',
  'tail calls',
  'end of stack',
  'nested functions',
  'length of relaxed assembly',
  'assembly without call-frame information',
  'rows without effect',
  'memory that gdb does not read',
  'variables without a value',
  'variants in registers',
  'slices',
] as const;

export type Explanation = (typeof explanations)[number];

export interface Result {
  /** How much was compared. */
  readonly compared: Readonly<
    Record<
      'rows' | 'instructions' | 'stops' | 'frames' | 'registers' | 'variables' | 'values',
      number
    >
  >;
  readonly explained: ReadonlyMap<Explanation, number>;
  readonly faults: readonly string[];
}

export function differences({ theirs, ours }: Comparison): Result {
  const run = new Run();
  run.rows(theirs.rows, ours.rows);
  theirs.code.forEach((seen, i) => run.code(seen, ours.code[i]));
  theirs.stops.forEach((frames, i) => run.stop(`stop ${i}`, frames, ours.stops[i] ?? []));
  const { compared, explained, faults } = run;
  return { compared, explained, faults };
}

type Rows = Comparison['ours']['rows'];
type Code = Comparison['ours']['code'][number];

class Run {
  readonly compared = {
    rows: 0,
    instructions: 0,
    stops: 0,
    frames: 0,
    registers: 0,
    variables: 0,
    values: 0,
  };
  readonly explained = new Map<Explanation, number>();
  readonly faults: string[] = [];

  rows(theirs: Rows, ours: Rows): void {
    const text = ({ file, line, address, statement }: Rows[number]) =>
      `${hex(address)} ${file}:${line}${statement ? '' : ' (no statement)'}`;
    const own = new Set(ours.map(text));
    // What gdb has as line 0 are ends of what it keeps together, by its own division into files.
    const real = theirs.filter(({ line }) => line !== 0);
    for (const row of real) if (!own.has(text(row))) this.fault(`row ${text(row)} is not ours`);
    this.compared.rows += real.length;
    const known = new Set(real.map(text));
    const extra = ours.filter((row) => row.line !== 0 && !known.has(text(row)));
    this.explain('rows without effect', extra.length);
  }

  code(theirs: Code, ours: Code | undefined): void {
    this.compared.instructions++;
    const at = hex(theirs.pc);
    if (!ours) return this.fault(`${at} is unknown`);
    if (theirs.file !== ours.file || theirs.line !== ours.line) {
      this.fault(`${at} is ${theirs.file}:${theirs.line}, not ${ours.file}:${ours.line}`);
    }
    const wanted = theirs.calls.map(plainName);
    const found = ours.calls.map(plainName);
    const nested = found.length < wanted.length && found.every((name, i) => name === wanted[i]);
    if (nested) return this.explain('nested functions');
    if (wanted.join() !== found.join())
      this.fault(`${at} is in ${wanted.join()}, not ${found.join()}`);
    if (theirs.calls.join() !== ours.calls.join()) this.explain('names of functions');
    if (theirs.start === null || theirs.end === null) return;
    if (theirs.start !== ours.start)
      this.fault(`${at}: begins at ${hex(theirs.start)}, not ${hex(ours.start)}`);
    if (theirs.end === ours.end) return;
    const isAssembly = theirs.file?.endsWith('.S') && Number(theirs.end) > Number(ours.end);
    if (isAssembly) this.explain('length of relaxed assembly');
    else this.fault(`${at}: ends at ${hex(theirs.end)}, not ${hex(ours.end)}`);
  }

  stop(where: string, theirs: readonly SeenFrame[], ours: readonly SeenFrame[]): void {
    this.compared.stops++;
    const real = theirs.filter(({ tailCall }) => !tailCall);
    this.explain('tail calls', theirs.length - real.length);
    if (real.length > 1 && real.at(-1)?.pc === '0') {
      real.pop();
      this.explain('end of stack');
    }
    const text = (frames: readonly SeenFrame[]) => frames.map(({ pc }) => hex(pc)).join(' ');
    const hasNoRules = real.some(({ function: name }) => withoutRules.has(name ?? ''));
    if (text(real) !== text(ours)) {
      if (hasNoRules) return this.explain('assembly without call-frame information');
      return this.fault(`${where}: frames ${text(real)}, not ${text(ours)}`);
    }
    real.forEach((frame, i) => {
      const own = ours[i];
      if (own) this.frame(`${where}, frame ${i}`, frame, own, i, hasNoRules);
    });
  }

  private frame(
    where: string,
    theirs: SeenFrame,
    ours: SeenFrame,
    depth: number,
    hasNoRules: boolean,
  ): void {
    this.compared.frames++;
    const text = ({ function: name, file, line, inlined }: SeenFrame) =>
      `${plainName(name ?? '??')} ${file}:${line}${inlined ? ' inlined' : ''}`;
    if (text(theirs) !== text(ours)) this.fault(`${where}: ${text(theirs)}, not ${text(ours)}`);
    for (const [name, value] of Object.entries(theirs.registers)) {
      this.compared.registers++;
      const own = ours.registers[name];
      if (own === value) continue;
      if (depth > 0 && name === 'ra' && own === undefined)
        this.explain('return address of callers');
      else if (depth > 0 && hasNoRules) this.explain('assembly without call-frame information');
      else
        this.fault(`${where}: ${name} is ${hex(value)}, not ${own === undefined ? own : hex(own)}`);
    }
    this.variables(where, theirs, ours, depth);
    for (const [name, register] of Object.entries(theirs.inRegisters ?? {})) {
      const own = ours.inRegisters?.[name];
      if (own === undefined && register === '') continue;
      const wanted = register === 'fp' ? 's0' : register;
      if (own !== wanted) this.fault(`${where}: ${name} is in '${wanted}', not '${own}'`);
    }
  }

  private variables(where: string, theirs: SeenFrame, ours: SeenFrame, depth: number): void {
    const isC = theirs.file?.endsWith('.c') ?? false;
    const listed = (frame: SeenFrame) => new Set(frame.variables.map(({ name }) => name));
    const [known, found] = [listed(theirs), listed(ours)];
    const alone = [
      ...theirs.variables.filter(({ name }) => !found.has(name)),
      ...ours.variables.filter(({ name }) => !known.has(name)),
    ];
    for (const { name, values } of alone) {
      const isGone = Object.values(values).every((value) => value.startsWith('<'));
      if (isGone) this.explain('variables without a value');
      else this.fault(`${where} (${theirs.function}): one of us has no ${name}`);
    }
    const order = (frame: SeenFrame, other: ReadonlySet<string>) =>
      frame.variables.flatMap(({ name }) => (other.has(name) ? [name] : [])).join(' ');
    if (order(theirs, found) !== order(ours, known)) {
      this.fault(`${where}: variables ${order(theirs, found)}, not ${order(ours, known)}`);
    }
    const own = new Map(ours.variables.map((variable) => [variable.name, variable]));
    for (const variable of theirs.variables) {
      const same = own.get(variable.name);
      if (same) this.variable(`${where}: ${variable.name}`, variable, same, depth, isC);
    }
  }

  private variable(
    where: string,
    theirs: SeenVariable,
    ours: SeenVariable,
    depth: number,
    isC: boolean,
  ): void {
    this.compared.variables++;
    if (theirs.place !== 'reference' && theirs.place !== ours.place) {
      this.fault(`${where} is at ${theirs.place}, not ${ours.place}`);
    }
    if (shape(theirs.type) !== shape(ours.type)) {
      if (isC) this.fault(`${where} is ${theirs.type}, not ${ours.type}`);
      else this.explain('types of Rust and C++');
    }
    const own = Object.values(theirs.values);
    if (own.length > 0 && own.every((value) => value === '<optimized out>')) {
      const isGone = Object.values(ours.values).every((value) => value.startsWith('<'));
      if (!isGone) this.fault(`${where} is optimized out, not ${JSON.stringify(ours.values)}`);
      this.compared.values++;
      return;
    }
    const wanted = withoutVariants(theirs.values);
    // In memory neither of us can read it.
    const isUnreadable = Object.values(ours.values).every((value) => value.startsWith('<cannot'));
    const failed = Object.entries(wanted).filter(
      ([, value]) => value.startsWith('<Cannot') && (theirs.place === 'none' || isUnreadable),
    );
    const paths = new Set([...Object.keys(wanted), ...Object.keys(ours.values)]);
    const slices = slicesWithoutElements(wanted, ours.values);
    this.explain('slices', slices.length);
    for (const path of paths) {
      if (slices.some((base) => path === base || path.startsWith(`${base}.`))) continue;
      if (failed.some(([prefix]) => path.startsWith(prefix))) {
        this.explain('memory that gdb does not read');
        continue;
      }
      const own = ours.values[path];
      // gdb finds out which variant it is only in memory.
      const isVariant = theirs.place === 'none' && /__\d+$/.test(path);
      if (isVariant && (own === undefined || own === '<optimized out>')) {
        this.explain('variants in registers');
        continue;
      }
      this.value(`${where}, ${path}`, wanted[path], own, depth);
    }
  }

  private value(
    where: string,
    theirs: string | undefined,
    ours: string | undefined,
    depth: number,
  ): void {
    this.compared.values++;
    // A variant without data is its name alone, and has nothing in it for gdb.
    if (theirs === undefined && ours !== undefined && /^[A-Z]\w*$/.test(ours)) return;
    if (theirs === undefined || ours === undefined)
      return this.fault(`${where}: ${theirs}, not ${ours}`);
    if (plainValue(theirs) === plainValue(ours)) {
      if (theirs.includes('::') && !ours.includes('::')) this.explain('scopes of enumerators');
      return;
    }
    // gdb takes for granted that callees left caller-saved registers alone; we do not.
    if (depth > 0 && /was not saved/.test(ours)) this.explain('caller-saved registers');
    else this.fault(`${where}: ${theirs}, not ${ours}`);
  }

  private explain(name: Explanation, count = 1): void {
    if (count > 0) this.explained.set(name, (this.explained.get(name) ?? 0) + count);
  }

  private fault(text: string): void {
    this.faults.push(text);
  }
}

/** Functions of program.S that say nothing of how their stack is unwound. */
const withoutRules = new Set(['with_frame_pointer']);

/** The last component, without arguments of templates. */
function plainName(name: string): string {
  let depth = 0;
  let plain = '';
  const same = name.replace('operator()', 'operator').replace('{closure#0}', '{{closure}}');
  for (const character of same) {
    if (character === '<') depth++;
    if (depth === 0) plain += character;
    if (character === '>') depth--;
  }
  return plain.replace(/::$/, '').split('::').at(-1) ?? '';
}

/** Which variant it is, gdb has in the path, and we in the value. */
function withoutVariants(values: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(values);
  return Object.fromEntries(
    entries.map(([path, value]) => [path.replace(/(?<!_vptr)\.[A-Z]\w*(?=\.|$)/g, ''), value]),
  );
}

/** Slices whose elements are nowhere or too many: gdb shows a pointer and a length, we the elements. */
function slicesWithoutElements(
  theirs: Readonly<Record<string, string>>,
  ours: Readonly<Record<string, string>>,
): string[] {
  return Object.keys(theirs).flatMap((path) => {
    const base = /^(.*)\.data_ptr$/.exec(path)?.[1];
    if (base === undefined) return [];
    const isNowhere = /^(<.*|\[\]|"")$/.test(ours[base] ?? '');
    return isNowhere || ours[`${base}.length`] === '1000' ? [base] : [];
  });
}

function plainValue(text: string): string {
  if (text.startsWith('<')) return '<none>';
  const last =
    text
      .replace(/^\((.* \| .*)\)$/, '$1')
      .split('::')
      .at(-1) ?? '';
  if (!/^-?[\d.]+(e[+-]?\d+)?$/.test(last)) return last;
  if (/^-?\d+$/.test(last) && last.length < 20) return last;
  return `${Math.fround(Number(last))}`;
}

function shape(type: string): string {
  return type.replace(/[ {}….]/g, '');
}

function hex(value: string | null): string {
  return value === null ? 'nowhere' : `0x${BigInt(value).toString(16)}`;
}
