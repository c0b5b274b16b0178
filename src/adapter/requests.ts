/**
 * The requests a session answers, by command. Each handler takes the arguments and gives the
 * answer's body; what it throws becomes the one error response. Nothing here keeps state.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import path from 'node:path';
import { UserError } from '../core/base/userError.ts';
import { capabilities } from './capabilities.ts';
import { codeRequests } from './codeRequests.ts';
import { errorCodes, RequestError } from './errors.ts';
import { addressInfo, dataInfo, noData, registerPlaceOf } from './dataBreakpoints.ts';
import { disassemble } from './disassembly.ts';
import { completions } from './completions.ts';
import { runTyped } from './consoleCommands.ts';
import { assign, evaluate, placeOf, type Scope } from './evaluate.ts';
import { walkAddress } from './explainAddress.ts';
import { guestOfFrame, hartOf, memoryReference, parseReference, threadOf } from './guest.ts';
import { controlContainer, hasFloats, registerContainer } from './registers.ts';
import type { TraplineSession } from './session.ts';
import { checkHistory, type StepKind } from './steps.ts';
import type { Item } from './variableStore.ts';
import { globalsContainer, localsContainer } from './variables.ts';
import { answerByConsole, answerByRequest, waitingCall } from './waitingCalls.ts';

/** Arguments come from outside as JSON; each handler names the shape that DAP gives them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Handlers = Readonly<Record<string, (args: any) => Promise<object | void>>>;

export function requestHandlers(session: TraplineSession): Handlers {
  const handlers: Handlers = {
    ...lifecycle(session, () => capabilities(Object.keys(handlers))),
    ...breakpointRequests(session),
    ...codeRequests(session),
    ...execution(session),
    ...inspection(session),
    ...memory(session),
    ...ownViews(session),
  };
  return handlers;
}

function lifecycle(session: TraplineSession, offered: () => DebugProtocol.Capabilities): Handlers {
  return {
    async initialize(args: DebugProtocol.InitializeRequestArguments) {
      session.initialize(args);
      return offered();
    },
    launch: (args: Readonly<Record<string, unknown>>) => session.launch(args),
    // What it is about was marked when it came.
    async cancel() {},
    async configurationDone() {
      session.after(() => session.firstRun());
    },
    restart: (args: { arguments?: Record<string, unknown> }) => session.restart(args),
    terminate: () => session.terminate(),
    async disconnect() {
      await session.end();
      session.after(() => void session.emit('disconnected'));
    },
  };
}

function breakpointRequests(session: TraplineSession): Handlers {
  const { breakpoints } = session;
  return {
    setBreakpoints: (args) => breakpoints.setSource(args),
    setFunctionBreakpoints: (args) => breakpoints.setFunctions(args),
    setInstructionBreakpoints: (args) => breakpoints.setInstructions(args),
    setDataBreakpoints: (args) => breakpoints.setData(args),
    setExceptionBreakpoints: (args) => session.exitFilters.set(args),
    async breakpointLocations(args: DebugProtocol.BreakpointLocationsArguments) {
      const { guest } = session.running;
      const recorded = guest.sources.toRecorded(args.source.path ?? '');
      if (recorded === undefined) return { breakpoints: [] };
      const last = args.endLine ?? args.line;
      const lines = guest.symbols.linesWithCode(recorded, args.line, last);
      return {
        breakpoints: lines.flatMap((line) => {
          const columns = guest.symbols.columnsOfLine(recorded, line);
          return columns.length < 2 ? [{ line }] : columns.map((column) => ({ line, column }));
        }),
      };
    },
  };
}

function execution(session: TraplineSession): Handlers {
  const step = (kind: StepKind) => async (args: DebugProtocol.StepInArguments) => {
    const { stepper } = session.running;
    const go = await stepper.prepare({
      kind,
      hart: session.standing(hartOf(args.threadId)),
      granularity: args.granularity === 'instruction' ? 'instruction' : 'line',
      alone: args.singleThread === true,
      into: args.targetId === undefined ? undefined : session.targets.find(args.targetId),
    });
    // The step goes on while further requests, a pause among them, are answered.
    session.after(() => void session.background(() => session.resume(go)));
  };
  return {
    async continue(args: DebugProtocol.ContinueArguments) {
      const { target } = session.running.guest;
      const alone = args.singleThread === true;
      const only = alone ? { only: hartOf(args.threadId) } : {};
      session.after(() => session.resume(() => target.resume({ kind: 'continue', ...only })));
      return { allThreadsContinued: !alone };
    },
    next: step('next'),
    stepIn: step('stepIn'),
    stepOut: step('stepOut'),
    stepBack: step('stepBack'),
    async reverseContinue() {
      const { guest } = session.running;
      session.standing(0);
      await checkHistory(guest);
      const go = () => guest.target.resume({ kind: 'reverseContinue' });
      session.after(() => session.resume(go, true));
    },
    async pause() {
      const { running } = session;
      session.after(() => session.pause(running));
    },
  };
}

function inspection(session: TraplineSession): Handlers {
  const { variables } = session;
  /** Without a frame names are looked up where the guest stopped. */
  const scope = async (frameId: number | undefined): Promise<Scope> => {
    const { guest, stacks } = session.running;
    const hart = session.stoppedHart;
    const innermost = hart === undefined ? [] : await stacks.frames(hart);
    const frame = frameId === undefined ? innermost[0] : await stacks.frame(frameId);
    const seen = guestOfFrame(guest, frame?.frame);
    return { guest: seen, stacks, frame, hart: frame?.hart ?? 0 };
  };
  const changed = (item: Item) => {
    session.after(() => session.changed());
    return variables.toDap(item);
  };
  return {
    async threads() {
      const harts = await session.running.guest.target.harts();
      const name = (id: number, mode: string, state: string) =>
        `hart ${id} · ${state === 'stopped' ? 'stopped' : mode}`;
      return {
        threads: harts.map(({ id, mode, state }) => ({
          id: threadOf(id),
          name: name(id, mode, state),
        })),
      };
    },
    async stackTrace(args: DebugProtocol.StackTraceArguments) {
      const { stacks } = session.running;
      if (session.isRunning) {
        throw new RequestError(errorCodes.notStopped, 'the guest is running');
      }
      const frames = await stacks.frames(hartOf(args.threadId));
      const start = args.startFrame ?? 0;
      const shown = frames.slice(start, args.levels ? start + args.levels : undefined);
      return {
        stackFrames: await stacks.present(shown, args.format),
        totalFrames: frames.length,
      };
    },
    async scopes(args: DebugProtocol.ScopesArguments) {
      const { guest, stacks } = session.running;
      const frame = await stacks.frame(args.frameId);
      const floats = await hasFloats(guest, frame.hart);
      const named = (name: string, container: Parameters<typeof variables.add>[0]) => ({
        name,
        variablesReference: variables.add(container),
        expensive: name !== 'Locals',
      });
      return {
        scopes: [
          {
            ...named('Locals', localsContainer(guest, stacks, frame)),
            presentationHint: 'locals',
          },
          named('Globals', globalsContainer(guest, stacks, frame)),
          {
            ...named('Registers', registerContainer(guest, frame)),
            presentationHint: 'registers',
          },
          ...(floats
            ? [named('Floating-point registers', registerContainer(guest, frame, 'float'))]
            : []),
          named('CSRs', controlContainer(guest, frame.hart)),
        ],
      };
    },
    async exceptionInfo(args: DebugProtocol.ExceptionInfoArguments) {
      return session.exceptionInfo(hartOf(args.threadId));
    },
    variables: async (args) => ({ variables: await variables.list(args) }),
    async setVariable(args: DebugProtocol.SetVariableArguments) {
      return changed(await variables.set(args.variablesReference, args.name, args.value));
    },
    async dataBreakpointInfo(args: DebugProtocol.DataBreakpointInfoArguments) {
      const { variablesReference, name, frameId, bytes, asAddress } = args;
      const { guest } = session.running;
      if (asAddress) return addressInfo(guest, name, bytes, args.mode);
      if (!variablesReference) {
        const place = await placeOf(await scope(frameId), name, bytes);
        return typeof place === 'string' ? noData(place) : dataInfo(guest, place, bytes);
      }
      const item = await variables.find(variablesReference, name);
      if (!item) return noData(`there is no '${name}' here`);
      if (item.place) return dataInfo(guest, item.place, bytes);
      const register = registerPlaceOf(guest, item.variable.evaluateName ?? '');
      if (register) return dataInfo(guest, register, bytes);
      return noData(`'${name}' is neither in memory nor a register`);
    },
    async setExpression(args: DebugProtocol.SetExpressionArguments) {
      return changed(await assign(await scope(args.frameId), args.expression, args.value));
    },
    async evaluate(args: DebugProtocol.EvaluateArguments) {
      const place = await scope(args.frameId);
      const given =
        args.context === 'repl' ? await answerByConsole(place, args.expression) : undefined;
      if (given) {
        if (given.goesOn) session.after(() => session.goOn());
        return { result: given.text, variablesReference: 0 };
      }
      if (args.context === 'repl') {
        const said = await runTyped(place, args.expression, session.styled);
        if (said !== undefined) {
          return { result: said, ...variables.code.of(said), variablesReference: 0 };
        }
      }
      const item = await evaluate(place, args.expression, args.context);
      const { value, name: _name, ...rest } = variables.toDap(item);
      return { result: value, ...rest };
    },
    async locations({ locationReference }: DebugProtocol.LocationsArguments) {
      return variables.code.location(locationReference);
    },
    async completions(args: DebugProtocol.CompletionsArguments) {
      return { targets: await completions(await scope(args.frameId), args.text, args.column) };
    },
    async source(args: DebugProtocol.SourceArguments) {
      const reference = args.source?.sourceReference ?? args.sourceReference;
      return { content: session.running.stacks.listings.text(reference) };
    },
    async loadedSources() {
      const { guest } = session.running;
      const files = guest.symbols.sources.flatMap((source) => guest.sources.toLocal(source) ?? []);
      return { sources: files.map((file) => ({ name: path.basename(file), path: file })) };
    },
  };
}

/** Read by one request. */
const MOST_BYTES = 1 << 26;

function memory(session: TraplineSession): Handlers {
  const addressOf = (reference: string, offset = 0) => {
    const { space, address } = parseReference(reference);
    return { space, address: BigInt.asUintN(64, address + BigInt(offset)) };
  };
  return {
    async readMemory(args: DebugProtocol.ReadMemoryArguments) {
      const { space, address } = addressOf(args.memoryReference, args.offset);
      const { target } = session.running.guest;
      if (args.count > MOST_BYTES) throw new UserError(`not more than ${MOST_BYTES} bytes at once`);
      const bytes = await target.readMemory(session.stoppedHart ?? 0, space, address, args.count);
      return {
        address: memoryReference(address, space),
        data: Buffer.from(bytes).toString('base64'),
        ...(bytes.length < args.count ? { unreadableBytes: args.count - bytes.length } : {}),
      };
    },
    async writeMemory(args: DebugProtocol.WriteMemoryArguments) {
      const { space, address } = addressOf(args.memoryReference, args.offset);
      const bytes = new Uint8Array(Buffer.from(args.data, 'base64'));
      const { target } = session.running.guest;
      const hart = session.stoppedHart ?? 0;
      const bytesWritten = await target.writeMemory(hart, space, address, bytes);
      if (bytesWritten < bytes.length && !args.allowPartial) {
        const at = memoryReference(address + BigInt(bytesWritten), space);
        throw new UserError(`memory at ${at} cannot be written`);
      }
      const { memoryReference: reference, offset = 0 } = args;
      const memory = { memoryReference: reference, offset, count: bytesWritten };
      session.after(() => session.changed(memory));
      return { offset, bytesWritten };
    },
    async disassemble(args: DebugProtocol.DisassembleArguments) {
      const { guest } = session.running;
      return { instructions: await disassemble(guest, session.stoppedHart ?? 0, args) };
    },
  };
}

function ownViews(session: TraplineSession): Handlers {
  return {
    'trapline/csrs': (args) => session.running.views.csrs(args),
    async 'trapline/writeCsr'(args) {
      const body = await session.running.views.writeCsr(args);
      session.after(() => session.changed());
      return body;
    },
    'trapline/mappings': (args) => session.running.views.mappings(args),
    async 'trapline/walk'(args) {
      const { guest, stacks } = session.running;
      const stands = session.stoppedHart !== undefined;
      const frame = stands ? await stacks.innermost(args.hart) : undefined;
      return walkAddress({ guest, stacks, frame, hart: args.hart }, args);
    },
    async 'trapline/dirtyLog'(args) {
      const body = await session.running.views.dirtyLog(args);
      if (args.action !== 'show') session.after(() => session.changed());
      return body;
    },
    'trapline/exits': (args) => session.running.views.exits(args),
    'trapline/recordExits': (args) => session.recordExits(args.file),
    'trapline/statistics': () => session.running.guest.target.statistics(),
    'trapline/breakOnExit': (args) => session.exitFilters.breakOn(args),
    'trapline/consoleInput': (args) => session.running.views.consoleInput(args),
    async 'trapline/call'() {
      const call = await waitingCall(session.running.guest);
      return call === undefined ? {} : { call };
    },
    async 'trapline/answerCall'(args) {
      await answerByRequest(session.running.guest, args);
      if (args.stay !== true) session.after(() => session.goOn());
      return {};
    },
    'trapline/calls': (args) => session.running.views.calls(args),
    'trapline/setCalls': (args) => session.running.views.setCalls(args),
    'trapline/info': async () => session.running.views.info(),
  };
}
