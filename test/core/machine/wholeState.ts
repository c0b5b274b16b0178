/**
 * Everything that a machine holds, found by walking through its objects: whoever adds a field has it
 * here without telling anybody. What may differ between two runs that are equal is listed, each with
 * the reason; a field that is missing there and in a saved state makes the comparison fail.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { SbiCall } from '../../../src/core/hypervisor/riscv/vcpuSbiCall.ts';
import type { Machine } from '../../../src/core/machine/machine.ts';

/** Classes that keep nothing but what they make again from other state. */
const derived: Readonly<Record<string, string>> = {
  CodePages: 'records, decoded again from memory',
  ComponentSnapshots: 'what is under test',
  Decoder: 'tables, and the last decoded words',
  DeviceDeadlines: 'computed from the devices',
  DirectLoads: 'what registers say, brought up to date before each run',
  Emitter: 'listeners',
  EngineMemory: 'RAM is compared by itself, registers with their hart',
  GuestExits: 'what was observed, which a restore does not undo',
  Interpreter: 'generated code',
  MmioMap: 'the map, which device was asked last, and how often any was',
  QuickWalk: 'the leaf of the last walk',
  Registers: 'rows, fitted to the hart when first asked for',
  TlbSet: 'translations, which the counts of misses tell of',
  Translator: 'generated code, and how hot what is',
};

/** `Class.field`, likewise. */
const derivedFields: Readonly<Record<string, string>> = {
  'AccessArgument.*': 'where arguments of the access at hand are',
  'BareMachine.replaying': 'whether it is gone back in',
  'BareMachine.running': 'of the slice in progress',
  'BareMachine.sliceEnd': 'of the slice in progress',
  'BareMachine.notes': 'said once, at the first run',
  'CallPolicy.last': 'the answer given last',
  'CallDesk.script': 'a user’s, or one that answers as it did',
  'CsrFile.interruptsChanged': 'to be looked at before the next run: set once more by a restore',
  'CsrFile.protectionChanged': 'likewise',
  'CsrFile.timersChanged': 'likewise',
  'CsrFile.translationChanged': 'likewise',
  'Fetcher.goesOn': 'of the instruction that was decoded last',
  'Fetcher.skipBreakpoint': 'the debugger’s',
  'Fetcher.triggerOffsets': 'from the triggers',
  'Fetcher.uncacheable': 'flushes, as a snapshot does',
  'GuestMachine.said': 'what the user was told once is told once',
  'GuestMachine.replaying': 'whether it is gone back in',
  'Hart.hostByHandler': 'a table',
  'Hart.onGuestCall': 'given before each run',
  'Hart.operands': 'of the instruction that was executed last',
  'Hart.work': 'statistics of the engine',
  'MemoryPath.fault': 'of the last access',
  'MemoryPath.loaded': 'of the last access',
  'Mmu.*': 'what the last walk came by',
  'Regimes.dataMode': 'from registers',
  'Regimes.fetchMode': 'from registers',
  'Regimes.wanted': 'from registers',
  'RiscvVcpu.called': 'of the run in progress',
  'RiscvVcpu.trap': 'of the last exit',
  'RiscvVcpu.used': 'of the run in progress',
  'SlowAccesses.*': 'of the last access; what else it has is the hart’s',
  'Slice.budget': 'of the slice in progress',
  'Slice.clockStart': 'of the slice in progress',
  'Slice.end': 'of the slice in progress',
  'Slice.start': 'of the slice in progress',
  'Slice.withheld': 'of the slice in progress',
  'Timers.bits': 'from registers and time',
  'Timers.changeAt': 'from registers and time',
  'Timers.jumps': 'likewise',
  'Timers.known': 'likewise',
  'TrapLoop.inRow': 'depends on how runs were cut, and is far from telling anything',
  'Triggers.changed': 'to be looked at before the next run: set once more by a restore',
  'VirtualClock.jumps': 'only ever grows, to tell that time did something',
  'VirtualClock.known': 'the answer given last',
  'VirtualClock.knownAt': 'the answer given last',
  'Watchpoints.*': 'the debugger’s',
};

export type WholeState = ReadonlyMap<string, string>;

export function wholeState(machine: Machine): WholeState {
  const found = new Map<string, string>();
  for (const region of machine.memory.regions) {
    const bytes = machine.memory.view8(region.base, region.size);
    assert.ok(bytes);
    found.set(`memory ${region.name}`, createHash('sha1').update(bytes).digest('hex'));
  }
  walk(machine, 'machine', machine.memory.bytes.buffer, found, new Set());
  return found;
}

/** Fails with the places that differ. */
export function assertSameState(actual: WholeState, expected: WholeState, what: string): void {
  const names = new Set([...actual.keys(), ...expected.keys()]);
  const differences = [...names]
    .filter((name) => actual.get(name) !== expected.get(name))
    .map((name) => `${name}: ${actual.get(name)}, expected ${expected.get(name)}`);
  assert.deepEqual(differences.slice(0, 30), [], `${what}: ${differences.length} differences`);
}

function walk(
  value: unknown,
  path: string,
  memory: ArrayBuffer,
  found: Map<string, string>,
  seen: Set<unknown>,
): void {
  if (typeof value === 'function') return;
  if (typeof value !== 'object' || value === null) {
    found.set(path, typeof value === 'bigint' ? `${value}n` : String(value));
    return;
  }
  if (seen.has(value)) return;
  seen.add(value);
  const kind = value.constructor?.name ?? '';
  if (Object.hasOwn(derived, kind)) return;
  if (value instanceof ArrayBuffer || value instanceof WebAssembly.Memory) return;
  if (ArrayBuffer.isView(value)) {
    if (value.buffer === memory) return;
    found.set(path, [...(value as Uint8Array)].join());
    return;
  }
  if (kind === 'HartState') hartState(value as never, path, found);
  if (kind === 'PhysicalMemory') return;
  // A call may be one that is read from registers when somebody asks.
  if (kind === 'RegisterCall') {
    const { extension, function: fn, args } = value as SbiCall;
    return walk({ extension, function: fn, args }, path, memory, found, seen);
  }
  if (value instanceof Set) return void found.set(path, [...(value as Set<unknown>)].join());
  if (value instanceof Map) {
    for (const [key, element] of value) walk(element, `${path}[${key}]`, memory, found, seen);
    return;
  }
  for (const [name, field] of Object.entries(value)) {
    if (derivedFields[`${kind}.${name}`] || derivedFields[`${kind}.*`]) continue;
    walk(field, `${path}.${name}`, memory, found, seen);
  }
}

/** Registers of a hart, which are in the machine’s WebAssembly memory. */
function hartState(
  state: {
    getX(i: number): bigint;
    getF(i: number): bigint;
    csr(number: number): bigint;
    reserved: boolean;
    pc: bigint;
  },
  path: string,
  found: Map<string, string>,
): void {
  found.set(`${path} pc`, String(state.pc));
  found.set(`${path} reserved`, String(state.reserved));
  for (let i = 0; i < 32; i++) {
    found.set(`${path} x${i}`, String(state.getX(i)));
    found.set(`${path} f${i}`, String(state.getF(i)));
  }
  for (let number = 0; number < 4096; number++) {
    const value = state.csr(number);
    if (value !== 0n) found.set(`${path} CSR 0x${number.toString(16)}`, String(value));
  }
}
