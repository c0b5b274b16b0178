/** Which methods of `DebugTarget` cross the channel, and what `create` takes besides. */
import type { DebugTarget } from '../core/debug/target.ts';
import type { Pace } from '../core/machine/waitedTime.ts';

/** The methods of a target that are requests: all but the subscriptions. */
export type TargetMethod = Exclude<
  keyof DebugTarget,
  'onStop' | 'onEnd' | 'onConsole' | 'onExits' | 'onLog'
>;

// A record, so that the compiler notices a method that is missing here.
const methods: Record<TargetMethod, true> = {
  info: true,
  harts: true,
  resume: true,
  pause: true,
  restart: true,
  dispose: true,
  setBreakpoints: true,
  setDataBreakpoints: true,
  setExitStops: true,
  readRegisters: true,
  writeRegister: true,
  readMemory: true,
  writeMemory: true,
  mappings: true,
  dirtyLog: true,
  walk: true,
  exits: true,
  recordExits: true,
  exitsTaken: true,
  statistics: true,
  waitingCall: true,
  answerCall: true,
  callTable: true,
  callQuery: true,
  overrideCalls: true,
  feedConsole: true,
  consoleTaken: true,
};

export function isTargetMethod(name: string): name is TargetMethod {
  return Object.hasOwn(methods, name);
}

export interface CreateOptions {
  readonly pace: Pace;
  /** Bytes of console output that may be on their way to whoever calls `consoleTaken`. */
  readonly consoleWindow?: number;
}
