/** Which methods of `DebugTarget` cross the channel, and what `create` takes besides. */
import type { DebugTarget, Snapshots } from '../core/debug/target.ts';
import type { Pace } from '../core/machine/waitedTime.ts';

/** The methods of a target that are requests: all but the subscriptions. */
export type TargetMethod = Exclude<
  keyof DebugTarget,
  'onStop' | 'onEnd' | 'onConsole' | 'onExits' | 'onLog' | 'onOtherFuture' | 'snapshots'
>;

/** Those of its capabilities, by the capability's name before the method's. */
export type CapabilityMethod = `snapshots.${keyof Snapshots}`;

/** Which capabilities a target has, as `create` answers. */
export interface Capabilities {
  readonly snapshots: boolean;
}

// A record, so that the compiler notices a method that is missing here.
const methods: Record<TargetMethod, true> = {
  info: true,
  harts: true,
  resume: true,
  pause: true,
  history: true,
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

const capabilityMethods: Record<CapabilityMethod, true> = {
  'snapshots.take': true,
  'snapshots.restore': true,
  'snapshots.list': true,
  'snapshots.drop': true,
  'snapshots.save': true,
  'snapshots.load': true,
};

export function isCapabilityMethod(name: string): name is CapabilityMethod {
  return Object.hasOwn(capabilityMethods, name);
}

export function isTargetMethod(name: string): name is TargetMethod {
  return Object.hasOwn(methods, name);
}

export interface CreateOptions {
  readonly pace: Pace;
  /** Bytes of console output that may be on their way to whoever calls `consoleTaken`. */
  readonly consoleWindow?: number;
  /** Whether the way back is kept; it is when absent. */
  readonly reverse?: boolean;
}
