/**
 * What the arguments of each request must look like (DAP, and protocol.ts for our own), checked
 * before a handler sees them: a request made wrongly gets an error that names the argument.
 */
import { errorCodes, RequestError } from './errors.ts';

/** An object's members, optional ones with `?`; a list of one shape; or a plain value. */
type Shape =
  | 'string'
  | 'boolean'
  /** A whole number that can be counted with. */
  | 'integer'
  /** A whole number from 0 on. */
  | 'count'
  | 'anything'
  | readonly [Shape]
  | { readonly [name: string]: Shape };

const source: Shape = { 'path?': 'string', 'name?': 'string', 'sourceReference?': 'integer' };
const format: Shape = { 'hex?': 'boolean' };
const rule: Shape = {
  'condition?': 'string',
  'hitCondition?': 'string',
  'logMessage?': 'string',
  'mode?': 'string',
};
const run: Shape = { threadId: 'integer', 'singleThread?': 'boolean' };
const step: Shape = { ...run, 'granularity?': 'string' };
const idRange: Shape = ['integer'];

const shapes: Readonly<Record<string, Shape>> = {
  initialize: {
    'clientID?': 'string',
    'supportsANSIStyling?': 'boolean',
    'supportsMemoryEvent?': 'boolean',
    'supportsProgressReporting?': 'boolean',
  },
  restart: { 'arguments?': {} },
  cancel: { 'requestId?': 'integer', 'progressId?': 'string' },
  setBreakpoints: {
    source,
    'breakpoints?': [{ ...rule, line: 'integer', 'column?': 'integer' }],
    'lines?': ['integer'],
  },
  setFunctionBreakpoints: { breakpoints: [{ ...rule, name: 'string' }] },
  setInstructionBreakpoints: {
    breakpoints: [{ ...rule, instructionReference: 'string', 'offset?': 'integer' }],
  },
  setDataBreakpoints: { breakpoints: [{ ...rule, dataId: 'string', 'accessType?': 'string' }] },
  setExceptionBreakpoints: {
    'filters?': ['string'],
    'filterOptions?': [{ filterId: 'string', 'condition?': 'string' }],
  },
  breakpointLocations: { source, line: 'integer', 'endLine?': 'integer' },
  continue: run,
  next: step,
  stepIn: { ...step, 'targetId?': 'integer' },
  stepOut: step,
  stepBack: step,
  reverseContinue: run,
  pause: { 'threadId?': 'integer' },
  modules: { 'startModule?': 'count', 'moduleCount?': 'count' },
  gotoTargets: { source, line: 'integer' },
  goto: { threadId: 'integer', targetId: 'integer' },
  stepInTargets: { frameId: 'integer' },
  restartFrame: { frameId: 'integer' },
  stackTrace: {
    threadId: 'integer',
    'startFrame?': 'count',
    'levels?': 'count',
    'format?': {
      ...format,
      'parameters?': 'boolean',
      'parameterTypes?': 'boolean',
      'parameterNames?': 'boolean',
      'parameterValues?': 'boolean',
      'line?': 'boolean',
      'module?': 'boolean',
    },
  },
  scopes: { frameId: 'integer' },
  exceptionInfo: { threadId: 'integer' },
  variables: {
    variablesReference: 'integer',
    'start?': 'count',
    'count?': 'count',
    'filter?': 'string',
    'format?': format,
  },
  setVariable: {
    variablesReference: 'integer',
    name: 'string',
    value: 'string',
    'format?': format,
  },
  dataBreakpointInfo: {
    'variablesReference?': 'integer',
    name: 'string',
    'frameId?': 'integer',
    'bytes?': 'integer',
    'asAddress?': 'boolean',
    'mode?': 'string',
  },
  setExpression: {
    expression: 'string',
    value: 'string',
    'frameId?': 'integer',
    'format?': format,
  },
  evaluate: {
    expression: 'string',
    'frameId?': 'integer',
    'context?': 'string',
    'format?': format,
  },
  locations: { locationReference: 'integer' },
  completions: { text: 'string', column: 'integer', 'frameId?': 'integer' },
  source: { 'source?': source, 'sourceReference?': 'integer' },
  readMemory: { memoryReference: 'string', count: 'count', 'offset?': 'integer' },
  writeMemory: {
    memoryReference: 'string',
    data: 'string',
    'offset?': 'integer',
    'allowPartial?': 'boolean',
  },
  disassemble: {
    memoryReference: 'string',
    instructionCount: 'count',
    'instructionOffset?': 'integer',
    'offset?': 'integer',
  },
  'trapline/csrs': { hart: 'count' },
  'trapline/writeCsr': { hart: 'count', name: 'string', value: 'string' },
  'trapline/mappings': {
    hart: 'count',
    stage: 'string',
    'from?': 'count',
    'maxRows?': 'count',
    'filter?': 'string',
    'list?': 'count',
    'find?': 'string',
  },
  'trapline/walk': { hart: 'count', expression: 'string', 'access?': 'string' },
  'trapline/dirtyLog': { action: 'string' },
  'trapline/exits': { after: 'integer', 'max?': 'count', 'newest?': 'boolean' },
  'trapline/recordExits': { 'file?': 'string' },
  'trapline/breakOnExit': { kind: 'string', 'text?': 'string', on: 'boolean' },
  'trapline/consoleInput': { console: 'string', text: 'string' },
  'trapline/calls': { 'extension?': 'integer', 'function?': 'integer' },
  'trapline/setCalls': { extension: idRange, 'function?': idRange, 'action?': 'string' },
  'trapline/answerCall': {
    'error?': 'string',
    'value?': 'string',
    'registers?': {},
    'stay?': 'boolean',
  },
};

/** Throws what is wrong with a request's arguments. */
export function checkArguments(command: string, args: unknown): void {
  const problem = problemIn(args, shapes[command] ?? {}, '');
  if (problem === undefined) return;
  throw new RequestError(errorCodes.badArguments, `${command}: ${problem}`);
}

/** Some clients write `null` for what is not there. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const present = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(present.map(([name, member]) => [name, withoutNulls(member)]));
}

function problemIn(value: unknown, shape: Shape, name: string): string | undefined {
  const what = name === '' ? 'the arguments are' : `'${name}' is`;
  if (typeof shape === 'string') {
    return isA(value, shape) ? undefined : `${what} no ${article[shape]}`;
  }
  if (isList(shape)) {
    if (!Array.isArray(value)) return `${what} no list`;
    for (const [index, each] of value.entries()) {
      const problem = problemIn(each, shape[0], `${name}[${index}]`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `${what} no object`;
  }
  for (const [key, inner] of Object.entries(shape)) {
    const member = key.replace('?', '');
    const given = (value as Record<string, unknown>)[member];
    if (given === undefined || given === null) {
      if (key.endsWith('?')) continue;
      return `${name === '' ? '' : `${name}.`}${member} is missing`;
    }
    const problem = problemIn(given, inner, name === '' ? member : `${name}.${member}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const article = {
  string: 'text',
  boolean: 'truth value',
  integer: 'whole number',
  count: 'number from 0 on',
  anything: 'value',
} as const;

function isA(value: unknown, kind: keyof typeof article): boolean {
  switch (kind) {
    case 'string':
    case 'boolean':
      return typeof value === kind;
    case 'integer':
      return Number.isSafeInteger(value);
    case 'count':
      return Number.isSafeInteger(value) && Number(value) >= 0;
    case 'anything':
      return true;
  }
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}
