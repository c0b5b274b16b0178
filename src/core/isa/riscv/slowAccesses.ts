/**
 * Accesses that generated code leaves to TypeScript, as it calls them: arguments are in the hart's
 * area, and what comes back is the remaining budget or a `leave` code.
 */
import { leave } from '../../engine/layout.ts';
import { accessBytes, accessWidths } from '../../engine/semantics.ts';
import type { Words } from '../../devices/device.ts';
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import { AccessArgument } from './accessArgument.ts';
import type { HartState } from './hartState.ts';
import type { HartWork } from './hartWork.ts';
import type { MemoryPath } from './memoryPath.ts';
import { mayBeMisaligned } from './misalignedAtomics.ts';
import type { Regimes } from './regimes.ts';
import type { TrapInfo } from './riscvHart.ts';
import type { Slice } from './slice.ts';
import { cause } from './trapCause.ts';

/** Set in the width argument of a load that must be aligned. */
const alignedFlag = 16;

export interface SlowAccessParts {
  readonly state: HartState;
  readonly path: MemoryPath;
  readonly regimes: Regimes;
  readonly slice: Slice;
  readonly work: HartWork;
  readonly memory: PhysicalMemory;
  /** Lower-case names of the extensions that exist. */
  readonly extensions: ReadonlySet<string>;
  readonly raise: (info: TrapInfo) => number;
  readonly instructionWord: () => number;
  /** An access of the interpreter reached a device. */
  readonly deviceAnswered: () => void;
}

export class SlowAccesses {
  private readonly parts: SlowAccessParts;
  private readonly argument: AccessArgument;
  private readonly path: MemoryPath;
  private readonly slice: Slice;
  private readonly memory: PhysicalMemory;
  private readonly stored: Words = { low: 0, high: 0 };

  constructor(parts: SlowAccessParts) {
    this.parts = parts;
    this.path = parts.path;
    this.slice = parts.slice;
    this.memory = parts.memory;
    this.argument = new AccessArgument(parts.state);
  }

  load(widthAndFlags: number, budget: number): number {
    const { path, slice, argument, parts } = this;
    parts.work.slowLoads++;
    const width = accessWidths[widthAndFlags & (alignedFlag - 1)]!;
    const size = accessBytes[width];
    const { low, high } = argument;
    const mustAlign = (widthAndFlags & alignedFlag) !== 0;
    const isMisaligned = mustAlign && (low & (size - 1)) !== 0;
    const quick = isMisaligned ? -1 : path.quick('read', low, high, size);
    if (quick >= 0) {
      argument.takeFrom(quick, width);
      return slice.remaining(budget);
    }
    slice.sync(budget);
    if (isMisaligned) return this.misaligned('load', size);
    const { accesses } = this.memory.mmio;
    if (!path.load(low, high, size, parts.regimes.dataMode)) return parts.raise(path.takeFault());
    argument.answer(path.loaded, width);
    if (accesses !== this.memory.mmio.accesses) parts.deviceAnswered();
    return slice.remaining(budget);
  }

  store(widthNumber: number, budget: number): number {
    const { path, slice, argument, parts } = this;
    parts.work.slowStores++;
    const { low, high } = argument;
    const width = accessWidths[widthNumber]!;
    const size = accessBytes[width];
    const quick = path.quick('write', low, high, size);
    if (quick >= 0) {
      argument.putTo(quick, width);
      return slice.remaining(budget);
    }
    slice.sync(budget);
    argument.readValue(this.stored);
    const { accesses } = this.memory.mmio;
    if (!path.store(low, high, size, this.stored, parts.regimes.dataMode)) {
      return parts.raise(path.takeFault());
    }
    if (accesses !== this.memory.mmio.accesses) parts.deviceAnswered();
    return slice.remaining(budget);
  }

  atomic(width: number, budget: number): number {
    const { path, slice, argument, parts } = this;
    parts.work.slowAtomics++;
    const { low, high } = argument;
    const size = accessBytes[accessWidths[width]!];
    const isMisaligned = (low & (size - 1)) !== 0;
    const quick = isMisaligned ? -1 : path.quick('write', low, high, size);
    if (quick >= 0) {
      argument.offset = quick;
      return slice.remaining(budget);
    }
    slice.sync(budget);
    if (isMisaligned && !mayBeMisaligned(parts.extensions, low, size, parts.instructionWord()))
      return this.misaligned('atomic', size);
    const offset = path.atomic(low, high, size, parts.regimes.dataMode);
    if (offset < 0) return parts.raise(path.takeFault());
    argument.offset = offset;
    return slice.remaining(budget);
  }

  /** Nothing but a device is accessed, and no table of pages changes: regions are not left for it. */
  deviceLoad(widthNumber: number, budget: number): number {
    const { path, slice, argument, parts } = this;
    const width = accessWidths[widthNumber]!;
    const size = accessBytes[width];
    const device = path.device('load', argument.low, argument.high, size);
    if (device < 0) return leave.declined;
    parts.work.slowLoads++;
    slice.sync(budget);
    this.memory.mmio.readWords(device, size, path.loaded);
    argument.answer(path.loaded, width);
    return slice.remaining(budget);
  }

  deviceStore(widthNumber: number, budget: number): number {
    const { path, slice, argument, parts } = this;
    const size = accessBytes[accessWidths[widthNumber]!];
    const device = path.device('store', argument.low, argument.high, size);
    if (device < 0) return leave.declined;
    parts.work.slowStores++;
    slice.sync(budget);
    argument.readValue(this.stored);
    this.memory.mmio.writeWords(device, size, this.stored.low, this.stored.high);
    return slice.remaining(budget);
  }

  private misaligned(access: 'load' | 'atomic', size: number): number {
    const { low, high } = this.argument;
    const { path, parts } = this;
    if (path.triggered(access, low, high, size)) return parts.raise(path.takeFault());
    const code = access === 'load' ? cause.loadMisaligned : cause.storeMisaligned;
    return parts.raise(path.trapAt(code, low, high, parts.regimes.dataMode));
  }
}
