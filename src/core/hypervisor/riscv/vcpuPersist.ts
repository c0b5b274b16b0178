/**
 * The saved state of a vCPU beside its registers, which are in the hart: whether it runs, what the
 * VMM was asked for, and what the hypervisor keeps for it.
 */
import {
  big,
  fields,
  flag,
  list,
  mustFit,
  oneOf,
  optional,
  text,
  whole,
  within,
} from '../../base/persist.ts';
import type { CsrExit, MmioExit } from '../exits.ts';
import type { MpState } from '../vcpu.ts';
import type { VcpuAia } from './aiaDevice.ts';
import type { VcpuImsicState } from './aiaImsic.ts';
import type { MachineIds } from './oneReg.ts';
import type { SbiExtensions } from './sbiExtensions.ts';
import type { PendingExit } from './vcpuContext.ts';
import { callExit } from './vcpuEcall.ts';
import type { FirmwareFeatures, FirmwareFeaturesState } from './vcpuFwft.ts';
import type { MemoryInstruction } from './vcpuInsn.ts';
import type { VcpuIsa } from './vcpuIsa.ts';
import type { VcpuPmu, VcpuPmuState } from './vcpuPmu.ts';
import type { SbiCall } from './vcpuSbiCall.ts';
import type { StealTime, StealTimeState } from './vcpuSteal.ts';
import type { VcpuSwitch, VcpuSwitchState } from './vcpuSwitch.ts';
import type { VcpuTimer, VcpuTimerState } from './vcpuTimer.ts';

/** Flags and the like that only the vCPU itself sees. */
export interface VcpuRunState {
  readonly vmidVersion: number;
  readonly ran: boolean;
  readonly halted: boolean;
  readonly suspended: boolean;
  readonly resume: { readonly address: bigint; readonly opaque: bigint } | undefined;
  readonly fresh: boolean;
}

/** A pending exit without the functions that describe it. */
type PendingState =
  | {
      readonly kind: 'mmio';
      readonly pc: bigint;
      readonly instruction: MemoryInstruction;
      readonly exit: MmioExit;
    }
  | { readonly kind: 'csr'; readonly pc: bigint; readonly rd: number; readonly exit: CsrExit }
  | {
      readonly kind: 'call' | 'stoppedCall';
      readonly pc: bigint;
      readonly call: SbiCall;
      readonly answer: CallAnswerState;
    };

interface CallAnswerState {
  readonly ret: readonly [bigint, bigint];
  readonly registers: readonly { readonly name: string; readonly value: bigint }[] | undefined;
  readonly answered: boolean;
  readonly stop: boolean;
  readonly shown: boolean;
}

export interface VcpuSaved {
  readonly mpState: MpState;
  readonly immediateExit: boolean;
  readonly pending: PendingState | undefined;
  readonly run: VcpuRunState;
  readonly ids: MachineIds;
  readonly timer: VcpuTimerState;
  readonly pmu: VcpuPmuState;
  readonly steal: StealTimeState;
  readonly features: FirmwareFeaturesState;
  readonly isa: readonly string[];
  readonly sbi: readonly number[];
  readonly aia: {
    readonly imsicAddress: bigint;
    readonly hartIndex: number;
    readonly imsic: VcpuImsicState | undefined;
  };
  readonly world: VcpuSwitchState;
}

export interface SavedVcpu {
  readonly id: number;
  mpState: MpState;
  immediateExit: boolean;
  pending: PendingExit | undefined;
  readonly ids: MachineIds;
  readonly timer: VcpuTimer;
  readonly pmu: VcpuPmu;
  readonly steal: StealTime;
  readonly features: FirmwareFeatures;
  readonly isa: VcpuIsa;
  readonly sbi: SbiExtensions;
  readonly aia: VcpuAia;
}

export function saveVcpu(vcpu: SavedVcpu, world: VcpuSwitch, run: VcpuRunState): VcpuSaved {
  const { imsicAddress, hartIndex, imsic } = vcpu.aia;
  return {
    mpState: vcpu.mpState,
    immediateExit: vcpu.immediateExit,
    pending: vcpu.pending && savePending(vcpu.pending),
    run,
    ids: { ...vcpu.ids },
    timer: vcpu.timer.save(),
    pmu: vcpu.pmu.save(),
    steal: vcpu.steal.save(),
    features: vcpu.features.save(),
    isa: vcpu.isa.save(),
    sbi: vcpu.sbi.save(),
    aia: { imsicAddress, hartIndex, imsic: imsic?.save() },
    world: world.save(),
  };
}

const exitShape = { pc: big, kind: text };
const pendingShapes = {
  mmio: fields({
    ...exitShape,
    instruction: fields({
      ...{ write: flag, signed: flag, size: oneOf(1, 2, 4, 8), length: oneOf(2, 4) },
      register: within(0, 31),
    }),
    exit: fields({ address: whole, size: oneOf(1, 2, 4, 8), write: flag, data: big }),
  }),
  csr: fields({
    ...{ ...exitShape, rd: within(0, 31) },
    exit: fields({ register: whole, newValue: big, writeMask: big, ret: big }),
  }),
  call: fields({
    ...exitShape,
    call: fields({ extension: whole, function: whole, args: list(big, 6) }),
    answer: fields({
      ...{ ret: list(big, 2), answered: flag, stop: flag, shown: flag },
      registers: optional(list(fields({ name: text, value: big }))),
    }),
  }),
} as const;

const shape = fields({
  ...{ mpState: oneOf('runnable', 'stopped'), immediateExit: flag },
  pending: optional(fields({ kind: oneOf('mmio', 'csr', 'call', 'stoppedCall') })),
  run: fields({
    ...{ vmidVersion: whole, ran: flag, halted: flag, suspended: flag, fresh: flag },
    resume: optional(fields({ address: big, opaque: big })),
  }),
  ids: fields({ mvendorid: big, marchid: big, mimpid: big }),
});

/** All but what `run` says, which is the caller's. */
export function restoreVcpu(vcpu: SavedVcpu, world: VcpuSwitch, saved: VcpuSaved): void {
  const name = `vCPU ${vcpu.id}`;
  const { imsicAddress, hartIndex, imsic } = vcpu.aia;
  mustFit(name, saved, shape);
  const alike = { imsicAddress: oneOf(imsicAddress), hartIndex: oneOf(hartIndex) };
  mustFit(name, saved, fields({ aia: fields(alike) }));
  mustFit(name, saved.aia.imsic !== undefined, oneOf(imsic !== undefined));
  const { pending } = saved;
  if (pending) {
    const kind = pending.kind === 'stoppedCall' ? 'call' : pending.kind;
    mustFit(`what ${name} waits for`, pending, pendingShapes[kind]);
  }
  world.restore(saved.world);
  vcpu.timer.restore(saved.timer);
  vcpu.pmu.restore(saved.pmu);
  vcpu.steal.restore(saved.steal);
  vcpu.features.restore(saved.features);
  vcpu.isa.restore(saved.isa);
  vcpu.sbi.restore(saved.sbi);
  if (saved.aia.imsic) imsic?.restore(saved.aia.imsic);
  const { mvendorid, marchid, mimpid } = saved.ids;
  Object.assign(vcpu.ids, { mvendorid, marchid, mimpid });
  vcpu.mpState = saved.mpState;
  vcpu.immediateExit = saved.immediateExit;
  vcpu.pending = pending && restorePending(pending);
}

function savePending(pending: PendingExit): PendingState {
  switch (pending.kind) {
    case 'mmio':
    case 'csr':
      return { ...pending, exit: { ...pending.exit } } as PendingState;
    case 'call':
    case 'stoppedCall': {
      const { kind, pc, call, exit } = pending;
      const { ret, answered, stop, shown } = exit;
      const registers =
        exit.registers && [...exit.registers].map(([name, value]) => ({ name, value }));
      const { extension, function: fn, args } = call;
      return {
        ...{ kind, pc, call: { extension, function: fn, args: [...args] } },
        answer: { ret: [...ret], registers, answered, stop, shown },
      };
    }
  }
}

function restorePending(pending: PendingState): PendingExit {
  switch (pending.kind) {
    case 'mmio':
      return { ...pending, exit: { ...pending.exit } };
    case 'csr':
      return { ...pending, exit: { ...pending.exit } };
    case 'call':
    case 'stoppedCall': {
      const { kind, pc, call, answer } = pending;
      const { ret, registers, answered, stop, shown } = answer;
      const exit = callExit(call, { stop, shown });
      exit.ret = [...ret];
      exit.answered = answered;
      if (registers) exit.registers = new Map(registers.map(({ name, value }) => [name, value]));
      return { kind, pc, call, exit };
    }
  }
}
