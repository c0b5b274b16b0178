/** Thousands of requests as no client would send them, against a live session. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { TraplineSession } from '../../src/adapter/session.ts';
import { errorCodes } from '../../src/adapter/errors.ts';
import { Random as Numbers } from '../core/isa/riscv/float/operands.ts';
import { inThisThread, sample } from './machine.ts';

const program = path.join(sample('hello-dbcn'), 'hello-dbcn.elf');
const main = path.join(sample('hello-dbcn'), 'main.c');
const COUNT = Number(process.env['TRAPLINE_FUZZ'] ?? 6000);

/** Requests as they should be; what is sent is one of these, changed. */
const models: Readonly<Record<string, object>> = {
  initialize: { adapterID: 'trapline', clientID: 'fuzz' },
  launch: { program, stopOnEntry: true },
  configurationDone: {},
  cancel: { requestId: 1 },
  setBreakpoints: { source: { path: main }, breakpoints: [{ line: 87, condition: 'moons > 1' }] },
  setFunctionBreakpoints: { breakpoints: [{ name: 'print', hitCondition: '% 3' }] },
  setInstructionBreakpoints: { breakpoints: [{ instructionReference: '0x80200000', offset: 2 }] },
  setDataBreakpoints: { breakpoints: [{ dataId: 'phase+0x0/4 phase', accessType: 'write' }] },
  setExceptionBreakpoints: { filters: ['sbi'], filterOptions: [{ filterId: 'mmio' }] },
  breakpointLocations: { source: { path: main }, line: 80, endLine: 99 },
  continue: { threadId: 1 },
  next: { threadId: 1, granularity: 'line' },
  stepIn: { threadId: 1, targetId: 1 },
  stepOut: { threadId: 1, singleThread: true },
  stepBack: { threadId: 1 },
  reverseContinue: { threadId: 1 },
  pause: { threadId: 1 },
  modules: { startModule: 0, moduleCount: 1 },
  gotoTargets: { source: { path: main }, line: 87 },
  goto: { threadId: 1, targetId: 1 },
  stepInTargets: { frameId: 1 },
  restartFrame: { frameId: 1 },
  stackTrace: { threadId: 1, startFrame: 0, levels: 5, format: { hex: true, parameters: true } },
  scopes: { frameId: 1 },
  exceptionInfo: { threadId: 1 },
  variables: { variablesReference: 1, start: 0, count: 2 },
  setVariable: { variablesReference: 1, name: 'moons', value: '1' },
  dataBreakpointInfo: { variablesReference: 1, name: 'moons', bytes: 4, asAddress: false },
  setExpression: { expression: 'phase', value: '1' },
  evaluate: { expression: '*(int *)0x80200000 + planets[1].moons', context: 'repl' },
  completions: { text: 'plan', column: 4 },
  source: { sourceReference: 1 },
  loadedSources: {},
  readMemory: { memoryReference: '0x80200000', offset: 4, count: 16 },
  writeMemory: { memoryReference: '0x80300000', data: 'AAAA' },
  disassemble: { memoryReference: '0x80200000', instructionOffset: -4, instructionCount: 8 },
  threads: {},
  restart: {},
  'trapline/csrs': { hart: 0 },
  'trapline/writeCsr': { hart: 0, name: 'sscratch', value: '0x1' },
  'trapline/mappings': { hart: 0, stage: 'guest', maxRows: 3, filter: 'rw', find: '0x80200000' },
  locations: { locationReference: 1 },
  'trapline/walk': { hart: 0, expression: '&planets', access: 'store' },
  'trapline/dirtyLog': { action: 'show' },
  'trapline/exits': { after: 0, max: 4 },
  'trapline/breakOnExit': { kind: 'sbi', text: 'DBCN', on: false },
  'trapline/consoleInput': { console: 'sbi', text: 'x\r' },
  'trapline/calls': { extension: 16, function: 0 },
  'trapline/setCalls': { extension: [9, 9], action: 'deny' },
  'trapline/answerCall': { error: 'SUCCESS', value: '0' },
  'trapline/call': {},
  'trapline/info': {},
  'trapline/statistics': {},
  nonsense: { anything: 1 },
};
/** Among them some that are properties of every object. */
const commands = [...Object.keys(models), 'toString', 'constructor', '__proto__', '', undefined];

const oddities: readonly unknown[] = [
  ...[null, true, false, '', 'x', '0x', '-1', '$pc', '$nothing', '(((((', '"', '\u0000', '😀'],
  ...[0, 1, -1, 3, 1.5, 2 ** 31, 2 ** 53, -(2 ** 60), 1e300, 99999999],
  ...[[], {}, [1], [[]], [null], { line: 1 }, 'a'.repeat(3000), '0xffffffffffffffff'],
  ...['phys:0x80000000', '1/0', 'planets,x', '*(char *)0', 'p p', '&&&&', '${', '{x}', '\n'],
];

type Random = (below: number) => number;

/** One thing of a model is something else, missing, or doubled. */
function changed(value: unknown, random: Random): unknown {
  if (random(4) === 0) return oddities[random(oddities.length)];
  if (Array.isArray(value)) {
    if (random(6) === 0) return [...(value as unknown[]), ...(value as unknown[])];
    return value.map((each) => (random(2) ? changed(each, random) : each));
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    const at = random(entries.length || 1);
    return Object.fromEntries(
      entries.flatMap(([key, each], index) => {
        if (index !== at) return [[key, each]];
        return random(5) === 0 ? [] : [[key, changed(each, random)]];
      }),
    );
  }
  if (typeof value === 'number') return random(2) ? random(20) : value + random(2001) - 1000;
  if (typeof value !== 'string') return value;
  const cut = random(value.length + 1);
  return value.slice(0, cut) + ['', '\\', ')', '->', '%', 'é'][random(6)] + value.slice(cut + 1);
}

interface Answer {
  readonly request_seq: number;
  readonly success: boolean;
  readonly body?: { readonly error?: { readonly id: number; readonly format: string } };
}

describe('requests that are malformed, unknown or out of order', function () {
  this.timeout(300_000);

  for (const seed of [1, 2]) {
    it(`get one answer each and leave the session alive (${COUNT} requests, seed ${seed})`, async () => {
      const numbers = new Numbers(seed);
      const random: Random = (below) => numbers.below(below);
      const session = new TraplineSession({
        startMachine: inThisThread,
        ownConsoles: false,
        log: () => {},
      });
      const waiting = new Map<number, (answer: Answer) => void>();
      const answers = new Map<number, number>();
      session.onDidSendMessage((message) => {
        const answer = message as unknown as Answer & { readonly type: string };
        if (answer.type !== 'response') return;
        answers.set(answer.request_seq, (answers.get(answer.request_seq) ?? 0) + 1);
        waiting.get(answer.request_seq)?.(answer);
      });
      let seq = 1;
      const send = (command: string | undefined, args: unknown): Promise<Answer> => {
        const number = seq++;
        const answer = new Promise<Answer>((resolve, reject) => {
          const late = new Error(`no answer to ${command} ${JSON.stringify(args)}`);
          const timer = setTimeout(() => reject(late), 100_000);
          waiting.set(number, (given) => {
            clearTimeout(timer);
            resolve(given);
          });
        });
        session.handleMessage({
          ...{ type: 'request', seq: number, command, arguments: args },
        } as never);
        return answer;
      };
      const defects = new Set<string>();
      const look = async (command: string | undefined, args: unknown) => {
        const { success, body } = await send(command, args);

        if (!success && body?.error?.id === errorCodes.defect) {
          defects.add(`${command} ${JSON.stringify(args)?.slice(0, 300)}: ${body.error.format}`);
        }
      };
      try {
        await look('launch', { program, stopOnEntry: true });
        await look('configurationDone', {});
        let pending: Promise<void>[] = [];
        for (let n = 0; n < COUNT; n++) {
          const command = commands[random(commands.length)];
          // Each new guest takes its time.
          if ((command === 'restart' || command === 'launch') && random(20) > 0) continue;
          const model = models[command ?? ''];
          const args = random(3) === 0 ? model : changed(model, random);
          pending.push(look(command, args));
          if (random(8) > 0) continue;
          await Promise.all(pending);
          pending = [];
        }
        await Promise.all(pending);
        assert.deepEqual([...defects], [], 'requests that met a defect');
        for (const [request, count] of answers) {
          assert.equal(count, 1, `answers to request ${request}`);
        }
        const alive = await send('restart', {});
        assert.equal(alive.success, true, JSON.stringify(alive.body));
        assert.equal((await send('threads', {})).success, true);
      } finally {
        await session.end();
      }
    });
  }
});
