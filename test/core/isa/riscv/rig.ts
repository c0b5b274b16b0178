/** Harts with a little RAM and one device, for tests that look at the processor alone. */
import { VirtualClock } from '../../../../src/core/base/virtualClock.ts';
import type { AccessSize, MmioDevice } from '../../../../src/core/devices/device.ts';
import type {
  Translator,
  TranslatorOptions,
} from '../../../../src/core/engine/translator/translator.ts';
import type { ExternalInterrupts } from '../../../../src/core/isa/riscv/csr/externalInterrupts.ts';
import { csrNumber } from '../../../../src/core/isa/riscv/csr/names.ts';
import type { Hart } from '../../../../src/core/isa/riscv/hart.ts';
import { parseIsaString } from '../../../../src/core/isa/riscv/isaString.ts';
import { createRiscvParts } from '../../../../src/core/isa/riscv/riscvMachineParts.ts';
import { MmioMap } from '../../../../src/core/memory/mmioMap.ts';
import type { PhysicalMemory } from '../../../../src/core/memory/physicalMemory.ts';
import { assemble } from '../../../differential/assemble.ts';
import { draftedTranslation, eagerTranslation, testTranslation } from '../../../engine.ts';

export const ramBase = 0x8000_0000;
export const romBase = 0x1000;
export const deviceBase = 0x1000_0000;

export interface Rig {
  readonly hart: Hart;
  readonly harts: readonly Hart[];
  readonly memory: PhysicalMemory;
  readonly clock: VirtualClock;
  readonly translator: Translator | undefined;
  /** What the device is to do when it is written to. */
  onDeviceWrite: (offset: number, value: number) => void;
  csr(name: string): bigint;
  setCsr(name: string, value: bigint): void;
  x(name: string): bigint;
  /** Runs exactly so many instructions, which must all retire. */
  step(count: number): void;
}

export interface RigOptions {
  readonly harts?: number;
  readonly isa?: string;
  readonly ramBytes?: number;
  readonly trapInstruction?: 'transformed' | 'zero';
  /** By hart, what CSRs reach of the external interrupt controllers. */
  readonly external?: readonly ExternalInterrupts[];
  /** Hot code is translated. */
  readonly translate?: TranslatorOptions | undefined;
}

export { draftedTranslation, eagerTranslation };
let translateByDefault = testTranslation;

/** A suite that runs once with each engine: rigs made in its tests have it. */
export function describeEngines(title: string, body: () => void): void {
  for (const [name, translate] of [
    ['interpreter', undefined],
    ['translator', eagerTranslation],
    ['drafts', draftedTranslation],
  ] as const) {
    describe(`${title}, ${name}`, () => {
      before(() => {
        translateByDefault = translate;
      });
      after(() => {
        translateByDefault = testTranslation;
      });
      body();
    });
  }
}

/** A rig with `source` assembled at the beginning of RAM, and every hart about to execute it. */
export function rig(source = '', options: RigOptions = {}): Rig {
  const { harts: count = 1, isa = '', ramBytes = 4 << 20 } = options;
  const { xlen, extensions } = parseIsaString(isa);
  const clock = new VirtualClock();
  const mmio = new MmioMap();
  const device: MmioDevice = {
    name: 'device',
    read: (offset: number, size: AccessSize) => offset * 16 + size,
    write: (offset, _size, value) => made.onDeviceWrite(offset, value),
  };
  mmio.add(deviceBase, 4096, device);
  const { harts, memory, translator } = createRiscvParts({
    harts: count,
    ram: [
      { name: 'rom', base: romBase, size: 4096, writable: false },
      { name: 'ram', base: ramBase, size: ramBytes, writable: true },
    ],
    mmio,
    clock,
    xlen,
    extensions,
    trapInstruction: options.trapInstruction,
    translate: 'translate' in options ? options.translate : translateByDefault,
    ...(options.external ? { external: options.external } : {}),
  });
  const hart = harts[0]!;
  const made: Rig = {
    hart,
    harts,
    translator,
    memory,
    clock,
    onDeviceWrite: () => {},
    csr: (name) => hart.getCsr(csrNumber(name)),
    setCsr: (name, value) => hart.setCsr(csrNumber(name), value),
    x: (name) => hart.readRegister(name)!,
    step: (steps) => {
      const { retired } = hart.run(steps);
      if (retired !== steps) throw new Error(`${retired} of ${steps} instructions retired`);
    },
  };
  if (source !== '') memory.load(ramBase, assemble(source, ramBase, xlen));
  for (const each of harts) each.pc = BigInt(ramBase);
  return made;
}
