/**
 * Exception filters: the exits, unanswered calls and failed ends that stop the guest, as the client
 * chose them and as `stopOn` of the launch names them. Which exits there are is the machine's
 * affair; this knows their names, and which need a hypervisor of ours.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { UserError } from '../core/base/userError.ts';
import type { ExitStop } from '../core/debug/target.ts';
import { failedEnd, unansweredCall, type trapKinds } from '../core/machine/exitStops.ts';
import type { Mode } from '../core/machine/launchConfig.ts';
import type { Guest } from './guest.ts';
import type { CustomRequests } from './protocol.ts';

interface Filter {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** Exists in mode machine too, where the guest has no hypervisor above it. */
  readonly inMachine?: true;
}

const trap = (name: (typeof trapKinds)[number], label: string, description: string): Filter => ({
  ...{ name, label: `Trap: ${label}`, description, inMachine: true },
});
const taken = 'Stops when the trap is taken, before its handler has run.';

const traps: readonly Filter[] = [
  trap('guest-page-fault-fetch', 'guest-page fault of a fetch', taken),
  trap('guest-page-fault-load', 'guest-page fault of a load', taken),
  trap('guest-page-fault-store', 'guest-page fault of a store', taken),
  trap('page-fault', 'page fault', taken),
  trap('access-fault', 'access fault', taken),
  trap('illegal-instruction', 'illegal instruction', taken),
  trap('virtual-instruction', 'virtual instruction', taken),
  trap('misaligned', 'misaligned address', taken),
  trap('ebreak', 'breakpoint instruction', taken),
  trap('ecall', 'environment call', taken),
  trap('interrupt', 'interrupt', taken),
  trap('trap-entry', 'entry to a mode', 'Stops at every trap. Condition: the mode, "to HS-mode".'),
  trap('trap-return', 'return from a trap', 'Stops behind it. Condition: the mode, "to VS-mode".'),
];

/** Of its own kind: breakpoints at functions by patterns. */
export const guestPanic = 'guest-panic';
const panicPatterns = ['panic', '__panic', 'rust_begin_unwind', 'rust_panic', 'hang', 'abort'];

const filters: readonly Filter[] = [
  {
    name: 'sbi',
    label: 'Exit: SBI call',
    description: 'Stops after each SBI call, once it is answered.',
  },
  {
    name: 'mmio',
    label: 'Exit: device access',
    description: 'Stops after each load from and store to a device of the VMM.',
  },
  {
    name: 'guest-page-fault',
    label: 'Exit: guest-page fault',
    description: 'Stops when the G-stage has mapped what the guest touched, before it tries again.',
  },
  {
    name: 'wfi',
    label: 'Exit: wait for interrupt',
    description: 'Stops when a hart begins to wait.',
  },
  {
    name: 'csr',
    label: 'Exit: emulated CSR access',
    description: 'Stops after an access to a CSR that the hypervisor emulates.',
  },
  {
    name: 'redirect',
    label: 'Exit: trap passed on to the guest',
    description: 'Stops when the hypervisor hands a trap to the handler of the guest.',
  },
  ...traps,
  {
    name: guestPanic,
    label: 'Guest panic',
    description: `Stops in ${panicPatterns.join(', ')}. Condition: other names, with * and ?.`,
    inMachine: true,
  },
  {
    name: unansweredCall,
    label: 'Call that nobody answers',
    description: 'Stops before the guest is told that its call is not supported.',
  },
  {
    name: failedEnd,
    label: 'Guest fails',
    description: 'Stops before a guest that reports a failure or a crash is gone.',
    inMachine: true,
  },
];

export const exceptionFilters: DebugProtocol.ExceptionBreakpointsFilter[] = filters.map(
  ({ name, label, description }) => ({
    filter: name,
    label,
    description,
    default: name === failedEnd || name === unansweredCall,
    supportsCondition: true,
    conditionDescription: 'Text that the stop tells: DBCN, console_write, 0x10000000, to HS-mode',
  }),
);

/** `["sbi", "sbi: DBCN", "crash"]` */
export function parseStopOn(value: unknown, mode: Mode): readonly ExitStop[] {
  if (value === undefined) return [];
  const known = filters.filter(({ name }) => name !== guestPanic);
  const names = known.map(({ name }) => name).join(', ');
  const wrong = (what: unknown): never => {
    const allowed = `a list of ${names}, each alone or as "name: text"`;
    throw new UserError(`stopOn: ${JSON.stringify(what)} is not ${allowed}`, 'stopOn');
  };
  if (!Array.isArray(value)) return wrong(value);
  return value.map((item: unknown) => {
    const [, kind = '', text = ''] = /^([^:]+)(?::(.*))?$/.exec(String(item)) ?? [];
    const filter = known.find(({ name }) => name === kind.trim());
    if (typeof item !== 'string' || !filter) return wrong(item);
    const problem = problemIn(mode, filter);
    if (problem !== undefined) throw new UserError(`stopOn: ${problem}`, 'stopOn');
    return stopOf(filter, text);
  });
}

export class ExitFilters {
  private readonly setPanics: (patterns: readonly string[]) => Promise<void>;
  private guest: Guest | undefined;
  private always: readonly ExitStop[] = [];
  private chosen: readonly ExitStop[] = [];
  /** Chosen in a view, beside the client's list of filters. */
  private viewed: readonly ExitStop[] = [];

  /** `setPanics`: stops in functions of these names. */
  constructor(setPanics: (patterns: readonly string[]) => Promise<void>) {
    this.setPanics = setPanics;
  }

  async attach(guest: Guest, stopOn: readonly ExitStop[]): Promise<void> {
    this.guest = guest;
    this.always = stopOn;
    await this.install();
  }

  async set(args: DebugProtocol.SetExceptionBreakpointsArguments) {
    const wanted = [
      ...(args.filters ?? []).map((filterId) => ({ filterId, condition: '' })),
      ...(args.filterOptions ?? []),
    ];
    const stops: ExitStop[] = [];
    const panics: string[] = [];
    const breakpoints = wanted.map(({ filterId, condition = '' }) => {
      const filter = filters.find(({ name }) => name === filterId);
      if (!filter) return { verified: false, message: `There is no filter '${filterId}'.` };
      const problem = this.guest && problemIn(this.guest.info.mode, filter);
      if (problem !== undefined) return { verified: false, message: problem };
      if (filter.name === guestPanic) panics.push(...patternsOf(condition));
      else stops.push(stopOf(filter, condition));
      return { verified: true };
    });
    this.chosen = stops;
    await this.install();
    await this.setPanics(panics);
    return { breakpoints };
  }

  /** Stops at exits like one that was seen, or does so no longer; all of these. */
  async breakOn({ kind, text, on }: CustomRequests['trapline/breakOnExit']['arguments']) {
    const others = this.viewed.filter((stop) => stop.kind !== kind || stop.text !== text);
    const stop = text === undefined ? { kind } : { kind, text };
    this.viewed = on ? [...others, stop] : others;
    await this.install();
    return { active: [...this.viewed] };
  }

  private async install(): Promise<void> {
    const stops = [...this.always, ...this.chosen, ...this.viewed];
    await this.guest?.target.setExitStops(stops);
  }
}

function patternsOf(condition: string): readonly string[] {
  const given = condition.split(/[\s,]+/).filter((name) => name !== '');
  return given.length === 0 ? panicPatterns : given;
}

function stopOf({ name: kind }: Filter, text: string): ExitStop {
  return text.trim() === '' ? { kind } : { kind, text: text.trim() };
}

function problemIn(mode: Mode, { name, inMachine }: Filter): string | undefined {
  if (mode === 'guest' || inMachine) return undefined;
  return `'${name}' needs mode guest: in mode machine there is no hypervisor of ours to exit to`;
}
