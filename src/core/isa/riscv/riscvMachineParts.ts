/** Builds what RISC-V harts share: engine memory, records, the interpreter, and the harts. */
import type { TimeCounter, VirtualClock } from '../../base/virtualClock.ts';
import { CodePages } from '../../engine/codePages.ts';
import type { EngineHost } from '../../engine/engineHost.ts';
import { EngineMemory } from '../../engine/engineMemory.ts';
import type { TranslatedIsa } from '../../engine/translator/discover.ts';
import { Translator, type TranslatorOptions } from '../../engine/translator/translator.ts';
import { Interpreter } from '../../engine/interpreter.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import type { MmioMap } from '../../memory/mmioMap.ts';
import { PhysicalMemory } from '../../memory/physicalMemory.ts';
import type { ExternalInterrupts } from './csr/externalInterrupts.ts';
import { Decoder } from './decode.ts';
import { engineTables } from './engineRows.ts';
import { Hart } from './hart.ts';
import type { TrapInstructionValue } from './trapInstruction.ts';
import { interpreterModule, loadEncodings } from './interpreterModule.ts';

export interface RamRequest {
  readonly name: string;
  /** Physical address and size, both multiples of 4 KiB. */
  readonly base: number;
  readonly size: number;
  readonly writable: boolean;
}

export interface RiscvOptions {
  readonly harts: number;
  readonly ram: readonly RamRequest[];
  readonly mmio: MmioMap;
  readonly clock: VirtualClock;
  /** What the `time` counter shows; the clock's ticks by default. */
  readonly time?: TimeCounter;
  /** Width of registers and addresses; 64 by default. */
  readonly xlen?: RegisterWidth;
  /** Lower-case names of the extensions that exist. */
  readonly extensions: ReadonlySet<string>;
  readonly trapInstruction?: TrapInstructionValue | undefined;
  /** Hot code is translated; without, all is interpreted. */
  readonly translate?: TranslatorOptions | undefined;
  /** By hart, what CSRs reach of the external interrupt controllers; nothing by default. */
  readonly external?: readonly ExternalInterrupts[];
  readonly host?: EngineHost | undefined;
}

export interface RiscvMachineParts {
  readonly harts: readonly Hart[];
  readonly memory: PhysicalMemory;
  readonly translator?: Translator | undefined;
}

/** Bytes for records: some two thousand pages of code. */
const arenaBytes = 64 << 20;

/** x1 and x5 (unprivileged manual, table of return-address prediction hints). */
const linkRegisters = new Set([1, 5]);
const translatedIsa = (xlen: RegisterWidth): TranslatedIsa => ({
  xlen,
  handlers: engineTables(xlen).handlers,
  linkRegisters,
});

/** Always there: what privileged software is made of. */
const privileged = new Set(['I', 'S']);

/** Bytes of RAM and ROM that a machine with so many harts can have. */
export const largestRam = (harts: number): number => EngineMemory.largestRam(harts, arenaBytes);

export function createRiscvParts(options: RiscvOptions): RiscvMachineParts {
  const { xlen = 64 } = options;
  const ramBytes = options.ram.reduce((sum, r) => sum + r.size, 0);
  const engine = new EngineMemory({
    ...{ harts: options.harts, arenaBytes, ramBytes },
    spare: options.host?.spareMemory,
  });
  const memory = new PhysicalMemory(engine.buffer, options.mmio, engine.written);
  for (const { name, base, size, writable } of options.ram) {
    memory.addRam({ name, base, size, writable, offset: engine.allocateRam(size) });
  }
  const enabled = (name: string): boolean =>
    privileged.has(name) || options.extensions.has(name.toLowerCase());
  loadEncodings(engine, xlen, enabled);
  const code = new CodePages(engine);
  memory.onWrite = (address, size) => code.invalidate(address, size);
  const harts: Hart[] = [];
  const translator =
    options.translate &&
    new Translator(
      engine,
      code,
      translatedIsa(xlen),
      {
        instructions: () => options.clock.instructions,
        byHost: () => harts.reduce((sum, { work }) => sum + work.hostInstructions, 0),
      },
      options.translate,
    );
  const module = interpreterModule(xlen, translator ? 'tiered' : 'plain', options.host?.compile);
  const interpreter = new Interpreter(module, engine, translator);
  let dropAsked = false;
  let watchesChanged = false;
  const parts = {
    engine,
    memory,
    code,
    interpreter,
    clock: options.clock,
    time: options.time ?? options.clock,
    xlen,
    decoder: new Decoder(enabled, xlen),
    extensions: options.extensions,
    trapInstruction: options.trapInstruction ?? 'transformed',
    external: options.external ?? [],
    codePageAdded: (offset: number) => {
      for (const hart of harts) hart.regimes.dropWritesTo(offset);
    },
    recordsExhausted: () => {
      dropAsked = true;
    },
    watchesChanged: () => {
      watchesChanged = true;
    },
    dropRecordsIfAsked: () => {
      if (!dropAsked && !watchesChanged) return;
      for (const hart of harts) hart.regimes.flushFetches();
      code.unwatch();
      if (dropAsked) code.clear();
      dropAsked = watchesChanged = false;
    },
  };
  for (let id = 0; id < options.harts; id++) harts.push(new Hart(id, parts));
  return { harts, memory, translator };
}
